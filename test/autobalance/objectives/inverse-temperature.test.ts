import { describe, expect, test } from 'vitest';
import {
  crossEntropy,
  grad,
  inverseTemperature,
  mul,
  objectives,
  Random,
  tensor,
  type Value,
} from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';

/** Logits whose labels are drawn from softmax(β · logits), so that the best inverse temperature is near β. */
function calibratedBy(beta: number, samples: number): { logits: Value; labels: Value } {
  const random = new Random(6);
  const rows = Array.from({ length: samples }, () => Array.from({ length: 4 }, () => 2 * random.normal()));
  const labels = rows.map((row) => {
    const weights = row.map((x) => Math.exp(beta * x));
    let rest = random.uniform() * weights.reduce((total, w) => total + w, 0);
    return weights.findIndex((w) => {
      rest -= w;
      return rest < 0;
    });
  });
  return { logits: tensor(rows, { dtype: 'f64' }), labels: tensor(labels, { dtype: 'i32' }) };
}

describe('inverse temperature', () => {
  test.each([0.3, 0.7, 1, 1.4])('finds β = %d from labels drawn with it, within the noise of 1000 samples', (beta) => {
    const { logits, labels } = calibratedBy(beta, 1000);
    const found = inverseTemperature(logits, labels).item();
    expect(Math.abs(found - beta)).toBeLessThan(0.12);
    // It is a minimum of the cross-entropy.
    const at = (factor: number): number => crossEntropy(mul(logits, factor * found), labels).item();
    expect(at(1)).toBeLessThan(at(0.99));
    expect(at(1)).toBeLessThan(at(1.01));
  });

  test('stays within 0.1 and 2 where the best one is 0 or infinite', () => {
    const logits = tensor([
      [3, 0],
      [0, 3],
    ]);
    expect(inverseTemperature(logits, tensor([0, 1], { dtype: 'i32' })).item()).toBe(2);
    expect(inverseTemperature(logits, tensor([1, 0], { dtype: 'i32' })).item()).toBeCloseTo(0.1, 6);
  });
});

describe('objectives', () => {
  const { logits, labels } = calibratedBy(0.5, 60);

  test('cross-entropy is cross-entropy', () => {
    expect(objectives['cross-entropy'](logits, labels).item()).toBe(crossEntropy(logits, labels).item());
  });

  test('calibrated does not depend on the scale of the logits', () => {
    const value = objectives.calibrated(logits, labels).item();
    expect(value).toBeLessThan(crossEntropy(logits, labels).item());
    expect(objectives.calibrated(mul(logits, 1.5), labels).item()).toBeCloseTo(value, 8);
  });

  test('calibrated: the gradient is that of β · logits at the fixed best β, and agrees with differences', () => {
    const beta = inverseTemperature(logits, labels).item();
    const gradient = grad((f: Value) => objectives.calibrated(f, labels))(logits).data();
    expectClose(gradient, grad((f: Value) => crossEntropy(mul(f, beta), labels))(logits).data(), { absolute: 1e-15 });
    const values = Array.from(logits.data());
    const h = 1e-4;
    for (const i of [0, 7, 33]) {
      const at = (by: number): number => {
        const moved = tensor(values.with(i, values[i] + by), { shape: logits.shape, dtype: 'f64' });
        return objectives.calibrated(moved, labels).item();
      };
      expect(Math.abs((at(h) - at(-h)) / (2 * h) - gradient[i])).toBeLessThan(1e-7);
    }
  });
});
