import { describe, expect, test } from 'vitest';
import {
  type BilevelProblem,
  conjugateGradient,
  denseSolver,
  type HypergradientMethod,
  hypergradient,
  type ImplicitState,
  implicit,
  type LinearSolver,
  minres,
  neumann,
  nystrom,
  symmetricOperator,
} from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import type { Value } from '../../src/ir/index.js';
import { add, exp, matmul, mean, mul, neg, softplus, square, sum } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { geometric, quadraticProblem, randomQuadratic, relativeDistance, vectorOf } from '../support/bilevel.js';
import { matVec, solve } from '../support/linear-algebra.js';

const SIZE = 12;
const HYPER = 4;
const f64 = { dtype: 'f64' } as const;

const exact = (solver: LinearSolver): HypergradientMethod<ImplicitState> => implicit({ solver, damping: 0 });

async function errorOf(
  { w, lambda, gradient, batch }: ReturnType<typeof randomQuadratic>,
  method: HypergradientMethod<ImplicitState>,
) {
  const result = await hypergradient(quadraticProblem, {
    params: vectorOf(w),
    hyper: vectorOf(lambda),
    batches: { inner: [batch], outer: [batch] },
    method,
  });
  return { result, error: relativeDistance(result.gradient.data(), gradient) };
}

