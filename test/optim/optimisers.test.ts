import { describe, expect, test } from 'vitest';
import {
  type AdamState,
  adam,
  compile,
  initAdam,
  initSharedAdam,
  initVelocity,
  sgd,
  sharedAdam,
  tensor,
  type Value,
} from '../../src/index.js';
import { readFixture, type StoredArray, stored } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

interface OptimiserFixture {
  readonly start: StoredArray;
  readonly gradients: readonly StoredArray[];
  readonly rates: readonly number[];
  readonly sgd: readonly { readonly momentum: number; readonly weightDecay: number; readonly path: StoredArray[] }[];
  readonly adam: readonly {
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly path: StoredArray[];
  }[];
}

const fixture = readFixture<OptimiserFixture>('optimisers');
const gradients = fixture.gradients.map((gradient) => stored(gradient));
const scalar = (value: number): Value => tensor(value, { dtype: 'f64' });

/** Two leaves at different depths, so that trees are gone through too. */
type Tree = { readonly a: Value; readonly rest: readonly { readonly b: Value }[] };
const treeOf = (x: Value): Tree => ({ a: x, rest: [{ b: x }] });
function expectBoth({ a, rest }: Tree, expected: StoredArray): void {
  for (const leaf of [a, rest[0].b]) expectClose(leaf.data(), expected.values, { relative: 1e-12, absolute: 1e-14 });
}

describe('sgd', () => {
  test.each(fixture.sgd)(
    'momentum $momentum, weight decay $weightDecay: five steps agree with PyTorch',
    ({ path, momentum, weightDecay }) => {
      let params = treeOf(stored(fixture.start));
      let velocity = initVelocity(params);
      path.forEach((expected, i) => {
        const options = { learningRate: fixture.rates[i], momentum, weightDecay };
        ({ params, velocity } = sgd(params, treeOf(gradients[i]), velocity, options));
        expectBoth(params, expected);
      });
    },
  );

  test('a compiled step takes the learning rate as a value', () => {
    const { path, momentum, weightDecay } = fixture.sgd.at(-1)!;
    const step = compile((params: Value, gradient: Value, velocity: Value, learningRate: Value) =>
      sgd(params, gradient, velocity, { learningRate, momentum, weightDecay }),
    );
    let state = { params: stored(fixture.start), velocity: initVelocity(stored(fixture.start)) };
    path.forEach((expected, i) => {
      state = step(state.params, gradients[i], state.velocity, scalar(fixture.rates[i]));
      expectClose(state.params.data(), expected.values, { relative: 1e-12, absolute: 1e-14 });
    });
  });

  test('velocities start at zero, in the shape and dtype of the parameters', () => {
    const { a, b } = initVelocity({ a: tensor([[1, 2]]), b: tensor(3, { dtype: 'f64' }) });
    expect([a.shape, a.dtype, Array.from(a.data())]).toEqual([[1, 2], 'f32', [0, 0]]);
    expect([b.shape, b.dtype, b.item()]).toEqual([[], 'f64', 0]);
  });
});

describe('adam', () => {
  test.each(fixture.adam)(
    'β₁ $beta1, β₂ $beta2, ε $epsilon: five steps agree with PyTorch',
    ({ path, ...constants }) => {
      let params = treeOf(stored(fixture.start));
      let state: AdamState<Tree> = initAdam(params);
      path.forEach((expected, i) => {
        const options = { learningRate: fixture.rates[i], ...constants };
        ({ params, state } = adam(params, treeOf(gradients[i]), state, options));
        expectBoth(params, expected);
      });
      expect(state.step.item()).toBe(5);
    },
  );

  test('the first step is the learning rate against the sign, whatever the scale of the gradient', () => {
    const start = tensor([1, 1, 1], { dtype: 'f64' });
    const gradient = tensor([1e-3, -7, 1e6], { dtype: 'f64' });
    const { params } = adam(start, gradient, initAdam(start), { learningRate: 0.1, epsilon: 0 });
    expectClose(params.data(), [0.9, 1.1, 0.9], { relative: 1e-14 });
  });

  test('a zero gradient from the start moves nothing', () => {
    const start = tensor([1, -2], { dtype: 'f64' });
    const { params } = adam(start, tensor([0, 0], { dtype: 'f64' }), initAdam(start), { learningRate: 0.1 });
    expect(Array.from(params.data())).toEqual([1, -2]);
  });
});

describe('sharedAdam', () => {
  test('moves a number by the rate where its gradient is the root of the mean square', () => {
    const start = { a: tensor([1, 2, 3]), b: tensor([5]) };
    const gradient = { a: tensor([3, 0, -3]), b: tensor([1e-6]) };
    const { params, state } = sharedAdam(start, gradient, initSharedAdam(start), { learningRate: 0.1 });
    // √mean(9, 0, 9) = √6.
    const step = (0.1 * 3) / Math.sqrt(6);
    expectClose(params.a.data(), [1 - step, 2, 3 + step], { absolute: 1e-6 });
    expectClose(params.b.data(), [4.9], { absolute: 1e-5 });
    expect(state.step.item()).toBe(1);
  });

  test('leaves a tensor without elements as it is', () => {
    const start = { a: tensor([1]), none: tensor(new Float32Array(0), { shape: [2, 0] }) };
    const { params } = sharedAdam(start, start, initSharedAdam(start), { learningRate: 0.1 });
    expect(params.none.shape).toEqual([2, 0]);
    expectClose(params.a.data(), [0.9], { absolute: 1e-6 });
  });

  test('of one number it is Adam', () => {
    let params = { x: scalar(1) };
    let state = initSharedAdam(params);
    let [own, ownState] = [params, initAdam(params)];
    for (const g of [2, -1, 0.5, 4]) {
      const gradient = { x: scalar(g) };
      ({ params, state } = sharedAdam(params, gradient, state, { learningRate: 0.3 }));
      ({ params: own, state: ownState } = adam(own, gradient, ownState, { learningRate: 0.3, epsilon: 1e-12 }));
      expectClose(params.x.data(), own.x.data(), { relative: 1e-12 });
    }
  });
});
