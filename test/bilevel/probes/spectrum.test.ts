import { describe, expect, test } from 'vitest';
import { ConfigError, hessianOperator, mul, spectrum, symmetricOperator, tensor } from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';
import { classBatch, classifier, f64, hyper, network } from './toy.js';

describe('a diagonal operator', () => {
  // A bulk and two outliers.
  const eigenvalues = [...Array.from({ length: 18 }, (_, i) => -0.2 + 0.05 * i), 4, 10];
  const operator = symmetricOperator(20, (v) => mul(v, tensor(eigenvalues, f64)));

  test('as many steps as eigenvalues find each of them, with equal weights', async () => {
    const { nodes, weights, hessianProducts } = await spectrum(operator, { steps: 20, vectors: 1, ...f64 });
    expectClose(nodes, eigenvalues, { absolute: 1e-10 });
    expectClose(weights, new Array(20).fill(1 / 20), { absolute: 1e-10 });
    expect(hessianProducts).toBe(20);
  });

  test('few steps give the moments up to 2·steps − 1 exactly, and the ends', async () => {
    const result = await spectrum(operator, { steps: 8, vectors: 3, seed: 2, ...f64 });
    for (let power = 0; power < 16; power++) {
      const got = result.nodes.reduce((total, node, i) => total + result.weights[i]! * node ** power, 0);
      const wanted = eigenvalues.reduce((total, value) => total + value ** power, 0) / 20;
      expect(Math.abs(got / wanted - 1)).toBeLessThan(1e-10);
    }
    expect(result.nodes).toHaveLength(24);
    expect(result.hessianProducts).toBe(24);
    expect(result.largest.value).toBeCloseTo(10, 6);
    expect(result.smallest.value).toBeGreaterThanOrEqual(-0.2 - 1e-12);
    for (const { value, uncertainty } of [result.largest, result.smallest]) {
      const nearest = Math.min(...eigenvalues.map((eigenvalue) => Math.abs(eigenvalue - value)));
      expect(nearest).toBeLessThanOrEqual(uncertainty + 1e-12);
    }
    expect(result.smallest.uncertainty).toBeGreaterThan(1e-8);
    expect(result.smallest.uncertainty).toBeLessThan(0.1);
  });

  test('the density integrates to 1 and peaks where the eigenvalues are', async () => {
    const { grid, density, densityError, width } = await spectrum(operator, { steps: 20, points: 2000, ...f64 });
    const step = grid[1]! - grid[0]!;
    expect(density.reduce((total, value) => total + value * step, 0)).toBeCloseTo(1, 2);
    const at = (x: number): number => density[Math.round((x - grid[0]!) / step)]!;
    expect(at(10)).toBeCloseTo(1 / 20 / (width * Math.sqrt(2 * Math.PI)), 2);
    expect(at(7)).toBeLessThan(1e-6);
    // The bulk has an eigenvalue every 0.05.
    expect(at(0.2)).toBeCloseTo(1, 2);
    // On a diagonal operator every ±1 vector sees the same measure.
    expect(Math.max(...densityError)).toBeLessThan(1e-9);
  });

  test('the seed fixes everything', async () => {
    const of = (seed: number) => spectrum(operator, { steps: 4, vectors: 2, seed, ...f64 });
    expect(await of(3)).toEqual(await of(3));
    const tilted = symmetricOperator(20, (v) => mul(v, tensor(eigenvalues, f64)));
    expect((await spectrum(tilted, { steps: 4, vectors: 2, seed: 3, ...f64 })).nodes).toEqual((await of(3)).nodes);
  });

  test.each([{ steps: 0 }, { vectors: 0.5 }, { points: -1 }])('%o is refused', async (wrong) => {
    await expect(spectrum(operator, wrong)).rejects.toThrow(ConfigError);
  });
});

describe('the Hessian of a network', () => {
  const batch = classBatch(15);
  const operator = hessianOperator(classifier.inner, network, hyper, batch);
  const p = operator.columns;

  test('all steps find the eigenvalues of the dense matrix', async () => {
    const eigenvalues = await exactEigenvalues();
    const { nodes, largest, smallest } = await spectrum(operator, { steps: p, vectors: 1, ...f64 });
    // Adding the same to all logits changes nothing, so zero is an eigenvalue several times over, and a Krylov space holds it once.
    const near = (x: number, others: readonly number[]) => Math.min(...others.map((other) => Math.abs(other - x)));
    for (const node of nodes) expect(near(node, eigenvalues)).toBeLessThan(1e-9);
    for (const eigenvalue of eigenvalues) expect(near(eigenvalue, nodes)).toBeLessThan(1e-9);
    expect(largest.value).toBeCloseTo(eigenvalues.at(-1)!, 10);
    expect(smallest.value).toBeCloseTo(eigenvalues[0]!, 10);
  });

  test('random vectors give the mean eigenvalue within their scatter, and few steps bracket the ends', async () => {
    const eigenvalues = await exactEigenvalues();
    const { nodes, weights, largest, smallest } = await spectrum(operator, { steps: 8, vectors: 50, seed: 1, ...f64 });
    const mean = eigenvalues.reduce((total, value) => total + value, 0) / p;
    const square = eigenvalues.reduce((total, value) => total + value ** 2, 0);
    const got = nodes.reduce((total, node, i) => total + weights[i]! * node, 0);
    // Hutchinson: the variance of vᵀHv is at most 2‖H‖²_F.
    expect(Math.abs(got - mean)).toBeLessThan((3 * Math.sqrt((2 * square) / 50)) / p);
    for (const { value, uncertainty } of [largest, smallest]) {
      const nearest = Math.min(...eigenvalues.map((eigenvalue) => Math.abs(eigenvalue - value)));
      expect(nearest).toBeLessThanOrEqual(uncertainty + 1e-12);
    }
  });

  async function exactEigenvalues(): Promise<number[]> {
    const columns: number[][] = [];
    for (let i = 0; i < p; i++) {
      const unit = new Float64Array(p);
      unit[i] = 1;
      columns.push(Array.from((await operator.apply(tensor(unit))).data()));
    }
    return jacobiEigenvalues(columns);
  }
});

/** Cyclic Jacobi rotations (Golub and Van Loan, §8.5): slow, and independent of Lanczos. */
function jacobiEigenvalues(matrix: readonly (readonly number[])[]): number[] {
  const a = matrix.map((row) => [...row]);
  const n = a.length;
  for (let sweep = 0; sweep < 12; sweep++) {
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        if (a[i]![j] === 0) continue;
        const theta = 0.5 * Math.atan2(2 * a[i]![j]!, a[j]![j]! - a[i]![i]!);
        const [c, s] = [Math.cos(theta), Math.sin(theta)];
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[k]![i]!, a[k]![j]!];
          [a[k]![i], a[k]![j]] = [c * x - s * y, s * x + c * y];
        }
        for (let k = 0; k < n; k++) {
          const [x, y] = [a[i]![k]!, a[j]![k]!];
          [a[i]![k], a[j]![k]] = [c * x - s * y, s * x + c * y];
        }
      }
    }
  }
  return a.map((row, i) => row[i]!).sort((x, y) => x - y);
}
