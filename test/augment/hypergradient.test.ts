import { describe, expect, test } from 'vitest';
import {
  AugmentationNoise,
  type AugmentationRandomness,
  add,
  augmentationPolicy,
  augmentOperations,
  type BilevelProblem,
  compile,
  crossEntropy,
  type DenseParams,
  dense,
  denseSolver,
  grad,
  hypergradient,
  implicit,
  mapTrees,
  mul,
  type PolicyParams,
  pdaTransform,
  Random,
  ravel,
  reshape,
  sgdOptimiser,
  sub,
  tensor,
  unrolledReverse,
  type Value,
} from '../../src/index.js';
import { expectClose } from '../support/compare.js';
import { tensorOf, uniform } from '../support/tensors.js';

type Batch = { readonly x: Value; readonly y: Value; readonly randomness?: AugmentationRandomness };

const f64 = { dtype: 'f64' } as const;
const count = 10;
const side = 4;
const classes = 2;
const weightDecay = 0.05;
const policy = augmentationPolicy({
  cells: classes,
  operations: [augmentOperations.rotate, augmentOperations.contrast, augmentOperations.cutout],
  straightThrough: false,
  temperature: 1,
});
const noise = new AugmentationNoise(policy, [side, side, 1], new Random(4), 'f64');
const batchOf = (seed: number, randomness?: AugmentationRandomness): Batch => ({
  x: tensorOf(uniform(0, 1)(new Random(seed), count * side * side), [count, side, side, 1], 'f64'),
  y: tensor(Int32Array.from({ length: count }, (_, i) => i % classes)),
  ...(randomness && { randomness }),
});
const [train, validation] = [batchOf(1, noise.at(0, count)), batchOf(2)];

const logits = (w: DenseParams, x: Value): Value => dense(reshape(x, [count, side * side]), w);
/** Softmax regression on augmented images: strictly convex, so that its minimum is a function of the policy. */
const problem: BilevelProblem<DenseParams, PolicyParams, Batch> = {
  inner: (w, params, { x, y, randomness }) =>
    crossEntropy(logits(w, pdaTransform(policy, params, x, y, randomness!)), y),
  outer: (w, _, { x, y }) => crossEntropy(logits(w, x), y),
  weightDecay,
};

const hyper: PolicyParams = {
  logit: tensor(
    [
      [0.3, -0.5, 0.2],
      [-0.2, 0.6, -0.8],
    ],
    f64,
  ),
  strength: tensor(
    [
      [0.1, -0.4, 0.5],
      [-0.3, 0.2, 0.4],
    ],
    f64,
  ),
};
const start: DenseParams = {
  weight: tensor(new Float64Array(side * side * classes), { shape: [side * side, classes] }),
  bias: tensor([0, 0], f64),
};
const descend = compile((w: DenseParams, params: PolicyParams): DenseParams => {
  let now = w;
  for (let i = 0; i < 20; i++) {
    const gradient = grad((at: DenseParams) => problem.inner(at, params, train))(now);
    now = mapTrees((v, g) => sub(v, mul(add(g, mul(v, weightDecay)), 0.7)), now, gradient);
  }
  return now;
});
const solved = (params: PolicyParams): DenseParams => {
  let w = start;
  for (let i = 0; i < 100; i++) w = descend(w, params);
  return w;
};

describe('the hypergradient of a policy', () => {
  test('agrees with inner problems solved again, in every probability and magnitude', async () => {
    const { gradient, status } = await hypergradient(problem, {
      params: solved(hyper),
      hyper,
      batches: { inner: [train], outer: [validation] },
      method: implicit({ solver: denseSolver(), damping: 0 }),
    });
    expect(status).toBe('converged');
    const found = ravel(gradient).vector.data();
    const { vector, unravel } = ravel(hyper);
    const size = Math.max(...found.map(Math.abs));
    expect(size).toBeGreaterThan(1e-3);
    for (let i = 0; i < vector.size; i++) {
      const outer = (shift: number): number => {
        const moved = unravel(
          tensor(Float64Array.from(vector.data(), (v, j) => (i === j ? v + shift : v))),
        ) as PolicyParams;
        return problem.outer(solved(moved), moved, validation).item();
      };
      const difference = (outer(1e-3) - outer(-1e-3)) / 2e-3;
      expect(Math.abs(found[i]! - difference)).toBeLessThan(1e-5 * size);
    }
  });

  test('is what differentiating through the training gives', async () => {
    const at = { params: solved(hyper), hyper, batches: { inner: [train], outer: [validation] } };
    const exact = await hypergradient(problem, { ...at, method: implicit({ solver: denseSolver(), damping: 0 }) });
    const unrolled = await hypergradient(problem, {
      ...at,
      method: unrolledReverse({ steps: 400, optimiser: sgdOptimiser({ learningRate: 0.7 }) }),
    });
    const [found, through] = [exact, unrolled].map(({ gradient }) => ravel(gradient).vector.data());
    expectClose(through!, found!, { absolute: 1e-4 * Math.max(...found!.map(Math.abs)) });
  });
});
