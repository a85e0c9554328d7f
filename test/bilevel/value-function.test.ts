import { describe, expect, test } from 'vitest';
import { type BilevelProblem, hypergradient, valueFunction } from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import { ConfigError, type Value } from '../../src/ir/index.js';
import { add, exp, mul, square, sub, sum } from '../../src/ops/index.js';
import { quadraticProblem, relativeDistance, SIGMA, vectorOf } from '../support/bilevel.js';
import { quadraticBatches } from '../support/quadratic-batches.js';

const SIZE = 8;
const setting = (scale: number, count: number) => {
  const weightDecay = 0.1 * scale;
  const split = quadraticBatches({ count, size: SIZE, hyperSize: 3, condition: 10, scale, weightDecay, seed: 11 });
  const random = new Random(4);
  return {
    split,
    problem: { ...quadraticProblem, weightDecay },
    options: {
      params: vectorOf(Array.from({ length: SIZE }, () => random.normal())),
      hyper: vectorOf(split.lambda),
      batches: { inner: split.batches, outer: split.batches },
    },
  };
};

describe('a quadratic problem', () => {
  test.each([
    [0.5, 1],
    [0.5, 3],
    [20, 2],
  ])('λ_max = %d, %d batches: the error halves as μ doubles, within a tenth', async (scale, count) => {
    const { split, problem, options } = setting(scale, count);
    const exact = split.gradientAt(split.minimum(split.lambda), split.lambda);
    const errors: number[] = [];
    // The scale of f against g decides where the expansion in 1/μ begins.
    for (const multiplier of [4000, 8000, 16000].map((m) => m / scale)) {
      const method = valueFunction({ multiplier, steps: 600, tolerance: 1e-14 });
      const { gradient, direct, params, status, outer } = await hypergradient(problem, { ...options, method });
      expect(['converged', 'truncated']).toContain(status);
      const [y, z] = [split.penalised(split.lambda, multiplier), split.minimum(split.lambda)];
      expect(relativeDistance(params!.data(), z)).toBeLessThan(1e-10);
      expect(outer / split.outer(y, split.lambda)).toBeCloseTo(1, 10);
      // ∂g/∂λ = −Bᵀw
      const answer = split.pullMixed(y.map((x, i) => multiplier * (z[i]! - x)));
      const expected = answer.map((x, k) => x + SIGMA * split.lambda[k]!);
      expect(relativeDistance(gradient.data(), expected)).toBeLessThan(1e-8);
      split.lambda.forEach((x, k) => {
        expect(direct.data()[k]).toBeCloseTo(SIGMA * x, 12);
      });
      errors.push(relativeDistance(gradient.data(), exact));
    }
    expect(errors[0]).toBeLessThan(0.05);
    for (const i of [1, 2]) {
      expect(errors[i - 1]! / errors[i]!).toBeGreaterThan(1.8);
      expect(errors[i - 1]! / errors[i]!).toBeLessThan(2.2);
    }
  });

  test.each([0.3, 12])('λ_max = %d: a given step size leads where the automatic one does', async (scale) => {
    const { problem, options } = setting(scale, 2);
    const settings = { multiplier: 50 / scale, steps: 700, tolerance: 1e-12 };
    const [automatic, given] = [
      await hypergradient(problem, { ...options, method: valueFunction(settings) }),
      await hypergradient(problem, { ...options, method: valueFunction({ ...settings, stepSize: 0.2 / scale }) }),
    ];
    expect(automatic.status).toBe('converged');
    expect(given.stepSize).toBe(0.2 / scale);
    // 1/(λ_max(H) + λ_max(∂²f)/μ): below what would diverge, and not by much.
    expect(automatic.stepSize! * scale).toBeGreaterThan(0.2);
    expect(automatic.stepSize! * scale).toBeLessThan(1.2);
    expect(relativeDistance(given.gradient.data(), Array.from(automatic.gradient.data()))).toBeLessThan(1e-7);
  });

  test('calls that hand their state on go on where the last one stopped, and estimate no step again', async () => {
    const { problem, options } = setting(2, 2);
    const method = (steps: number) => valueFunction({ multiplier: 30, steps, tolerance: 0, lanczosSteps: 5 });
    const long = await hypergradient(problem, { ...options, method: method(12) });
    const first = await hypergradient(problem, { ...options, method: method(5) });
    const rest = await hypergradient(problem, { ...options, method: method(7), state: first.state });
    expect(Array.from(rest.gradient.data())).toEqual(Array.from(long.gradient.data()));
    expect(rest.residuals).toEqual(long.residuals.slice(5));
    // 13 times 2 inner gradients and an outer one for each of 2 batches, ∂g/∂λ at y and z, and 4 linearizations for Lanczos.
    expect(long.counts).toEqual({ gradients: 13 * 6 + 4 + 4, hessianProducts: 2 * 5 * 2, mixedProducts: 0 });
    expect(rest.counts).toEqual({ gradients: 8 * 6 + 4, hessianProducts: 0, mixedProducts: 0 });
    expect(long.peakBytes).toBeGreaterThan(rest.peakBytes);
    expect(rest.peakBytes).toBeGreaterThan(0);
  });

  test('what goes wrong is told: too large a step, NaN in the data', async () => {
    const { split, problem, options } = setting(2, 1);
    const wild = valueFunction({ multiplier: 10, steps: 60, stepSize: 10 });
    const result = await hypergradient(problem, { ...options, method: wild });
    expect(result.status).toBe('diverged');
    expect(result.gradient.data().every(Number.isNaN)).toBe(true);
    expect(result.state).toEqual({});
    for (const stepSize of ['auto', 0.1] as const) {
      for (const name of ['a', 'b', 'd', 'e'] as const) {
        const spoilt = { ...split.batches[0]!, [name]: mul(split.batches[0]![name], Number.NaN) };
        const { status, gradient } = await hypergradient(problem, {
          ...options,
          batches: { inner: [spoilt], outer: [spoilt] },
          method: valueFunction({ multiplier: 10, steps: 5, stepSize }),
        });
        expect(status).toBe('diverged');
        expect(gradient.data().every(Number.isNaN)).toBe(true);
      }
    }
  });

  test('options out of range are refused', () => {
    expect(() => valueFunction({ multiplier: 0, steps: 1 })).toThrow(ConfigError);
    expect(() => valueFunction({ multiplier: 1, steps: 0 })).toThrow(ConfigError);
    expect(() => valueFunction({ multiplier: 1, steps: 1, stepSize: -1 })).toThrow(ConfigError);
  });
});

