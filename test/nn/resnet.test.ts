import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  crossEntropy,
  grad,
  hvp,
  namedArrays,
  Random,
  type ResNetParams,
  type ResNetState,
  ravel,
  resNet,
  ShapeError,
  tensor,
  type Value,
  valueAndGrad,
} from '../../src/index.js';
import { readFixture, type StoredArray, storedTree } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

interface StoredConvNorm {
  readonly conv: { readonly filter: StoredArray };
  readonly norm: { readonly scale: StoredArray; readonly shift: StoredArray };
}
interface StoredNorm {
  readonly mean: StoredArray;
  readonly variance: StoredArray;
}
interface Nested<T> {
  readonly stem: T;
  readonly blocks: readonly { readonly first: T; readonly second: T; readonly shortcut?: T }[];
}
type StoredParams = Nested<StoredConvNorm> & { readonly head: { weight: StoredArray; bias: StoredArray } };

interface ResNetFixture {
  readonly x: StoredArray;
  readonly y: readonly number[];
  readonly params: StoredParams;
  readonly state: Nested<StoredNorm>;
  readonly logits: StoredArray;
  readonly evalLogits: StoredArray;
  readonly newState: Nested<StoredNorm>;
  readonly loss: number;
  readonly gradient: StoredParams;
  readonly direction: StoredParams;
  readonly hessianProduct: StoredParams;
}

const fixture = readFixture<ResNetFixture>('resnet');
const model = resNet({ depth: 8, classes: 3, imageShape: [8, 8, 2], channels: [3, 4, 5] });
const TOLERANCE = { relative: 1e-9, absolute: 1e-11 };

/** Every leaf has the same name, shape and, to 1e-9, the same numbers. */
function expectSameTree(actual: unknown, expected: unknown): void {
  const got = namedArrays(actual);
  const wanted = namedArrays(expected);
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [name, { shape, data }] of Object.entries(wanted)) {
    expect(got[name].shape, name).toEqual(shape);
    expectClose(got[name].data, data, TOLERANCE);
  }
}

const numbers = (tree: unknown): number =>
  Object.values(namedArrays(tree)).reduce((total, { data }) => total + data.length, 0);

describe('the whole network against PyTorch in f64', () => {
  const { y: _, loss: __, ...arrays } = fixture;
  const { x, logits, evalLogits, newState, gradient, direction, hessianProduct, ...rest } = storedTree(arrays);
  const params = rest.params as ResNetParams;
  const state = rest.state as ResNetState;
  const y = tensor(fixture.y, { dtype: 'i32' });
  const loss = (p: ResNetParams): Value => crossEntropy(model.apply(p, state, x, { train: true }).logits, y);

  test('the fixture is of this model', () => {
    const fresh = model.init(new Random(0), 'f64');
    const shapes = (tree: unknown) => Object.entries(namedArrays(tree)).map(([name, { shape }]) => [name, shape]);
    expect(shapes(params)).toEqual(shapes(fresh.params));
    expect(shapes(state)).toEqual(shapes(fresh.state));
  });

  test('logits and new running statistics in training', () => {
    const result = model.apply(params, state, x, { train: true });
    expectSameTree(result.logits, logits);
    expectSameTree(result.state, newState);
  });

  test('logits in evaluation, which leaves the statistics alone', () => {
    const result = model.apply(params, state, x, { train: false });
    expectSameTree(result.logits, evalLogits);
    expectSameTree(result.state, state);
  });

  test('the loss and the gradient of every parameter', () => {
    const result = valueAndGrad(loss)(params);
    expect(Math.abs(result.value.item() - fixture.loss)).toBeLessThan(1e-12);
    expectSameTree(result.grad, gradient);
  });

  test('a Hessian product', () => {
    expectSameTree(hvp(loss, params, direction as ResNetParams), hessianProduct);
  });

  test('second derivatives are symmetric', () => {
    const { vector, unravel } = ravel(params);
    const random = new Random(5);
    const direct = (): Value => tensor(Float64Array.from({ length: vector.size }, () => random.normal()));
    const product = (v: Value): Float64Array => {
      return ravel(hvp(loss, params, unravel(v) as ResNetParams)).vector.data() as Float64Array;
    };
    const inner = (a: Value, b: Float64Array): number => b.reduce((sum, value, i) => sum + value * a.data()[i], 0);
    const [u, v] = [direct(), direct()];
    const left = inner(u, product(v));
    expect(Math.abs(left - inner(v, product(u)))).toBeLessThan(1e-11 * Math.abs(left));
  });
});

