import { describe, expect, test } from 'vitest';
import { type AdamState, adam, compile, initAdam, initVelocity, sgd, tensor, type Value } from '../../src/index.js';
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
