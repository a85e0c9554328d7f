import {
  type BilevelProblem,
  crossEntropy,
  matmul,
  parametricCrossEntropy,
  Random,
  tensor,
  type Value,
} from 'autobalance';
import { expect, test } from 'vitest';
import { type Checkpoint, measure } from '../../examples/published-estimator/measure.js';

type Loss = { readonly delta: Value; readonly iota: Value };
type Data = { readonly x: Value; readonly y: Value };
const f64 = { dtype: 'f64' } as const;
const CLASSES = 3;

/** A softmax classifier on three overlapping classes, whose curvature grows with the square of the inputs' scale. */
function setting(scale: number) {
  const random = new Random(4);
  const batch = (count: number): Data => {
    const y = Array.from({ length: count }, (_, i) => i % CLASSES);
    const x = y.map((k) => Array.from({ length: 4 }, (_, j) => scale * ((j === k ? 1 : 0) + 0.7 * random.normal())));
    return { x: tensor(x, f64), y: tensor(y, { dtype: 'i32' }) };
  };
  const weight = tensor([1, 1, 1], f64);
  const outputs = (w: Value, { x }: Data): Value => matmul(x, w);
  const loss = (z: Value, learned: Loss, { y }: Data): Value => parametricCrossEntropy(z, y, { ...learned, weight });
  const problem: BilevelProblem<Value, Loss, Data> = {
    inner: (w, learned, data) => loss(outputs(w, data), learned, data),
    outer: (w, _, data) => crossEntropy(outputs(w, data), data.y),
    head: { outputs, loss },
    weightDecay: 0.05,
  };
  const params = tensor(
    Array.from({ length: 4 * CLASSES }, () => 0.1 * random.normal()),
    { shape: [4, CLASSES], ...f64 },
  );
  const hyper = { delta: tensor([1, 1, 1], f64), iota: tensor([0, 0, 0], f64) };
  return { problem, options: { params, hyper, batches: { inner: [batch(30)], outer: [batch(30)] } } };
}

const verdictOf = ({ verdicts }: Pick<Checkpoint, 'verdicts'>, name: string) =>
  verdicts.find((verdict) => verdict.name.startsWith(name))!;

test('where λ_max stays below 2, the published η = 1 is a truncated series like any other', async () => {
  const { problem, options } = setting(0.8);
  const found = await measure(problem, options);
  expect(found.largest).toBeLessThan(2);
  expect(found.damping).toBe(0);
  expect(found.exact.residual).toBeLessThan(1e-10);
  expect(verdictOf(found, 'published').status).toBe('truncated');
  expect(verdictOf(found, 'published').cosine).toBeGreaterThan(0.9);
});

test('beyond it, it is reported as diverged, and what it would have given is far too long', async () => {
  const { problem, options } = setting(6);
  const found = await measure(problem, options);
  expect(found.largest).toBeGreaterThan(4);
  const published = verdictOf(found, 'published');
  expect(published.status).toBe('diverged');
  expect(published.norm).toBeGreaterThan(100 * found.exact.norm);
  const automatic = verdictOf(found, 'automatic CG, 10 products');
  expect(automatic.status).not.toBe('diverged');
  expect(automatic.cosine).toBeGreaterThan(0.99);
  // A linear model: the Gauss–Newton matrix is the Hessian but for the damping.
  expect(verdictOf(found, 'automatic CG, 10, Gauss–Newton').cosine).toBeGreaterThan(0.9);
});
