import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  AutobalanceError,
  bottleneckResNet,
  ConfigError,
  DataError,
  decodeSafetensors,
  encodeSafetensors,
  exportPyTorch,
  importPyTorch,
  type Model,
  mlp,
  NumericError,
  namedArrays,
  Random,
  resNet,
  type StoredTensor,
  smallCnn,
  tensor,
  type Value,
} from '../../src/index.js';
import { readFixture, type StoredArray, stored } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

/** A state dictionary as PyTorch saved it: f64, and whole numbers for the batches that each normalisation has seen. */
const stateDictionary = (name: string): Record<string, StoredTensor> =>
  decodeSafetensors(readFileSync(new URL(`../fixtures/${name}.safetensors`, import.meta.url)), name).tensors;

interface ImageAnswers {
  readonly x: StoredArray;
  readonly evaluated: StoredArray;
  readonly trained: StoredArray;
  readonly after: readonly { readonly mean: StoredArray; readonly variance: StoredArray }[];
}
interface TableAnswers {
  readonly numeric: StoredArray;
  readonly categorical: StoredArray;
  readonly logits: StoredArray;
}
type ImageName = 'resnet-20' | 'bottleneck' | 'small-cnn-state';
const answers = readFixture<Record<ImageName, ImageAnswers> & { readonly mlp: TableAnswers }>('state-dictionaries');

const images: Readonly<Record<ImageName, Model<unknown, unknown>>> = {
  'resnet-20': resNet({ depth: 20, classes: 3, imageShape: [9, 8, 2], channels: [2, 3, 4] }),
  bottleneck: bottleneckResNet({ classes: 4, imageShape: [18, 17, 3], blocks: [1, 2], channels: [2, 3] }),
  'small-cnn-state': smallCnn({ classes: 3, imageShape: [8, 8, 2], channels: [3, 4] }),
};
const table = mlp({ classes: 3, numeric: 3, categories: [4, 2, 5], embedding: [2, 1, 3], hidden: [6, 4] });

const TOLERANCE = {
  f64: { relative: 1e-10, absolute: 1e-10 },
  f32: { relative: 1e-5, absolute: 1e-5 },
} as const;

describe.each(['f64', 'f32'] as const)('weights of PyTorch give its answers in %s', (dtype) => {
  test.each(Object.keys(images) as ImageName[])('%s', (name) => {
    const model = images[name];
    const { x, evaluated, trained, after } = answers[name];
    const { params, state } = importPyTorch(model, stateDictionary(name), { source: name, dtype });
    const of = (train: boolean) => model.apply(params, state, stored(x, dtype), { train });
    expectClose(of(false).logits.data(), evaluated.values, TOLERANCE[dtype]);
    const training = of(true);
    expectClose(training.logits.data(), trained.values, TOLERANCE[dtype]);
    const means = Object.entries(namedArrays(training.state)).filter(([path]) => path.endsWith('mean'));
    expect(means.length).toBeGreaterThan(1);
    for (const norm of after) {
      // Of the first normalisation and the last: found by the numbers, for where they stand is what the logits above have shown.
      const [path] = means.find(([, { shape, data }]) => {
        return shape[0] === norm.mean.shape[0] && Math.abs(data[0]! - norm.mean.values[0]!) < TOLERANCE[dtype].relative;
      })!;
      const variance = namedArrays(training.state)[path.replace(/mean$/, 'variance')]!;
      expectClose(variance.data, norm.variance.values, TOLERANCE[dtype]);
    }
  });

  test('mlp', () => {
    const { numeric, categorical, logits } = answers.mlp;
    const { params, state } = importPyTorch(table, stateDictionary('mlp'), { source: 'mlp', dtype });
    const x = { numeric: stored(numeric, dtype), categorical: stored(categorical, 'i32') };
    expectClose(table.apply(params, state, x, { train: false }).logits.data(), logits.values, TOLERANCE[dtype]);
  });
});

