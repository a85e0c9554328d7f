import { describe, expect, test } from 'vitest';
import { ConfigError, cosine, type ScheduleOptions, staircase } from '../../src/index.js';
import { expectClose } from '../support/compare.js';

const rates = (options: ScheduleOptions): number[] =>
  Array.from({ length: options.epochs * options.stepsPerEpoch }, (_, step) => staircase(options)(step));

test('cosine: a warm-up, then 1, ¾, ½, ¼ and 0 where their cosines are', () => {
  const at = cosine({ learningRate: 2, epochs: 4, stepsPerEpoch: 2, warmupEpochs: 1 });
  const third = (2 * Math.PI) / 6;
  const expected = [
    1,
    2,
    2,
    1 + Math.cos(third / 2),
    1 + Math.cos(third),
    1,
    1 - Math.cos(third),
    1 - Math.cos(third / 2),
  ];
  expectClose([0, 1, 2, 3, 4, 5, 6, 7].map(at), expected, { relative: 1e-14 });
  expect(at(8)).toBe(0);
  expect(() => cosine({ learningRate: 0, epochs: 4, stepsPerEpoch: 2 })).toThrow(ConfigError);
});

describe('staircase', () => {
  test('is constant without warm-up and milestones', () => {
    expect(rates({ learningRate: 0.3, epochs: 2, stepsPerEpoch: 2 })).toEqual([0.3, 0.3, 0.3, 0.3]);
  });

  test('by hand: two epochs of warm-up, drops after half and after eight tenths of ten epochs', () => {
    const schedule = { learningRate: 0.4, epochs: 10, stepsPerEpoch: 2, warmupEpochs: 2, milestones: [0.5, 0.8] };
    const expected = [0.1, 0.2, 0.3, ...Array(7).fill(0.4), ...Array(6).fill(0.04), ...Array(4).fill(0.004)];
    expectClose(rates(schedule), expected, { relative: 1e-14 });
  });

  test('the warm-up rises from one step above 0 to the peak at its last step', () => {
    const at = staircase({ learningRate: 1, epochs: 4, stepsPerEpoch: 5, warmupEpochs: 1 });
    expectClose([0, 1, 2, 3, 4, 5].map(at), [0.2, 0.4, 0.6, 0.8, 1, 1], { relative: 1e-15 });
  });

  test('a milestone falls on the nearest whole epoch, and the order of milestones does not matter', () => {
    // 0.73 · 12 = 8.76 → 9, 0.87 · 12 = 10.44 → 10.
    const options = { learningRate: 1, epochs: 12, stepsPerEpoch: 1, factor: 0.5 };
    const expected = [...Array(9).fill(1), 0.5, 0.25, 0.25];
    expect(rates({ ...options, milestones: [0.73, 0.87] })).toEqual(expected);
    expect(rates({ ...options, milestones: [0.87, 0.73] })).toEqual(expected);
  });

  test('is defined beyond its end', () => {
    expect(staircase({ learningRate: 1, epochs: 2, stepsPerEpoch: 1, milestones: [1] })(100)).toBeCloseTo(0.1, 15);
  });

  test.each([
    { learningRate: 0 },
    { learningRate: -0.1 },
    { learningRate: Number.NaN },
    { epochs: 0 },
    { epochs: -3 },
    { stepsPerEpoch: 0 },
    { stepsPerEpoch: Number.NaN },
    { warmupEpochs: -1 },
    { warmupEpochs: Number.NaN },
    { milestones: [0.5, Number.NaN] },
    { milestones: [1.5] },
    { milestones: [-0.1] },
    { factor: -0.1 },
    { factor: Number.NaN },
  ])('%j is refused', (bad) => {
    expect(() => staircase({ learningRate: 0.1, epochs: 3, stepsPerEpoch: 4, ...bad })).toThrow(ConfigError);
  });
});