describe('a random quadratic bilevel problem', () => {
  const solvers: readonly (readonly [string, LinearSolver])[] = [
    ['conjugate gradients', conjugateGradient({ iterations: 400, tolerance: 1e-14 })],
    ['MINRES', minres({ iterations: 400, tolerance: 1e-14 })],
    ['the dense oracle', denseSolver()],
  ];
  describe.each([10, 1e3, 1e5])('κ = %d', (condition) => {
    // The scale of A is swept along, so that no step hides at 1.
    test.each([0.03, 1, 40])('λ_max = %d: every direct and Krylov method to 1e-8', async (scale) => {
      const problem = randomQuadratic({
        size: SIZE,
        hyperSize: HYPER,
        eigenvalues: geometric(SIZE, condition, scale),
        seed: Math.round(condition + 100 * scale),
      });
      for (const [name, solver] of solvers) {
        const { result, error } = await errorOf(problem, exact(solver));
        expect(error, name).toBeLessThan(1e-8);
        expect(['converged', 'truncated'], name).toContain(result.status);
      }
    });

    test.each([0.03, 40])(
      'λ_max = %d: damped, every method that may be damped agrees with the damped inverse',
      async (scale) => {
        const options = { size: SIZE, hyperSize: HYPER, eigenvalues: geometric(SIZE, condition, scale), seed: 5 };
        const problem = randomQuadratic(options);
        const damping = 0.02 * scale;
        const inverse = problem.spectral((x) => 1 / (x + damping));
        const q = inverse(problem.rightHandSide);
        const expected = problem.lambda.map(
          (x, k) => 0.3 * x + problem.b.reduce((total, row, i) => total + row[k]! * q[i]!, 0),
        );
        for (const [name, solver] of [...solvers, ['Nyström of full rank', nystrom({ rank: SIZE })] as const]) {
          const { result } = await errorOf(problem, implicit({ solver, damping }));
          expect(relativeDistance(result.gradient.data(), expected), name).toBeLessThan(1e-8);
        }
      },
    );
  });

  test.each([
    [10, 400],
    [1e3, 30_000],
  ])('κ = %d: the Neumann series to 1e-8, in %d terms at most', async (condition, terms) => {
    const problem = randomQuadratic({
      size: SIZE,
      hyperSize: HYPER,
      eigenvalues: geometric(SIZE, condition, 3),
      seed: 9,
    });
    const { result, error } = await errorOf(problem, exact(neumann({ terms, stepSize: 1 / 3, tolerance: 1e-12 })));
    expect(result.status).toBe('converged');
    expect(error).toBeLessThan(1e-8);
  });

  test.each([
    [10, 2, [0, 5, 20, 60]],
    [1e3, 0.2, [100, 1000, 4000]],
    [1e5, 7, [1000, 4000]],
  ])(
    'κ = %d, λ_max = %d: the error of the Neumann series is (1 − 1/κ)^(J+1), within 5 %%',
    async (condition, scale, counts) => {
      const eigenvalues = geometric(6, condition, scale);
      const b = vectorOf([1, 1, 1, 1, 1, 1]);
      const a = symmetricOperator(6, (v) => mul(v, vectorOf(eigenvalues)));
      for (const terms of counts) {
        const { solution } = await neumann({ terms, stepSize: 1 / scale }).solve({ operator: a, b });
        // Along the smallest eigenvalue, the slowest; beside it the law is only a bound.
        const smallest = eigenvalues.at(-1)!;
        const error = 1 - solution.data()[5]! * smallest;
        const law = (1 - 1 / condition) ** (terms + 1);
        expect(Math.abs(error / law - 1)).toBeLessThan(0.05);
        const distance = relativeDistance(
          solution.data(),
          eigenvalues.map((x) => 1 / x),
        );
        expect(distance).toBeLessThan(1.05 * law);
      }
    },
  );

  test.each([0.01, 1, 25])('CG is exact in one step for A = %d·I, in two for two eigenvalues', async (c) => {
    for (const [kinds, steps] of [
      [[1], 1],
      [[1, 3.7], 2],
      [[1, 0.2, 11], 3],
    ] as const) {
      const eigenvalues = Array.from({ length: SIZE }, (_, i) => c * kinds[i % kinds.length]!);
      const problem = randomQuadratic({ size: SIZE, hyperSize: HYPER, eigenvalues, seed: steps });
      const { result, error } = await errorOf(problem, exact(conjugateGradient({ iterations: 50, tolerance: 1e-11 })));
      expect(result.residuals).toHaveLength(steps + 1);
      expect(error).toBeLessThan(1e-10);
      // Ritz values that came for nothing are the eigenvalues then.
      const distinct = kinds.map((kind) => c * kind).sort((x, y) => x - y);
      distinct.forEach((value, i) => {
        expect(result.ritzValues![i]! / value).toBeCloseTo(1, 8);
      });
    }
  });

  test('Nyström of low rank: better with more columns, exact with all, and honest where it is no use', async () => {
    const damping = 0.5;
    const problem = randomQuadratic({ size: SIZE, hyperSize: HYPER, eigenvalues: geometric(SIZE, 1e4, 5), seed: 3 });
    const b = vectorOf(problem.rightHandSide);
    const exactly = problem.spectral((x) => 1 / (x + damping))(problem.rightHandSide);
    const a = symmetricOperator(SIZE, (v) => vectorOf(matVec(problem.a, Array.from(v.data()))));
    const errors: number[] = [];
    for (const rank of [1, 4, 8, 12]) {
      const result = await nystrom({ rank, seed: 2 }).solve({ operator: a, damping, b });
      errors.push(relativeDistance(result.solution.data(), exactly));
      expect(result.products).toBe(rank + 1);
      const rest = matVec(problem.a, Array.from(result.solution.data())).map(
        (x, i) => problem.rightHandSide[i]! - x - damping * result.solution.data()[i]!,
      );
      expect(result.residuals[1]).toBeCloseTo(
        relativeDistance(
          rest.map((x, i) => problem.rightHandSide[i]! - x),
          problem.rightHandSide,
        ),
        8,
      );
      expect(result.status).toBe(result.residuals[1]! > 1 ? 'diverged' : rank < SIZE ? 'truncated' : 'converged');
    }
    expect(errors[3]).toBeLessThan(1e-10);
    expect(errors[2]).toBeLessThan(errors[0]!);
    await expect(nystrom({ rank: 2 }).solve({ operator: a, b })).rejects.toThrow('needs damping above 0');
  });

  test('an indefinite matrix: MINRES and the oracle solve it, the others say what they met', async () => {
    const eigenvalues = geometric(SIZE, 30, 2).map((x, i) => (i % 3 === 1 ? -x : x));
    const problem = randomQuadratic({ size: SIZE, hyperSize: HYPER, eigenvalues, seed: 8 });
    for (const solver of [minres({ iterations: 100, tolerance: 1e-13 }), denseSolver()]) {
      const { result, error } = await errorOf(problem, exact(solver));
      expect(result.status).toBe('converged');
      expect(error).toBeLessThan(1e-8);
    }
    const cg = await errorOf(problem, exact(conjugateGradient({ iterations: 50 })));
    expect(cg.result.status).toBe('negative-curvature');
    const series = await errorOf(problem, exact(neumann({ terms: 3, stepSize: 0.05 })));
    // With J terms the negative part may or may not have grown past the rest already; either way it is told.
    expect(['negative-curvature', 'diverged']).toContain(series.result.status);
    // Automatic damping makes it definite, and says by how much.
    const automatic = await errorOf(
      problem,
      implicit({ solver: conjugateGradient({ iterations: 100, tolerance: 1e-12 }), lanczosSteps: SIZE }),
    );
    expect(automatic.result.status).toBe('converged');
    expect(automatic.result.damping).toBeCloseTo(0.01 * 2 - Math.min(...eigenvalues), 6);
  });

  test('a warm start saves products and ends in the same place', async () => {
    const eigenvalues = geometric(60, 1e3, 2);
    const problem = randomQuadratic({ size: 60, hyperSize: HYPER, eigenvalues, seed: 4 });
    for (const solver of [
      conjugateGradient({ iterations: 300, tolerance: 1e-5 }),
      minres({ iterations: 300, tolerance: 1e-5 }),
    ]) {
      const at = {
        params: vectorOf(problem.w),
        hyper: vectorOf(problem.lambda),
        batches: { inner: [problem.batch], outer: [problem.batch] },
      };
      const cold = await hypergradient(quadraticProblem, { ...at, method: exact(solver) });
      const moved = vectorOf(problem.w.map((x, i) => x + 1e-3 * Math.cos(i)));
      const warm = await hypergradient(quadraticProblem, {
        ...at,
        params: moved,
        method: exact(solver),
        state: cold.state,
      });
      const again = await hypergradient(quadraticProblem, { ...at, params: moved, method: exact(solver) });
      expect(warm.status).toBe('converged');
      expect(warm.counts.hessianProducts).toBeLessThan(again.counts.hessianProducts);
      expect(relativeDistance(warm.gradient.data(), Array.from(again.gradient.data()))).toBeLessThan(1e-2);
    }
  });
});

