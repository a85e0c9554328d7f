import { describe, expect, test } from 'vitest';
import {
  type BilevelProblem,
  ConfigError,
  directionalCheck,
  exactHypergradient,
  exp,
  implicit,
  mul,
  neumann,
  sub,
  sum,
  tensor,
  type Value,
} from '../../../src/index.js';
import { diagonalBatch, f64, quadratic } from './toy.js';

describe('a diagonal quadratic, whose outer objective is quadratic in λ', () => {
  const eigenvalues = [0.5, 1, 2, 4];
  const batch = diagonalBatch(eigenvalues, [0.3, 0.1, -1, 2]);
  const options = {
    hyper: tensor([1, 2, -1, 0.5], f64),
    batches: { inner: [batch], outer: [batch] },
    method: exactHypergradient(),
    solve: (lambda: Value): Value => tensor(Float64Array.from(lambda.data(), (value, i) => value / eigenvalues[i]!)),
  };

  test('the difference is exact but for rounding', async () => {
    const check = await directionalCheck(quadratic, options);
    expect(check.relativeError).toBeLessThan(1e-10);
    expect(Math.hypot(...check.direction)).toBeCloseTo(1, 14);
    expect([check.status, check.hessianProducts]).toEqual(['converged', 4]);
  });

  test('along a direction that is given: its slope by hand', async () => {
    const check = await directionalCheck(quadratic, { ...options, direction: tensor([0, 0, 3, 0], f64) });
    // w₃ = −1/2 and t₃ = −1, over a curvature of 2.
    expect(check.numeric).toBeCloseTo(0.25, 10);
    expect(check.analytic).toBeCloseTo(0.25, 14);
    expect(check.direction).toEqual([0, 0, 1, 0]);
  });

  test('a hypergradient that is wrong is found out', async () => {
    const method = implicit({ solver: neumann({ terms: 0, stepSize: 0.2 }), damping: 0 });
    expect((await directionalCheck(quadratic, { ...options, method })).relativeError).toBeGreaterThan(0.1);
  });

  test('the inner solver may be asynchronous', async () => {
    const solve = async (lambda: Value): Promise<Value> => options.solve(lambda);
    expect(await directionalCheck(quadratic, { ...options, solve })).toEqual(
      await directionalCheck(quadratic, options),
    );
  });

  test.each([{ epsilon: 0 }, { direction: tensor([0, 0, 0, 0], f64) }, { direction: tensor([1], f64) }])(
    '%o is refused',
    async (wrong) => {
      await expect(directionalCheck(quadratic, { ...options, ...wrong })).rejects.toThrow(ConfigError);
    },
  );
});

test('a penalty e^λ: half the step, a quarter of the error', async () => {
  // inner = (w − 1)²/2 + e^λ w²/2, so w* = 1 / (1 + e^λ); outer = (w − 0.2)²/2.
  const problem: BilevelProblem<Value, Value, Value> = {
    inner: (w, lambda) => sum(mul(sub(mul(mul(w, w), sub(exp(lambda), -1)), mul(w, 2)), 0.5)),
    outer: (w) => sum(mul(mul(sub(w, 0.2), sub(w, 0.2)), 0.5)),
  };
  const none = tensor(0, f64);
  const errorFor = async (epsilon: number): Promise<number> => {
    const { analytic, numeric } = await directionalCheck(problem, {
      hyper: tensor([0.3], f64),
      batches: { inner: [none], outer: [none] },
      method: exactHypergradient(),
      solve: (lambda) => tensor([1 / (1 + Math.exp(lambda.item()))], f64),
      epsilon,
    });
    return numeric - analytic;
  };
  const ratio = (await errorFor(0.02)) / (await errorFor(0.01));
  expect(ratio).toBeGreaterThan(3.9);
  expect(ratio).toBeLessThan(4.1);
});