describe('resNet', () => {
  test('has 466,906 parameters at depth 32 for 32×32×3 images and ten classes', () => {
    const { params } = resNet({ depth: 32, classes: 10, imageShape: [32, 32, 3] }).init(new Random(0));
    expect(numbers(params)).toBe(466_906);
  });

  test.each([8, 20, 44, 56, 110])('depth %i has the parameters that its layers add up to', (depth) => {
    // A convolution and its norm: k²·inputs·filters, and two numbers per filter.
    const layer = (kernel: number, inputs: number, filters: number): number =>
      kernel * kernel * inputs * filters + 2 * filters;
    const blocks = (depth - 2) / 6;
    const stage = (inputs: number, filters: number): number =>
      layer(3, inputs, filters) +
      (2 * blocks - 1) * layer(3, filters, filters) +
      (inputs === filters ? 0 : layer(1, inputs, filters));
    const expected = layer(3, 3, 16) + stage(16, 16) + stage(16, 32) + stage(32, 64) + 64 * 100 + 100;
    const { params, state } = resNet({ depth, classes: 100, imageShape: [32, 32, 3] }).init(new Random(0));
    expect(numbers(params)).toBe(expected);
    // The mean and variance of every norm: as many numbers as its scale and shift.
    const norms = Object.keys(namedArrays(params)).filter((name) => name.includes('.norm.')).length;
    expect(Object.keys(namedArrays(state))).toHaveLength(norms);
    expect(norms).toBe(2 * (1 + 6 * blocks + 2));
  });

  test('starts from the random stream alone, in the dtype asked for', () => {
    const arrays = (seed: number) => namedArrays(model.init(new Random(seed)));
    expect(arrays(3)).toEqual(arrays(3));
    expect(arrays(4)).not.toEqual(arrays(3));
    const { params, state } = model.init(new Random(3), 'f64');
    expect(new Set(Object.values(namedArrays({ params, state })).map(({ dtype }) => dtype))).toEqual(new Set(['f64']));
  });

  test('filters start He-normal: variance 2 / fan-in', () => {
    const { params } = resNet({ depth: 8, classes: 10, imageShape: [32, 32, 3] }).init(new Random(1));
    const filter = Array.from(params.blocks[2].second.conv.filter.data());
    const variance = filter.reduce((sum, value) => sum + value * value, 0) / filter.length;
    expect(variance / (2 / (9 * 64))).toBeCloseTo(1, 1);
  });

  test('odd extents are halved upwards', () => {
    const odd = resNet({ depth: 8, classes: 2, imageShape: [7, 5, 1], channels: [2, 2, 3] });
    const { params, state } = odd.init(new Random(0));
    const x = tensor(new Float32Array(3 * 35).fill(1), { shape: [3, 7, 5, 1] });
    expect(odd.apply(params, state, x, { train: true }).logits.shape).toEqual([3, 2]);
  });

  test('every parameter has a gradient of its own shape, none of them zero', () => {
    const { params, state } = model.init(new Random(1));
    const random = new Random(2);
    const x = tensor(
      Array.from({ length: 4 * 128 }, () => random.normal()),
      { shape: [4, 8, 8, 2] },
    );
    const y = tensor([0, 1, 2, 0], { dtype: 'i32' });
    const gradient = namedArrays(
      grad((p: ResNetParams) => crossEntropy(model.apply(p, state, x, { train: true }).logits, y))(params),
    );
    for (const [name, { shape }] of Object.entries(namedArrays(params))) {
      expect(gradient[name].shape).toEqual(shape);
      expect(gradient[name].data.some((value) => value !== 0)).toBe(true);
    }
  });

  test.each([0, 2, 7, 18, 33, 32.5, Number.NaN])('refuses depth %d', (depth) => {
    const make = () => resNet({ depth, classes: 10, imageShape: [32, 32, 3] });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(`resNet: depth must be 6n + 2 (8, 14, 20, 32, 44, 56, 110, …), got ${depth}`);
  });

  test('refuses classes, filters and images that cannot be', () => {
    const imageShape = [32, 32, 3] as const;
    expect(() => resNet({ depth: 8, classes: 0, imageShape })).toThrow(ConfigError);
    expect(() => resNet({ depth: 8, classes: 2, imageShape, channels: [16, 0, 64] })).toThrow(ConfigError);
    expect(() => resNet({ depth: 8, classes: 2, imageShape: [32, 0, 3] })).toThrow(ShapeError);
  });

  test('images of other channels than the model has are a ShapeError', () => {
    const { params, state } = model.init(new Random(0));
    const x = tensor(new Float32Array(64 * 3), { shape: [1, 8, 8, 3] });
    expect(() => model.apply(params, state, x, { train: false })).toThrow(ShapeError);
  });
});
