import { describe, expect, test } from 'vitest';
import {
  crossEntropy,
  grad,
  hvp,
  namedArrays,
  Random,
  type SmallCnnParams,
  type SmallCnnState,
  smallCnn,
  tensor,
  type Value,
  valueAndGrad,
} from '../../src/index.js';
import { readFixture, type StoredArray, storedTree } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

interface StoredParams {
  readonly blocks: readonly {
    readonly conv: { readonly filter: StoredArray };
    readonly norm: { readonly scale: StoredArray; readonly shift: StoredArray };
  }[];
  readonly head: { readonly weight: StoredArray; readonly bias: StoredArray };
}

interface CnnFixture {
  readonly x: StoredArray;
  readonly y: readonly number[];
  readonly params: StoredParams;
  readonly state: readonly { readonly mean: StoredArray; readonly variance: StoredArray }[];
  readonly logits: StoredArray;
  readonly evalLogits: StoredArray;
  readonly newState: CnnFixture['state'];
  readonly loss: number;
  readonly gradient: StoredParams;
  readonly direction: StoredParams;
  readonly hessianProduct: StoredParams;
}

const fixture = readFixture<CnnFixture>('small-cnn');
const model = smallCnn({ classes: 3, imageShape: [8, 8, 2], channels: [3, 4] });
const TOLERANCE = { relative: 1e-10, absolute: 1e-12 };

/** Every leaf has the same name, shape and, to 1e-10, the same numbers. */
function expectSameTree(actual: unknown, expected: unknown): void {
  const got = namedArrays(actual);
  const wanted = namedArrays(expected);
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [name, { shape, data }] of Object.entries(wanted)) {
    expect(got[name].shape, name).toEqual(shape);
    expectClose(got[name].data, data, TOLERANCE);
  }
}

describe('the whole network against PyTorch in f64', () => {
  const { y: _, loss: __, ...arrays } = fixture;
  const { x, logits, evalLogits, newState, gradient, direction, hessianProduct, ...rest } = storedTree(arrays);
  const params: SmallCnnParams = rest.params;
  const state: SmallCnnState = rest.state;
  const y = tensor(fixture.y, { dtype: 'i32' });
  const loss = (p: SmallCnnParams): Value => crossEntropy(model.apply(p, state, x, { train: true }).logits, y);

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
    expectSameTree(hvp(loss, params, direction as SmallCnnParams), hessianProduct);
  });
});

describe('smallCnn', () => {
  test('has 29,178 parameters for 28×28×1 images and ten classes', () => {
    const { params } = smallCnn({ classes: 10, imageShape: [28, 28, 1] }).init(new Random(0));
    const count = Object.values(namedArrays(params)).reduce((total, { data }) => total + data.length, 0);
    expect(count).toBe(29178);
  });

  test('starts from the random stream alone, in the dtype asked for', () => {
    const arrays = (seed: number) => namedArrays(model.init(new Random(seed)));
    expect(arrays(3)).toEqual(arrays(3));
    expect(arrays(4)).not.toEqual(arrays(3));
    const { params, state } = model.init(new Random(3), 'f64');
    expect(new Set(Object.values(namedArrays({ params, state })).map(({ dtype }) => dtype))).toEqual(new Set(['f64']));
  });

  test('odd extents are halved downwards', () => {
    const odd = smallCnn({ classes: 2, imageShape: [7, 5, 1], channels: [2, 2] });
    const { params, state } = odd.init(new Random(0));
    expect(params.head.weight.shape).toEqual([1 * 1 * 2, 2]);
    const x = tensor(new Float32Array(3 * 7 * 5), { shape: [3, 7, 5, 1] });
    expect(odd.apply(params, state, x, { train: false }).logits.shape).toEqual([3, 2]);
  });

  test('every parameter has a gradient of its own shape', () => {
    const { params, state } = model.init(new Random(1));
    const random = new Random(2);
    const x = tensor(
      Array.from({ length: 4 * 128 }, () => random.normal()),
      { shape: [4, 8, 8, 2] },
    );
    const y = tensor([0, 1, 2, 0], { dtype: 'i32' });
    const gradient = namedArrays(
      grad((p: SmallCnnParams) => crossEntropy(model.apply(p, state, x, { train: true }).logits, y))(params),
    );
    for (const [name, { shape, data }] of Object.entries(namedArrays(params))) {
      expect(gradient[name].shape).toEqual(shape);
      expect(gradient[name].data.some((value) => value !== 0)).toBe(true);
      expect(gradient[name].data.length).toBe(data.length);
    }
  });
});
