import { describe, expect, test } from 'vitest';
import {
  AugmentationNoise,
  type AugmentationRandomness,
  augmentationPolicy,
  augmentOperations,
  ConfigError,
  namedArrays,
  Random,
} from '../../src/index.js';

const policy = augmentationPolicy({ cells: 3 });
const noise = (seed: number, of = policy) => new AugmentationNoise(of, [4, 5, 2], new Random(seed, 'augmentation'));
const plain = (randomness: AugmentationRandomness) => namedArrays(randomness);

describe('AugmentationNoise', () => {
  test('has what the operations ask for', () => {
    const { gates, amounts, uniforms, tables } = noise(1).at(0, 6);
    expect(gates.shape).toEqual([6, 9]);
    expect(amounts.shape).toEqual([6, 9]);
    const draws = Object.values(augmentOperations).reduce((total, operation) => total + operation.draws, 0);
    expect(uniforms.shape).toEqual([6, draws]);
    expect(Object.keys(tables)).toEqual(['noise']);
    expect(tables.noise!.shape).toEqual([64, 2, 4, 5]);
    expect(noise(1, augmentationPolicy({ cells: 1, operations: [augmentOperations.flip] })).at(0, 2)).toMatchObject({
      tables: {},
    });
  });

  test('depends on seed, stream and step alone', () => {
    const one = noise(1);
    const third = plain(one.at(3, 4));
    one.at(4, 100);
    expect(plain(one.at(3, 4))).toEqual(third);
    expect(plain(noise(1).at(3, 4))).toEqual(third);
    expect(plain(one.at(5, 4)).gates).not.toEqual(third.gates);
    expect(plain(noise(2).at(3, 4)).gates).not.toEqual(third.gates);
    expect(plain(noise(2).at(3, 4))['tables.noise']).not.toEqual(third['tables.noise']);
    const { gates } = new AugmentationNoise(policy, [4, 5, 2], new Random(1, 'other')).at(3, 4);
    expect(gates.data()).not.toEqual(third.gates!.data);
  });

  test('tables are drawn once and shared', () => {
    const one = noise(1);
    expect(one.at(0, 1).tables.noise).toBe(one.at(1, 7).tables.noise);
  });

  test('gates are logistic, uniforms uniform, amounts as wide as the spread', () => {
    const { gates, amounts, uniforms } = noise(3, { ...policy, spread: 0.4 }).at(0, 2000);
    const mean = (values: ArrayLike<number>, power = 1): number =>
      Array.from(values).reduce((total, value) => total + value ** power, 0) / values.length;
    // Logistic: mean 0, variance π²/3; 18,000 draws.
    expect(Math.abs(mean(gates.data()))).toBeLessThan(0.06);
    expect(Math.abs(mean(gates.data(), 2) - Math.PI ** 2 / 3)).toBeLessThan(0.15);
    expect(Math.abs(mean(uniforms.data()) - 0.5)).toBeLessThan(0.01);
    expect(Math.min(...uniforms.data())).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniforms.data())).toBeLessThan(1);
    expect(Math.min(...amounts.data())).toBeGreaterThan(0.6);
    expect(Math.max(...amounts.data())).toBeLessThanOrEqual(1);
    expect(Math.abs(mean(amounts.data()) - 0.8)).toBeLessThan(0.01);
    expect(new Set(noise(3).at(0, 50).amounts.data())).toEqual(new Set([1]));
  });

  test('every number is finite in f32 and f64, and for no images there are none', () => {
    for (const dtype of ['f32', 'f64'] as const) {
      const drawn = new AugmentationNoise(policy, [2, 2, 1], new Random(0), dtype).at(0, 500);
      for (const { data, dtype: own } of Object.values(plain(drawn))) {
        expect(own).toBe(dtype);
        expect(data.every(Number.isFinite)).toBe(true);
      }
    }
    expect(noise(0).at(0, 0).gates.shape).toEqual([0, 9]);
  });

  test.each([
    [-1, 2],
    [0.5, 2],
    [0, -2],
    [0, Number.NaN],
  ])('refuses step %d and count %d', (step, count) => {
    expect(() => noise(0).at(step, count)).toThrow(ConfigError);
  });
});
