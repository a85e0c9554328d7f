import { describe, expect, test } from 'vitest';
import {
  type BilevelProblem,
  darts,
  hypergradient,
  identity,
  implicit,
  neumann,
  sama,
} from '../../src/bilevel/index.js';
import { ConfigError, type Value } from '../../src/ir/index.js';
import { exp, matmul, mul, sub, sum, tanh } from '../../src/ops/index.js';
import { adam, initAdam } from '../../src/optim/index.js';
import { tensor } from '../../src/tensor/index.js';
import { geometric, quadraticProblem, randomQuadratic, relativeDistance, SIGMA, vectorOf } from '../support/bilevel.js';
import { matVec, transposed } from '../support/linear-algebra.js';

const quadratic = randomQuadratic({ size: 7, hyperSize: 3, eigenvalues: geometric(7, 20, 4), seed: 12 });
const at = {
  params: vectorOf(quadratic.w),
  hyper: vectorOf(quadratic.lambda),
  batches: { inner: [quadratic.batch], outer: [quadratic.batch] },
};
/** σλ + η Bᵀ(scale ⊙ b), for C = −B. */
const expected = (eta: number, scale: (i: number) => number = () => 1): number[] =>
  matVec(
    transposed(quadratic.b),
    quadratic.rightHandSide.map((x, i) => eta * scale(i) * x),
  ).map((x, k) => x + SIGMA * quadratic.lambda[k]!);

describe('identity', () => {
  test.each([0.01, 0.2, 3])('η = %d: the inverse Hessian is η times the identity', async (stepSize) => {
    const result = await hypergradient(quadraticProblem, { ...at, method: identity({ stepSize, lanczosSteps: 7 }) });
    // λ_max = 4: only the last step is too long for any series that would follow.
    if (stepSize * 4 > 2) expect(result.status).toBe('diverged');
    else expect(relativeDistance(result.gradient.data(), expected(stepSize))).toBeLessThan(1e-12);
  });

  test('is the Neumann series of one term', async () => {
    const series = implicit({ solver: neumann({ terms: 0, stepSize: 0.1 }), damping: 0 });
    const [a, b] = [
      await hypergradient(quadraticProblem, { ...at, method: identity({ stepSize: 0.1 }) }),
      await hypergradient(quadraticProblem, { ...at, method: series }),
    ];
    expect(a.gradient.data()).toEqual(b.gradient.data());
  });

  test('chooses 1/λ_max by itself', async () => {
    const { stepSize, gradient } = await hypergradient(quadraticProblem, {
      ...at,
      method: identity({ lanczosSteps: 7 }),
    });
    expect(stepSize).toBeCloseTo(1 / 4, 8);
    expect(relativeDistance(gradient.data(), expected(1 / 4))).toBeLessThan(1e-6);
  });
});

describe('DARTS', () => {
  test.each([0.02, 0.5, 7])('ξ = %d: exact where ∂g/∂λ is linear in w, whatever ε', async (stepSize) => {
    for (const epsilon of [1e-3, 0.01, 2]) {
      const result = await hypergradient(quadraticProblem, { ...at, method: darts({ stepSize, epsilon }) });
      expect(relativeDistance(result.gradient.data(), expected(stepSize))).toBeLessThan(1e-9);
      expect(result.counts).toEqual({ gradients: 3, hessianProducts: 0, mixedProducts: 0 });
      expect(result.status).toBe('truncated');
    }
  });

  // ∂g/∂λ is curved in w here, so the differences have an error of order ε².
  const curved: BilevelProblem<Value, Value, readonly []> = {
    inner: (w, lambda) => sum(mul(exp(lambda), mul(tanh(w), tanh(w)))),
    outer: (w) => sum(mul(sub(w, 1), sub(w, 1))),
  };
  const there = {
    params: vectorOf([0.3, -0.7, 1.1]),
    hyper: vectorOf([0.2, -0.4, 0.9]),
    batches: { inner: [[]] as const, outer: [[]] as const },
  };

  test('its error falls with ε²', async () => {
    const exact = await hypergradient(curved, { ...there, method: identity({ stepSize: 0.05 }) });
    const errors: number[] = [];
    for (const epsilon of [0.4, 0.2, 0.1]) {
      const { gradient } = await hypergradient(curved, { ...there, method: darts({ stepSize: 0.05, epsilon }) });
      errors.push(relativeDistance(gradient.data(), Array.from(exact.gradient.data())));
    }
    expect(errors[0]! / errors[1]!).toBeGreaterThan(3.5);
    expect(errors[0]! / errors[1]!).toBeLessThan(4.5);
    expect(errors[1]! / errors[2]!).toBeGreaterThan(3.5);
    expect(errors[2]).toBeLessThan(1e-2);
  });

  test('an outer objective that w does not move gives the direct part alone', async () => {
    const still = { ...quadraticProblem, outer: (_: Value, lambda: Value) => sum(mul(lambda, lambda)) };
    const { gradient, indirect } = await hypergradient(still, { ...at, method: darts({ stepSize: 1 }) });
    expect(indirect.data().every((x) => x === 0)).toBe(true);
    expect(
      relativeDistance(
        gradient.data(),
        quadratic.lambda.map((x) => 2 * x),
      ),
    ).toBeLessThan(1e-15);
  });

  test('steps that are none are refused', () => {
    expect(() => darts({ stepSize: 0 })).toThrow(ConfigError);
    expect(() => darts({ stepSize: 1, epsilon: -1 })).toThrow('epsilon must be above 0');
  });
});

