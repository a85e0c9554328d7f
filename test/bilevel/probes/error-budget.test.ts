import { describe, expect, test } from 'vitest';
import { errorBudget, implicit, neumann, tensor } from '../../../src/index.js';
import { classBatch, classifier, diagonalBatch, f64, hyper, length, minus, network, quadratic } from './toy.js';

describe('a diagonal quadratic', async () => {
  const eigenvalues = [0.5, 1, 2, 4];
  const target = [0.3, 0.1, -1, 2];
  const lambda = [1, 2, -1, 0.5];
  const solution = eigenvalues.map((a, i) => lambda[i]! / a);
  const gradientAt = (w: readonly number[], curvature: readonly number[]): number[] =>
    w.map((value, i) => (value - target[i]!) / curvature[i]!);
  const exact = gradientAt(solution, eigenvalues);
  const errorOf = (gradient: readonly number[]): number => length(minus(gradient, exact)) / length(exact);

  const early = solution.map((value) => 0.9 * value);
  const [terms, stepSize] = [3, 0.2];
  const scaled = (factor: number) => eigenvalues.map((a) => factor * a);
  const draw = (factor: number) => ({
    inner: [diagonalBatch(scaled(factor), target)],
    outer: [diagonalBatch(eigenvalues, target)],
  });
  const {
    exact: reference,
    entries,
    hessianProducts,
  } = await errorBudget(quadratic, {
    params: tensor(solution, f64),
    hyper: tensor(lambda, f64),
    batches: draw(1),
    compromises: {
      inner: [{ name: '90 %', params: tensor(early, f64) }],
      solver: [implicit({ solver: neumann({ terms, stepSize, verify: false }), damping: 0 })],
      batch: [{ name: 'scaled', draws: [draw(2), draw(0.8)] }],
      precision: true,
    },
  });

  test('the reference is the closed form, and converged', () => {
    expect(reference.norm).toBeCloseTo(length(exact), 12);
    expect(reference.status).toBe('converged');
    expect(reference.residual).toBeLessThan(1e-14);
  });

  test('one entry for each compromise', () => {
    expect(entries.map(({ source, name }) => `${source}: ${name}`)).toEqual([
      'inner: 90 %',
      'solver: implicit neumann',
      'batch: scaled',
      'precision: f32',
    ]);
  });

  test('each error is the one computed by hand', () => {
    const series = exact.map((value, i) => value * (1 - (1 - stepSize * eigenvalues[i]!) ** (terms + 1)));
    expect(entries[0]!.relativeError).toBeCloseTo(errorOf(gradientAt(early, eigenvalues)), 12);
    expect(entries[1]!.relativeError).toBeCloseTo(errorOf(series), 12);
    // A Hessian 2 or 0.8 times as large gives a half or 1.25 of the gradient: errors of 0.5 and 0.25, in the same direction.
    expect(entries[2]!.relativeError).toBeCloseTo(Math.sqrt((0.5 ** 2 + 0.25 ** 2) / 2), 12);
    expect(entries[2]!.cosine).toBeCloseTo(1, 13);
    expect(entries[3]!.relativeError).toBeGreaterThan(1e-9);
    expect(entries[3]!.relativeError).toBeLessThan(1e-6);
  });

  test('the products: p for each exact solve, J for the method', () => {
    expect(entries.map((entry) => entry.hessianProducts)).toEqual([4, terms, 8, 4]);
    expect(hessianProducts).toBe(4 + 4 + terms + 8 + 4);
  });

  test('a method that diverges has a status and no error', async () => {
    const diverging = implicit({ solver: neumann({ terms: 60, stepSize: 2 }), damping: 0 });
    const budget = await errorBudget(quadratic, {
      params: tensor(solution, f64),
      hyper: tensor(lambda, f64),
      batches: draw(1),
      compromises: { solver: [diverging] },
    });
    expect(budget.entries.map(({ status, relativeError }) => [status, relativeError])).toEqual([
      ['diverged', Number.NaN],
    ]);
  });
});

test('a network in f32: small next to any minibatch', async () => {
  const [train, held] = [[classBatch(12), classBatch(12), classBatch(12)], [classBatch(9)]];
  const { entries } = await errorBudget(classifier, {
    params: network,
    hyper,
    batches: { inner: train, outer: held },
    compromises: {
      batch: [{ name: 'one batch', draws: train.map((batch) => ({ inner: [batch], outer: held })) }],
      precision: true,
    },
  });
  const [batch, precision] = entries;
  expect(batch!.relativeError).toBeGreaterThan(100 * precision!.relativeError);
  expect(precision!.relativeError).toBeGreaterThan(1e-9);
});
