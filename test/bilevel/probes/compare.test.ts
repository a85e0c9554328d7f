import { describe, expect, test } from 'vitest';
import { compareHypergradients, exactHypergradient, implicit, neumann, tensor } from '../../../src/index.js';
import { classBatch, classifier, diagonalBatch, f64, hyper, length, minus, network, quadratic } from './toy.js';

describe('a diagonal quadratic', () => {
  const eigenvalues = [0.5, 1, 2, 4];
  const w = [1, -2, 0.5, 3];
  const target = [0.3, 0.1, -1, 2];
  const options = {
    params: tensor(w, f64),
    hyper: tensor([0, 0, 0, 0], f64),
    batches: { inner: [diagonalBatch(eigenvalues, target)], outer: [diagonalBatch(eigenvalues, target)] },
  };
  const exact = eigenvalues.map((a, i) => (w[i]! - target[i]!) / a);

  test.each([
    ['dense', exactHypergradient()],
    ['MINRES', exactHypergradient({ maxDense: 0 })],
  ])('the reference by %s is the closed form', async (_, method) => {
    const { exactGradient, exact: reference } = await compareHypergradients(quadratic, { ...options, method }, method);
    expect(reference.status).toBe('converged');
    exactGradient.forEach((value, i) => {
      expect(value).toBeCloseTo(exact[i]!, 11);
    });
  });

  test('a truncated Neumann series has the cosine and the error computed by hand, and the products are counted', async () => {
    const [terms, stepSize] = [3, 0.2];
    const method = implicit({ solver: neumann({ terms, stepSize, verify: false }), damping: 0 });
    const result = await compareHypergradients(quadratic, { ...options, method });
    const series = exact.map((value, i) => value * (1 - (1 - stepSize * eigenvalues[i]!) ** (terms + 1)));
    const inner = series.reduce((total, value, i) => total + value * exact[i]!, 0);
    expect(result.cosine).toBeCloseTo(inner / length(series) / length(exact), 12);
    expect(result.relativeError).toBeCloseTo(length(minus(series, exact)) / length(exact), 12);
    expect(result.norm).toBeCloseTo(length(series), 12);
    expect(result.exactNorm).toBeCloseTo(length(exact), 12);
    expect([result.hessianProducts, result.exactHessianProducts]).toEqual([terms, eigenvalues.length]);
  });

  test('a diverged method has no cosine', async () => {
    const method = implicit({ solver: neumann({ terms: 60, stepSize: 2 }), damping: 0 });
    const result = await compareHypergradients(quadratic, { ...options, method });
    expect([result.status, result.cosine, result.relativeError]).toEqual(['diverged', Number.NaN, Number.NaN]);
  });
});

test('a network: dense and MINRES references agree to 1e-9', async () => {
  const batches = { inner: [classBatch(12), classBatch(12)], outer: [classBatch(9)] };
  const options = { params: network, hyper, batches, method: exactHypergradient({ maxDense: 0 }) };
  const result = await compareHypergradients(classifier, options);
  expect(result.relativeError).toBeLessThan(1e-9);
  expect(result.cosine).toBeCloseTo(1, 14);
});
