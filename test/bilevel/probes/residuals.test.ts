import { describe, expect, test } from 'vitest';
import {
  conjugateGradient,
  type IterateSolver,
  type LinearSolver,
  minres,
  mul,
  neumann,
  residualHistory,
  solverResiduals,
  symmetricOperator,
  tensor,
} from '../../../src/index.js';
import { classBatch, classifier, f64, hyper, network } from './toy.js';

const eigenvalues = [0.1, 0.5, 1, 2, 3, 5];
const b = tensor([1, -1, 2, 0.5, 1, -2], f64);
const operator = symmetricOperator(6, (v) => mul(v, tensor(eigenvalues, f64)));
const cg: IterateSolver = (iterations) => conjugateGradient({ iterations, tolerance: 0 });

describe('residuals of a solver’s iterates', () => {
  test('Neumann: the k-th is ‖(I − ηA)ᵏ b‖ / ‖b‖, by hand', async () => {
    const eta = 0.15;
    const solver: IterateSolver = (k) => neumann({ terms: k - 1, stepSize: eta });
    const { actual, claimed, hessianProducts } = await solverResiduals({ operator, b }, solver, 5);
    const byHand = (k: number): number => {
      const parts = [...b.data()].map((value, i) => value * (1 - eta * eigenvalues[i]!) ** k);
      return Math.hypot(...parts) / Math.hypot(...b.data());
    };
    expect(actual).toHaveLength(6);
    actual.forEach((residual, k) => {
      expect(residual).toBeCloseTo(byHand(k), 13);
      // The residual after the last term would have cost Neumann one more product.
      if (k < 5) expect(claimed[k]).toBeCloseTo(byHand(k), 13);
      else expect(claimed[k]).toBeNull();
    });
    expect(hessianProducts).toBe(4 + 5);
  });

  test.each([
    ['cg', cg],
    ['minres', ((iterations) => minres({ iterations, tolerance: 0 })) satisfies IterateSolver],
  ])('%s claims what is true, and its solves share their products', async (_, solver) => {
    const { actual, claimed, hessianProducts } = await solverResiduals({ operator, b, damping: 0.2 }, solver, 5);
    actual.forEach((residual, k) => {
      expect(claimed[k]).toBeCloseTo(residual, 12);
    });
    expect(hessianProducts).toBe(5 + 5);
  });

  test('a start other than zero has its own residual', async () => {
    const start = tensor([1, 0, 0, 0, 0, 0], f64);
    const { actual, claimed } = await solverResiduals({ operator, b, start }, cg, 3);
    expect(actual[0]).not.toBe(1);
    expect(claimed[0]).toBeCloseTo(actual[0]!, 13);
  });

  test('ends where the solver does', async () => {
    const { actual, status } = await solverResiduals({ operator, b }, () => conjugateGradient({ iterations: 2 }), 10);
    expect([actual.length, status]).toEqual([2, 'truncated']);
  });

  // Two faults that shipped in well-known libraries.
  const faulty = (mend: (solution: ReturnType<typeof mul>, k: number) => Promise<typeof solution>): IterateSolver => {
    return (k): LinearSolver => ({
      ...cg(k),
      async solve(system) {
        const result = await cg(k).solve(system);
        return { ...result, solution: await mend(result.solution, k) };
      },
    });
  };
  test.each([
    ['a step scale on the iterate but not on the residual', faulty(async (q) => mul(q, 0.9))],
    ['the iterate before the last update', faulty(async (_, k) => (await cg(k - 1).solve({ operator, b })).solution)],
  ])('finds out %s', async (_, solver) => {
    const { actual, claimed } = await solverResiduals({ operator, b }, solver, 4);
    expect(Math.abs(actual[4]! - claimed[4]!)).toBeGreaterThan(0.02);
  });
});

test('of a hypergradient: claims are true with automatic damping, and every product is counted', async () => {
  const history = await residualHistory(classifier, {
    params: network,
    hyper,
    batches: { inner: [classBatch(12), classBatch(12)], outer: [classBatch(9)] },
    solver: cg,
    iterates: 6,
    lanczosSteps: 12,
  });
  expect(history.actual).toHaveLength(7);
  history.actual.forEach((residual, k) => {
    expect(history.claimed[k]).toBeCloseTo(residual, 11);
  });
  expect(history.actual.at(-1)).toBeLessThan(0.5);
  expect(history.hessianProducts).toBe(2 * (12 + 6 + 6));
});