describe('logistic regression with a learned penalty for each feature', () => {
  const FEATURES = 5;
  const random = new Random(21);
  const sample = (rows: number) => {
    const x = Array.from({ length: rows }, () => Array.from({ length: FEATURES }, () => random.normal()));
    // ±1, leaning on the first two features.
    const y = x.map((row) => (row[0]! - 0.5 * row[1]! + random.normal() > 0 ? 1 : -1));
    return { x, y };
  };
  const train = sample(60);
  const held = sample(40);
  type Data = { readonly x: Value; readonly y: Value };
  const data = ({ x, y }: ReturnType<typeof sample>): Data => ({ x: tensor(x, f64), y: tensor(y, f64) });
  const logLoss = (w: Value, { x, y }: Data): Value => mean(softplus(neg(mul(y, matmul(x, w)))));
  const problem: BilevelProblem<Value, Value, Data> = {
    inner: (w, lambda, batch) => add(logLoss(w, batch), mul(sum(mul(exp(lambda), square(w))), 0.5)),
    outer: (w, _, batch) => logLoss(w, batch),
  };

  const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));
  /** Gradient and Hessian of the log loss at w, in plain numbers. */
  function derivatives(w: readonly number[], { x, y }: ReturnType<typeof sample>) {
    const p = matVec(x, w).map((z, i) => sigmoid(-y[i]! * z));
    const gradient = w.map((_, j) => x.reduce((total, row, i) => total - (p[i]! * y[i]! * row[j]!) / y.length, 0));
    const hessian = w.map((_, j) =>
      w.map((__, k) => x.reduce((total, row, i) => total + (p[i]! * (1 - p[i]!) * row[j]! * row[k]!) / y.length, 0)),
    );
    return { gradient, hessian };
  }
  function minimise(lambda: readonly number[]): number[] {
    let w = lambda.map(() => 0);
    for (let step = 0; step < 30; step++) {
      const { gradient, hessian } = derivatives(w, train);
      const full = hessian.map((row, j) => row.map((h, k) => h + (j === k ? Math.exp(lambda[j]!) : 0)));
      const move = solve(
        full,
        gradient.map((g, j) => g + Math.exp(lambda[j]!) * w[j]!),
      );
      w = w.map((value, j) => value - move[j]!);
    }
    return w;
  }

  test.each([-3, -1, 0.5])('penalties about e^%d: every implicit method to 1e-8', async (level) => {
    const lambda = Array.from({ length: FEATURES }, (_, j) => level + 0.4 * Math.sin(j));
    const w = minimise(lambda);
    const { hessian } = derivatives(w, train);
    const full = hessian.map((row, j) => row.map((h, k) => h + (j === k ? Math.exp(lambda[j]!) : 0)));
    const q = solve(full, derivatives(w, held).gradient);
    const expected = q.map((value, j) => -value * Math.exp(lambda[j]!) * w[j]!);
    for (const solver of [
      conjugateGradient({ iterations: 30, tolerance: 1e-13 }),
      minres({ iterations: 30, tolerance: 1e-13 }),
      neumann({ terms: 3000, tolerance: 1e-12 }),
      denseSolver(),
    ]) {
      const result = await hypergradient(problem, {
        params: vectorOf(w),
        hyper: vectorOf(lambda),
        batches: { inner: [data(train)], outer: [data(held)] },
        method: exact(solver),
      });
      expect(result.status, solver.name).toBe('converged');
      expect(relativeDistance(result.gradient.data(), expected), solver.name).toBeLessThan(1e-8);
    }
  });
});
