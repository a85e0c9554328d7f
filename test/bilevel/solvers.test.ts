import { describe, expect, test } from 'vitest';
import {
  conjugateGradient,
  type LinearOperator,
  lanczos,
  neumann,
  symmetricOperator,
} from '../../src/bilevel/index.js';
import { tridiagonalEigen } from '../../src/bilevel/tridiagonal.js';
import { mul } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';

const f64 = { dtype: 'f64' } as const;
const diagonal = (values: readonly number[]): LinearOperator => {
  const d = tensor(values, f64);
  return symmetricOperator(values.length, (v) => mul(d, v));
};
const b = (n: number) =>
  tensor(
    Array.from({ length: n }, (_, i) => 1 + ((i * 7) % 5)),
    f64,
  );

describe('neumann', () => {
  test.each([0.05, 0.2, 0.45])('η = %d: residuals follow (1 − ηλ)^j exactly', async (stepSize) => {
    const { residuals, status, products } = await neumann({ terms: 6, stepSize }).solve({
      operator: diagonal([4]),
      b: b(1),
    });
    residuals.forEach((residual, j) => {
      expect(residual).toBeCloseTo(Math.abs(1 - 4 * stepSize) ** j, 12);
    });
    expect(products).toBe(6);
    expect(status).toBe('truncated');
  });

  test('the solution is the truncated series, step size included', async () => {
    const { solution } = await neumann({ terms: 3, stepSize: 0.3 }).solve({ operator: diagonal([0.5, 2]), b: b(2) });
    const series = (lambda: number) => [0, 1, 2, 3].reduce((sum, j) => sum + 0.3 * (1 - 0.3 * lambda) ** j, 0);
    expect(solution.data()[0]).toBeCloseTo(series(0.5) * b(2).data()[0]!, 12);
    expect(solution.data()[1]).toBeCloseTo(series(2) * b(2).data()[1]!, 12);
  });

  test('divergence, negative curvature and NaN each have a status', async () => {
    expect((await neumann({ terms: 20, stepSize: 1 }).solve({ operator: diagonal([10, 1]), b: b(2) })).status).toBe(
      'diverged',
    );
    expect((await neumann({ terms: 1, stepSize: 0.5 }).solve({ operator: diagonal([1, -1e-3]), b: b(2) })).status).toBe(
      'truncated',
    );
    expect((await neumann({ terms: 3, stepSize: 0.5 }).solve({ operator: diagonal([1, -1e-3]), b: b(2) })).status).toBe(
      'negative-curvature',
    );
    expect(
      (await neumann({ terms: 3, stepSize: 0.5 }).solve({ operator: diagonal([1, Number.NaN]), b: b(2) })).status,
    ).toBe('diverged');
  });

  test('a zero right-hand side is solved by zero at once', async () => {
    const result = await neumann({ terms: 5, stepSize: 0.1 }).solve({
      operator: diagonal([1, 2]),
      b: tensor([0, 0], f64),
    });
    expect(result).toMatchObject({ status: 'converged', products: 0 });
    expect([...result.solution.data()]).toEqual([0, 0]);
  });

  test('a step size of 0, or an automatic one without a spectrum, is refused', async () => {
    expect(() => neumann({ terms: 5, stepSize: 0 })).toThrow(/step size above 0/);
    await expect(neumann({ terms: 5 }).solve({ operator: diagonal([1]), b: b(1) })).rejects.toThrow(
      /estimate of the spectrum/,
    );
  });
});

describe('conjugate gradients', () => {
  test.each([
    [[3, 3, 3, 3], 1],
    [[3, 7, 3, 7, 7], 2],
    [[1, 4, 9, 16, 9], 4],
  ])('%j: exact in as many steps as distinct eigenvalues', async (values, steps) => {
    const { solution, products, status } = await conjugateGradient({
      iterations: 50,
      tolerance: 1e-11,
    }).solve({ operator: diagonal(values), b: b(values.length) });
    expect(status).toBe('converged');
    expect(products).toBe(steps);
    values.forEach((value, i) => {
      expect(solution.data()[i]).toBeCloseTo(b(values.length).data()[i]! / value, 9);
    });
  });

  test('the iterate belongs to the reported residual, also when it stops early', async () => {
    const values = [1, 4, 9, 16, 30];
    const { solution, residuals, status } = await conjugateGradient({
      iterations: 2,
      tolerance: 0,
    }).solve({ operator: diagonal(values), b: b(5) });
    const right = b(5).data();
    const rest = values.map((value, i) => right[i]! - value * solution.data()[i]!);
    expect(Math.hypot(...rest) / Math.hypot(...right)).toBeCloseTo(residuals.at(-1)!, 12);
    expect(status).toBe('truncated');
  });

  test('negative curvature and NaN are reported', async () => {
    expect((await conjugateGradient({ iterations: 5 }).solve({ operator: diagonal([1, -3]), b: b(2) })).status).toBe(
      'negative-curvature',
    );
    expect(
      (await conjugateGradient({ iterations: 5 }).solve({ operator: diagonal([1, Number.NaN]), b: b(2) })).status,
    ).toBe('diverged');
  });
});

describe('lanczos', () => {
  test('finds the extremes of a known spectrum, within its own uncertainty', async () => {
    const values = Array.from({ length: 50 }, (_, i) => (i === 7 ? 90 : i === 30 ? -4 : i / 25));
    const start = tensor(
      values.map((_, i) => Math.cos(i * 1.7) + 0.1),
      f64,
    );
    const { largest, smallest, uncertainty } = await lanczos(diagonal(values), { steps: 8, start });
    expect(Math.abs(largest - 90)).toBeLessThanOrEqual(uncertainty + 1e-9);
    expect(largest).toBeCloseTo(90, 6);
    expect(smallest).toBeCloseTo(-4, 1);
  });

  test('stops by itself when the Krylov space is exhausted', async () => {
    const { ritzValues, uncertainty } = await lanczos(diagonal([2, 5, 5, 2]), { steps: 4, start: b(4) });
    expect(ritzValues).toHaveLength(2);
    expect(ritzValues[0]).toBeCloseTo(2, 10);
    expect(ritzValues[1]).toBeCloseTo(5, 10);
    expect(uncertainty).toBeLessThan(1e-9);
  });

  test('eigenvalues of the second-difference matrix are 2 − 2 cos(kπ/(n+1))', () => {
    const n = 9;
    const { values } = tridiagonalEigen(new Array(n).fill(2), new Array(n - 1).fill(-1));
    values.forEach((value, k) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), 12);
    });
  });
});