describe('SAMA', () => {
  const settings = { learningRate: 0.03, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 };
  const warm = {
    first: vectorOf([1, -2, 0.5, 0.1, 0, 3, -1]),
    second: vectorOf([2, 1, 0.5, 3, 0.2, 1, 4]),
    step: tensor(6, { dtype: 'f64' }),
  };

  test.each([0.001, 0.03, 2])('learning rate %d: ∂u/∂g of Adam, by hand', async (learningRate) => {
    const { gradient, counts } = await hypergradient(quadraticProblem, {
      ...at,
      method: sama({ ...settings, learningRate, adam: warm }),
    });
    // At w* the inner gradient is 0, so moments decay: m = β₁m₀, v = β₂v₀, and ∂v/∂g = 2(1 − β₂)g = 0.
    const scale = (i: number): number => {
      const v = (settings.beta2 * warm.second.data()[i]!) / (1 - settings.beta2 ** 7);
      return (1 - settings.beta1) / (1 - settings.beta1 ** 7) / (Math.sqrt(v) + settings.epsilon);
    };
    expect(relativeDistance(gradient.data(), expected(learningRate, scale))).toBeLessThan(1e-8);
    expect(counts).toEqual({ gradients: 4, hessianProducts: 0, mixedProducts: 0 });
  });

  test('away from the minimum it is the derivative of the step that Adam takes, by differences', async () => {
    const moved = { ...at, params: vectorOf(quadratic.w.map((x, i) => x + 0.3 * Math.sin(i + 1))) };
    const { indirect } = await hypergradient(quadraticProblem, { ...moved, method: sama({ ...settings, adam: warm }) });
    const g = matVec(quadratic.a, Array.from(moved.params.data())).map(
      (x, i) => x - matVec(quadratic.b, quadratic.lambda)[i]! - quadratic.batch.c.data()[i]!,
    );
    const b = matVec(
      transposed(quadratic.d),
      matVec(quadratic.d, Array.from(moved.params.data())).map((x, i) => x - quadratic.batch.e.data()[i]!),
    );
    const stepAt = (gradient: readonly number[]): number[] =>
      Array.from(adam(moved.params, vectorOf(gradient), warm, settings).params.data());
    const h = 1e-6;
    const [up, down] = [h, -h].map((by) => stepAt(g.map((x, i) => x + by * b[i]!)));
    const q = up!.map((x, i) => -(x - down![i]!) / (2 * h));
    expect(relativeDistance(indirect.data(), matVec(transposed(quadratic.b), q))).toBeLessThan(1e-6);
  });

  test('a tree of parameters, and a fresh state', async () => {
    type Tree = { readonly a: Value; readonly b: readonly Value[] };
    const problem: BilevelProblem<Tree, Value, readonly []> = {
      inner: ({ a, b }, lambda) => sum(mul(lambda, matmul(a, b[0]!))),
      outer: ({ a, b }) => sum(mul(a, b[0]!)),
    };
    const params: Tree = { a: vectorOf([1, 2]), b: [vectorOf([3, 4])] };
    const state = initAdam(params);
    const result = await hypergradient(problem, {
      params,
      hyper: vectorOf([0.5]),
      batches: { inner: [[]], outer: [[]] },
      method: sama({ adam: state, learningRate: 0.01 }),
    });
    expect(result.status).toBe('truncated');
    expect(Number.isFinite(result.gradient.data()[0]!)).toBe(true);
  });
});
