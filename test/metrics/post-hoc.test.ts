import { describe, expect, test } from 'vitest';
import {
  adjustLogits,
  argmaxRows,
  ConfigError,
  DataError,
  fitTemperature,
  logLoss,
  logProbabilities,
  NumericError,
  Random,
  scaleLogits,
} from '../../src/index.js';

describe('adjustLogits', () => {
  test('subtracts τ log π', () => {
    const [a, b] = adjustLogits([1, 1], [30, 10], 2);
    expect(a).toBeCloseTo(1 - 2 * Math.log(0.75), 14);
    expect(b).toBeCloseTo(1 - 2 * Math.log(0.25), 14);
  });
  test('undoes a shift of the prior: posterior of a balanced test', () => {
    // Two unit normals at ±1 with priors 0.9 and 0.1: the log posterior ratio is 2x + log 9, and 2x under equal priors.
    const logits = [0.4, -0.2].flatMap((x) => [2 * x + Math.log(9), 0]);
    const adjusted = adjustLogits(logits, [90, 10]);
    expect(adjusted[0]! - adjusted[1]!).toBeCloseTo(0.8, 12);
    expect([...argmaxRows(adjusted, 2)]).toEqual([0, 1]);
    expect([...argmaxRows(logits, 2)]).toEqual([0, 0]);
  });
  test('what cannot be', () => {
    expect(() => adjustLogits([1, 2], [3, 0])).toThrow(ConfigError);
    expect(() => adjustLogits([1, 2, 3], [3, 1])).toThrow(DataError);
  });
});

describe('fitTemperature', () => {
  const random = new Random(11);
  const classes = 4;
  const logits = Array.from({ length: 300 * classes }, () => 2 * random.normal());
  // Labels drawn from softmax(logits / 3).
  const p = logProbabilities(scaleLogits(logits, 3), classes).map(Math.exp);
  const labels = Array.from({ length: 300 }, (_, i) => {
    let u = random.uniform();
    for (let k = 0; k < classes; k++) {
      u -= p[i * classes + k]!;
      if (u < 0) return k;
    }
    return classes - 1;
  });
  const temperature = fitTemperature(logits, labels, classes);

  test('finds about the temperature the labels were drawn at', () => {
    expect(temperature).toBeGreaterThan(2.2);
    expect(temperature).toBeLessThan(4.5);
  });
  test('is the minimum', () => {
    const loss = (t: number): number => logLoss(logProbabilities(scaleLogits(logits, t), classes), labels, classes);
    const least = loss(temperature);
    for (const factor of [0.9, 0.999, 1.001, 1.1]) expect(loss(temperature * factor)).toBeGreaterThan(least);
  });
  test('goes with the scale of the logits', () => {
    const scaled = fitTemperature(scaleLogits(logits, 0.01), labels, classes);
    expect(scaled / temperature).toBeCloseTo(100, 6);
  });
  test('is bounded where all or none is right, and 1 where it makes no difference', () => {
    expect(fitTemperature([5, 0], [0], 2)).toBe(1e-3);
    expect(fitTemperature([5, 0], [1], 2)).toBe(1e3);
    expect(fitTemperature([5, 2], [0, 0], 1)).toBe(1);
    expect(fitTemperature([3, 3], [0], 2)).toBe(1);
  });
  test('nearly separable: 2 of 100 wrong by one, the others right by one, in closed form', () => {
    const logitsOf = Array.from({ length: 100 }, (_, i) => (i < 2 ? [0, 1] : [1, 0])).flat();
    // The share that is right must be σ(β).
    expect(fitTemperature(logitsOf, new Int32Array(100), 2)).toBeCloseTo(1 / Math.log(98 / 2), 9);
    expect(fitTemperature(scaleLogits(logitsOf, 50), new Int32Array(100), 2)).toBeCloseTo(1 / Math.log(49) / 50, 11);
  });
  test('refuses NaN', () => expect(() => fitTemperature([Number.NaN, 0], [0], 2)).toThrow(NumericError));
});
