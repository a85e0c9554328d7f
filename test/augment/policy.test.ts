import { describe, expect, test } from 'vitest';
import {
  augmentationPolicy,
  augmentOperations,
  ConfigError,
  initPolicy,
  policyNumbers,
  policySize,
  ShapeError,
  tensor,
  zeros,
} from '../../src/index.js';

const { rotate, flip, translate } = augmentOperations;

describe('augmentationPolicy', () => {
  test('is of all operations, straight through at temperature ½, unless told otherwise', () => {
    const policy = augmentationPolicy({ cells: 10 });
    expect(policy.operations).toEqual(Object.values(augmentOperations));
    expect(policy).toMatchObject({ temperature: 0.5, straightThrough: true, spread: 0 });
    // A probability for each of nine operations, a magnitude for each but the flip.
    expect(policySize(policy)).toBe(10 * (9 + 8));
  });

  test('has as many numbers as its operations ask for', () => {
    expect(policySize(augmentationPolicy({ cells: 3, operations: [flip] }))).toBe(3);
    expect(policySize(augmentationPolicy({ cells: 2, operations: [flip, rotate] }))).toBe(6);
  });

  test.each([
    [{ cells: 0 }, 'cells must be a whole number from 1, got 0'],
    [{ cells: 1.5 }, 'cells must be a whole number from 1, got 1.5'],
    [{ cells: 1, operations: [] }, 'needs at least one operation, got none'],
    [{ cells: 1, operations: [flip, rotate, flip] }, 'every operation needs a name of its own, got flip twice'],
    [{ cells: 1, temperature: 0 }, 'temperature must be a positive number, got 0'],
    [{ cells: 1, temperature: Number.NaN }, 'temperature must be a positive number, got NaN'],
    [{ cells: 1, spread: 1.1 }, 'spread must be a number from 0 to 1, got 1.1'],
  ])('refuses %o', (options, message) => {
    expect(() => augmentationPolicy(options)).toThrow(ConfigError);
    expect(() => augmentationPolicy(options)).toThrow(`augmentationPolicy: ${message}`);
  });
});

describe('initPolicy', () => {
  const policy = augmentationPolicy({ cells: 2, operations: [translate, flip] });

  test('starts with small probabilities and magnitudes in the middle of their range', () => {
    const { operations } = policyNumbers(policy, initPolicy(policy));
    expect(operations.map(({ name, unit }) => [name, unit])).toEqual([
      ['translate', "of the image's side"],
      ['flip', 'mirrored'],
    ]);
    const [moved, mirrored] = operations;
    for (const p of [...moved!.probability, ...mirrored!.probability]) expect(p).toBeCloseTo(0.1, 6);
    for (const magnitude of moved!.magnitude) expect(magnitude).toBeCloseTo(0.15, 6);
    expect(mirrored!.magnitude).toEqual([1, 1]);
  });

  test('starts where it is told to', () => {
    const params = initPolicy(policy, { probability: 0.75, strength: 0.25, dtype: 'f64' });
    expect(params.logit.dtype).toBe('f64');
    expect(params.logit.data()[0]).toBeCloseTo(Math.log(3), 12);
    expect(params.strength.data()[0]).toBeCloseTo(-Math.log(3), 12);
    expect(() => initPolicy(policy, { probability: 0 })).toThrow(
      'initPolicy: probability must lie strictly between 0 and 1, got 0',
    );
    expect(() => initPolicy(policy, { strength: 1 })).toThrow(ConfigError);
  });
});

describe('policyNumbers', () => {
  const policy = augmentationPolicy({ cells: 2, operations: [flip, rotate] });

  test('says probabilities and magnitudes cell by cell', () => {
    const numbers = policyNumbers(policy, {
      logit: tensor(
        [
          [0, 1e9],
          [-1e9, Math.log(4)],
        ],
        { dtype: 'f64' },
      ),
      strength: tensor([[-1e9], [Math.log(2)]], { dtype: 'f64' }),
    });
    expect(numbers.operations[0]).toEqual({ name: 'flip', unit: 'mirrored', probability: [0.5, 0], magnitude: [1, 1] });
    expect(numbers.operations[1]!.probability).toEqual([1, 0.8]);
    expect(numbers.operations[1]!.magnitude).toEqual([0, 40]);
  });

  test('refuses the numbers of another policy', () => {
    const logit = zeros([2, 2]);
    expect(() => policyNumbers(policy, { logit: zeros([3, 2]), strength: zeros([2, 1]) })).toThrow(ShapeError);
    expect(() => policyNumbers(policy, { logit, strength: zeros([2, 2]) })).toThrow(
      'augmentation: strength must be [2, 1] for this policy, got [2, 2]; make it with initPolicy',
    );
  });
});
