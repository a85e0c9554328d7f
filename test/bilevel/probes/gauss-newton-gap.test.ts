import { describe, expect, test } from 'vitest';
import {
  add,
  type BilevelProblem,
  ConfigError,
  conjugateGradient,
  gaussNewtonGap,
  grad,
  hessian,
  jvp,
  matmul,
  mean,
  mul,
  ravel,
  sub,
  tensor,
  type Value,
} from '../../../src/index.js';
import { matVec } from '../../support/linear-algebra.js';
import {
  adjustedLosses,
  CLASSES,
  type ClassBatch,
  classBatch,
  classifier,
  FEATURES,
  type Hyper,
  hyper,
  length,
  minus,
  network,
  outputs,
} from './toy.js';

const solver = conjugateGradient({ iterations: 60, tolerance: 1e-13 });
const batches = { inner: [classBatch(12), classBatch(12)], outer: [classBatch(9)] };

test('a model that is linear in its parameters has no gap', async () => {
  const outputs = (w: Value, { x }: ClassBatch): Value => matmul(x, w);
  const linear: BilevelProblem<Value, Hyper, ClassBatch> = {
    inner: (w, lambda, batch) => mean(adjustedLosses(outputs(w, batch), lambda, batch)),
    outer: (w, _, batch) => mean(adjustedLosses(outputs(w, batch), hyper, batch)),
    head: { outputs, loss: (logits, lambda, batch) => mean(adjustedLosses(logits, lambda, batch)) },
    weightDecay: 0.1,
  };
  const params = tensor(
    new Float64Array(FEATURES * CLASSES).map((_, i) => Math.sin(i)),
    { shape: [FEATURES, CLASSES] },
  );
  const gap = await gaussNewtonGap(linear, { params, hyper, batches, solver, damping: 0 });
  expect(gap.alongOuterGradient).toBeLessThan(1e-14);
  expect(Math.max(...gap.alongRandom)).toBeLessThan(1e-14);
  expect(gap.hypergradients.cosine).toBeCloseTo(1, 13);
  expect(gap.hypergradients.relativeError).toBeLessThan(1e-10);
});

describe('a network', () => {
  const options = { params: network, hyper, batches, solver, damping: 1 };

  test('the gap along b is that of the dense matrices', async () => {
    const { vector, unravel } = ravel(network);
    const p = vector.size;
    const rows = (matrix: Value): number[][] =>
      Array.from({ length: p }, (_, i) => Array.from(matrix.data().subarray(i * p, (i + 1) * p)));
    const overBatches = (logits: (batch: ClassBatch) => Value): Value =>
      batches.inner
        .map((batch) => mul(mean(adjustedLosses(logits(batch), hyper, batch)), 1 / 2))
        .reduce((x, y) => add(x, y));
    const h = rows(hessian((w: Value) => overBatches((batch) => outputs(unravel(w), batch)))(vector));
    // G is the Hessian once the model is replaced by its tangent plane.
    const plane = (w: Value, batch: ClassBatch): Value => {
      const model = (v: Value): Value => outputs(unravel(v), batch);
      const { value, tangent } = jvp(model, [vector], [sub(w, vector)]);
      return add(value, tangent);
    };
    const g = rows(hessian((w: Value) => overBatches((batch) => plane(w, batch)))(vector));
    const b = Array.from(grad((w: Value) => classifier.outer(unravel(w), hyper, batches.outer[0]!))(vector).data());
    // Weight decay is in both matrices, so only ‖Hb‖ knows of it.
    const image = matVec(h, b).map((value, i) => value + 0.02 * b[i]!);
    const gap = length(minus(matVec(h, b), matVec(g, b))) / length(image);
    const got = await gaussNewtonGap(classifier, options);
    expect(got.alongOuterGradient).toBeCloseTo(gap, 11);
    expect(gap).toBeGreaterThan(0.01);
    expect(got.alongRandom).toHaveLength(4);
    expect(got.hypergradients.cosine).toBeGreaterThan(0.9);
    expect(got.hypergradients.relativeError).toBeGreaterThan(1e-4);
    expect([got.hessian, got.gaussNewton]).toEqual([
      { status: 'converged', damping: 1 },
      { status: 'converged', damping: 1 },
    ]);
  });

  test('counts the products: one with each matrix a direction and batch, and those of the solves', async () => {
    const one = await gaussNewtonGap(classifier, {
      ...options,
      solver: conjugateGradient({ iterations: 3 }),
      vectors: 2,
    });
    expect(one.hessianProducts).toBe(2 * 2 * (1 + 2) + 2 * 2 * 3);
  });

  test('the vectors are the seed’s', async () => {
    const of = async (seed: number) => (await gaussNewtonGap(classifier, { ...options, seed })).alongRandom;
    expect(await of(1)).toEqual(await of(1));
    expect(await of(1)).not.toEqual(await of(2));
  });

  test('a problem without a head is refused', async () => {
    const { head: _, ...headless } = classifier;
    await expect(gaussNewtonGap(headless, options)).rejects.toThrow(ConfigError);
  });
});