test('a penalty e^λ, by hand: g = ½(w − a)² + ½e^λ w², f = ½h(w − b)²', async () => {
  const [a, b, h] = [2, 0.7, 3];
  const problem: BilevelProblem<Value, Value, Value> = {
    inner: (w, lambda, data) => mul(sum(add(square(sub(w, data)), mul(exp(lambda), square(w)))), 0.5),
    outer: (w, _, data) => mul(sum(square(sub(w, data))), h / 2),
  };
  for (const lambda of [-1.3, 0.4]) {
    for (const multiplier of [7, 90]) {
      const penalty = Math.exp(lambda);
      const y = (a + (h / multiplier) * b) / (1 + penalty + h / multiplier);
      const z = a / (1 + penalty);
      const { gradient, params, outer } = await hypergradient(problem, {
        params: vectorOf([0.3]),
        hyper: vectorOf([lambda]),
        batches: { inner: [vectorOf([a])], outer: [vectorOf([b])] },
        method: valueFunction({ multiplier, steps: 200, tolerance: 1e-15 }),
      });
      const expected = (multiplier * penalty * (y ** 2 - z ** 2)) / 2;
      expect(relativeDistance(gradient.data(), [expected])).toBeLessThan(1e-10);
      expect(relativeDistance(params!.data(), [z])).toBeLessThan(1e-13);
      expect(outer).toBeCloseTo((h / 2) * (y - b) ** 2, 12);
    }
  }
});