describe('weights for PyTorch', () => {
  test.each(Object.keys(images) as ImageName[])('%s gives back what came in', (name) => {
    const given = stateDictionary(name);
    const trained = importPyTorch(images[name], given, { source: name, dtype: 'f64' });
    const back = exportPyTorch(images[name], trained);
    const floats = Object.entries(given).filter(([key]) => !key.endsWith('num_batches_tracked'));
    expect(Object.keys(back).sort()).toEqual(floats.map(([key]) => key).sort());
    for (const [key, { shape, data }] of floats) {
      expect(back[key]!.shape, key).toEqual(shape);
      expect(back[key]!.data, key).toEqual(data);
    }
    // And a file can hold it.
    const file = encodeSafetensors(back as Record<string, StoredTensor>);
    expect({ ...decodeSafetensors(file, 'again').tensors }).toEqual(back);
  });

  test('running statistics are part of it, under the names of PyTorch', () => {
    const model = images.bottleneck;
    const { params, state } = model.init(new Random(1));
    const out = exportPyTorch(model, { params, state });
    expect(out['layer2.0.downsample.1.running_var']!.data).toEqual(new Float32Array(12).fill(1));
    expect(out['layer1.0.conv2.weight']!.shape).toEqual([2, 2, 3, 3]);
    expect(out['conv1.weight']!.shape).toEqual([2, 3, 7, 7]);
    expect(out['fc.weight']!.shape).toEqual([4, 12]);
  });
});

