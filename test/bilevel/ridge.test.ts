import { describe, expect, test } from 'vitest';
import { methodOf, type SolverSettings } from '../../src/autobalance/index.js';
import { type BilevelProblem, hypergradient } from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import type { Value } from '../../src/ir/index.js';
import { add, exp, matmul, mul, square, sub, sum } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { inner, matVec, solve, transposed } from '../support/linear-algebra.js';

type Data = { readonly x: Value; readonly y: Value };

const FEATURES = 6;
const random = new Random(7);
const matrix = (rows: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: FEATURES }, () => random.normal()));
const vector = (length: number): number[] => Array.from({ length }, () => random.normal());
const train = { x: matrix(40), y: vector(40) };
const held = { x: matrix(25), y: vector(25) };
const f64 = { dtype: 'f64' } as const;
const data = ({ x, y }: { x: number[][]; y: number[] }): Data => ({ x: tensor(x, f64), y: tensor(y, f64) });

const halfSquares = (w: Value, { x, y }: Data): Value => mul(sum(square(sub(matmul(x, w), y))), 0.5 / y.size);

/** Ridge regression whose penalty e^λ is learned. */
const problem: BilevelProblem<Value, Value, Data> = {
  inner: (w, lambda, batch) => add(halfSquares(w, batch), mul(mul(exp(lambda), sum(square(w))), 0.5)),
  outer: (w, _, batch) => halfSquares(w, batch),
};

/** w*, and d outer(w*(λ)) / dλ = −bᵀ(XᵀX/n + e^λ I)⁻¹ e^λ w*, worked out without the engine. */
function closedForm(lambda: number): { w: number[]; gradient: number } {
  const n = train.y.length;
  const penalty = Math.exp(lambda);
  const xt = transposed(train.x);
  const hessian = xt.map((row, i) => xt.map((other, j) => inner(row, other) / n + (i === j ? penalty : 0)));
  const w = solve(
    hessian,
    matVec(xt, train.y).map((v) => v / n),
  );
  const residual = matVec(held.x, w).map((v, i) => v - held.y[i]!);
  const b = matVec(transposed(held.x), residual).map((v) => v / held.y.length);
  return {
    w,
    gradient: -inner(
      b,
      solve(
        hessian,
        w.map((v) => penalty * v),
      ),
    ),
  };
}

async function hypergradientAt(lambda: number, method: SolverSettings) {
  const { w, gradient } = closedForm(lambda);
  const result = await hypergradient(problem, {
    params: tensor(w, f64),
    hyper: tensor(lambda, f64),
    batches: { inner: [data(train)], outer: [data(held)] },
    method: methodOf(method),
  });
  return { result, exact: gradient, error: Math.abs(result.gradient.item() - gradient) / Math.abs(gradient) };
}

describe('ridge regression with a learned penalty', () => {
  test.each([-4, -1, 0.5])('λ = %d: conjugate gradients agree with the closed form to 1e-9', async (lambda) => {
    const { result, error } = await hypergradientAt(lambda, {
      solver: 'cg',
      iterations: 20,
      damping: 0,
      tolerance: 1e-14,
    });
    expect(result.status).toBe('converged');
    expect(error).toBeLessThan(1e-9);
  });

  test.each([-4, -1, 0.5])('λ = %d: the Neumann series with its own step size agrees to 1e-9', async (lambda) => {
    const { result, error } = await hypergradientAt(lambda, {
      solver: 'neumann',
      iterations: 4000,
      damping: 0,
      tolerance: 1e-13,
    });
    expect(result.status).toBe('converged');
    expect(error).toBeLessThan(1e-9);
  });

  test('the automatic choice needs no damping where H is positive definite', async () => {
    const { result, error } = await hypergradientAt(0.5, { solver: 'cg', iterations: 20, tolerance: 1e-14 });
    expect(result.damping).toBe(0);
    expect(error).toBeLessThan(1e-9);
  });

  test('weight decay in closed form equals weight decay in the loss', async () => {
    const { w } = closedForm(-1);
    const at = (p: typeof problem) =>
      hypergradient(p, {
        params: tensor(w, f64),
        hyper: tensor(-1, f64),
        batches: { inner: [data(train)], outer: [data(held)] },
        method: methodOf({ solver: 'cg', iterations: 20, damping: 0, tolerance: 1e-14 }),
      });
    const written = {
      ...problem,
      inner: (v: Value, l: Value, b: Data) => add(problem.inner(v, l, b), mul(sum(square(v)), 0.15)),
    };
    const [a, b] = [await at({ ...problem, weightDecay: 0.3 }), await at(written)];
    expect(a.gradient.item()).toBeCloseTo(b.gradient.item(), 12);
  });

  test('a step size beyond 2/λ_max is reported as divergence', async () => {
    const { result } = await hypergradientAt(-1, { solver: 'neumann', iterations: 200, damping: 0, stepSize: 5 });
    expect(result.status).toBe('diverged');
    expect(result.residuals.at(-1)).toBeGreaterThan(1);
  });
});
