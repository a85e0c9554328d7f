import { describe, expect, test } from 'vitest';
import {
  type BottleneckResNetParams,
  bottleneckResNet,
  ConfigError,
  crossEntropy,
  grad,
  namedArrays,
  parameterCount,
  Random,
  ShapeError,
  tensor,
} from '../../src/index.js';

const small = bottleneckResNet({ classes: 3, imageShape: [20, 17, 2], blocks: [1, 2], channels: [2, 3] });

describe('bottleneckResNet', () => {
  test.each([
    // Of torchvision's resnet50, resnet101 and resnet152.
    [50, [3, 4, 6, 3], 25_557_032],
    [101, [3, 4, 23, 3], 44_549_160],
  ])('has the parameters of ResNet-%i for 1000 classes', (depth, blocks, parameters) => {
    const model = bottleneckResNet({ classes: 1000, imageShape: [224, 224, 3], blocks });
    expect(model.name).toBe(`resnet-${depth}`);
    expect(parameterCount(model)).toBe(parameters);
  });

  test('the stem and all stages but the first halve the image, upwards', () => {
    const { params, state } = small.init(new Random(0));
    const x = (size: readonly [number, number]) =>
      tensor(new Float32Array(2 * size[0] * size[1] * 2).fill(1), { shape: [2, ...size, 2] });
    for (const size of [
      [20, 17],
      [1, 1],
      [3, 64],
    ] as const) {
      expect(small.apply(params, state, x(size), { train: true }).logits.shape).toEqual([2, 3]);
    }
  });

  test('every parameter has a gradient of its own shape, none of them zero', () => {
    const { params, state } = small.init(new Random(1), 'f64');
    const random = new Random(2);
    const x = tensor(
      Float64Array.from({ length: 3 * 20 * 17 * 2 }, () => random.normal()),
      { shape: [3, 20, 17, 2] },
    );
    const y = tensor([0, 1, 2], { dtype: 'i32' });
    const gradient = namedArrays(
      grad((p: BottleneckResNetParams) => crossEntropy(small.apply(p, state, x, { train: true }).logits, y))(params),
    );
    for (const [name, { shape }] of Object.entries(namedArrays(params))) {
      expect(gradient[name]!.shape).toEqual(shape);
      expect(
        gradient[name]!.data.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
  });

  test('refuses stages that do not go together, and images that cannot be', () => {
    const imageShape = [32, 32, 3] as const;
    expect(() => bottleneckResNet({ classes: 2, imageShape, blocks: [1, 2, 3] })).toThrow(
      'bottleneckResNet: blocks and channels take whole numbers from 1, one per stage, got [1,2,3] and [64,128,256,512]',
    );
    expect(() => bottleneckResNet({ classes: 2, imageShape, blocks: [], channels: [] })).toThrow(ConfigError);
    expect(() => bottleneckResNet({ classes: 2, imageShape, channels: [1, 2, 0, 4] })).toThrow(ConfigError);
    expect(() => bottleneckResNet({ classes: 0, imageShape })).toThrow(ConfigError);
    expect(() => bottleneckResNet({ classes: 2, imageShape: [32, 32.5, 3] })).toThrow(ShapeError);
  });
});