describe('importPyTorch', () => {
  const model = images['resnet-20'];
  const good = stateDictionary('resnet-20');
  const failure = (arrays: Record<string, StoredTensor>, options = {}): AutobalanceError => {
    try {
      importPyTorch(model, arrays, { source: 'weights.safetensors', ...options });
    } catch (error) {
      if (error instanceof AutobalanceError) return error;
      throw error;
    }
    throw new Error('the weights were accepted');
  };

  test('lists all that is missing, unexpected and of another shape at once', () => {
    const { 'layer1.0.conv1.weight': _, 'linear.bias': __, ...rest } = good;
    const odd: StoredTensor = { shape: [1], dtype: 'f32', data: Float32Array.of(1) };
    const error = failure({ ...rest, 'fc.weight': odd, 'bn1.weight': odd });
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(
      'weights.safetensors: does not hold the weights of resnet-20; 2 missing: layer1.0.conv1.weight, linear.bias; 1 unexpected: fc.weight; ' +
        '1 of another shape or dtype: bn1.weight is f32[1] instead of [2]; choose the model that they were trained in, set the prefix of its ' +
        'names, or except the arrays that are to start anew',
    );
  });

  test('counts what it does not list', () => {
    expect(failure({}).message).toContain('107 missing: layer1.0.conv1.weight, layer1.0.bn1.weight, ');
    expect(failure({}).message).toContain(' and 95 more;');
  });

  test('whole numbers are no weights', () => {
    const counts: StoredTensor = { shape: [2], dtype: 'i32', data: Int32Array.of(1, 2) };
    expect(failure({ ...good, 'bn1.bias': counts }).message).toContain('bn1.bias is i32[2] instead of [2]');
  });

  test('NaN and infinity are refused, with their place', () => {
    const broken = good['bn1.running_var']!;
    const data = Float64Array.of(1, Number.NaN);
    const error = failure({ ...good, 'bn1.running_var': { ...broken, data } as StoredTensor });
    expect(error).toBeInstanceOf(NumericError);
    expect(error.message).toContain('weights.safetensors: bn1.running_var holds NaN at element 1');
  });

  test('a prefix is set aside', () => {
    const prefixed = Object.fromEntries(Object.entries(good).map(([name, array]) => [`module.${name}`, array]));
    const plain = namedArrays(importPyTorch(model, good, { source: 's' }));
    expect(namedArrays(importPyTorch(model, prefixed, { source: 's', prefix: 'module.' }))).toEqual(plain);
    const message = failure(prefixed).message;
    expect(message).toContain('107 missing');
    expect(message).toContain('107 unexpected: module.conv1.weight');
    expect(failure(good, { prefix: 'module.' }).message).toContain('107 missing: module.layer1.0.conv1.weight');
  });

  test('a head of other classes can start anew', () => {
    const other = resNet({ depth: 20, classes: 7, imageShape: [9, 8, 2], channels: [2, 3, 4] });
    const from = other.init(new Random(3));
    const names = ['linear.weight', 'linear.bias'];
    const { params, state } = importPyTorch(other, good, { source: 's', except: { names, from } });
    expect(params.head.weight.data()).toEqual(from.params.head.weight.data());
    const own = namedArrays({ params: { ...params, head: {} }, state });
    const all = importPyTorch(model as typeof other, good, { source: 's' });
    expect(own).toEqual(namedArrays({ params: { ...all.params, head: {} }, state: all.state }));
    const except = { names: ['fc.weight'], from };
    expect(() => importPyTorch(other, good, { source: 's', except })).toThrow(ConfigError);
  });

  test('a model without names of PyTorch says so', () => {
    const { pyTorchNames: _, ...nameless } = model;
    expect(() => importPyTorch(nameless, good, { source: 's' })).toThrow(/resnet-20: says nothing .* in PyTorch/);
    expect(() => exportPyTorch(nameless, model.init(new Random(0)))).toThrow(ConfigError);
    expect(() => exportPyTorch({ ...model, pyTorchNames: {} }, model.init(new Random(0)))).toThrow(
      /no entry for params.blocks.0.first.conv.filter/,
    );
  });

  test('every model names every one of its arrays, each once', () => {
    for (const any of [...Object.values(images), table, bottleneckResNet({ classes: 2, imageShape: [32, 32, 3] })]) {
      const zero = { normal: () => 0, uniform: () => 0 };
      const paths = Object.keys(namedArrays(any.init(zero)));
      expect(Object.keys(any.pyTorchNames!).sort()).toEqual(paths.sort());
      const names = Object.values(any.pyTorchNames!).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  test('the result is like a fresh model: same places, same shapes, f32', () => {
    const shapes = (tree: unknown) =>
      Object.entries(namedArrays(tree)).map(([path, { shape, dtype }]) => [path, shape, dtype]);
    expect(shapes(importPyTorch(model, good, { source: 's' }))).toEqual(shapes(model.init(new Random(0))));
  });
});

test('a filter and a dense weight land where the layouts say', () => {
  const values = (shape: readonly number[]): StoredTensor => {
    const size = shape.reduce((a, b) => a * b, 1);
    return { shape, dtype: 'f32', data: Float32Array.from({ length: size }, (_, i) => i) };
  };
  const one = smallCnn({ classes: 2, imageShape: [4, 6, 3], channels: [5] });
  const arrays = {
    'blocks.0.conv.weight': values([5, 3, 3, 3]),
    'blocks.0.norm.weight': values([5]),
    'blocks.0.norm.bias': values([5]),
    'blocks.0.norm.running_mean': values([5]),
    'blocks.0.norm.running_var': values([5]),
    'head.weight': values([2, 5 * 2 * 3]),
    'head.bias': values([2]),
  };
  const { params } = importPyTorch(one, arrays, { source: 's' });
  const at = (x: Value, ...index: readonly number[]): number =>
    x.data()[index.reduce((offset, i, axis) => offset * x.shape[axis]! + i, 0)]!;
  const filter = params.blocks[0]!.conv.filter;
  // Height 1, width 2, input 0, output 4 is [4, 0, 1, 2] there.
  expect(at(filter, 1, 2, 0, 4)).toBe(4 * 27 + 0 * 9 + 1 * 3 + 2);
  // The pixel at row 1, column 2 of channel 3 is input 3·6 + 1·3 + 2 there; its weight for class 1 stands in row 1.
  const pixel = (1 * 3 + 2) * 5 + 3;
  expect(at(params.head.weight, pixel, 1)).toBe(30 + 3 * 6 + 1 * 3 + 2);
  expect(tensor([0, 1]).data()).toEqual(params.head.bias.data());
});
