import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  classLoss,
  classLossNumbers,
  crossEntropy,
  fixedLosses,
  flatTable,
  grad,
  parametricCrossEntropy,
  Random,
  startingLoss,
  tensor,
  type Value,
} from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';

describe('fixed losses', () => {
  const random = new Random(9);
  const rows = Array.from({ length: 8 }, () => Array.from({ length: 3 }, () => 2 * random.normal()));
  const logits = tensor(rows);
  const labels = tensor([0, 0, 1, 2, 1, 0, 2, 0], { dtype: 'i32' });

  test('the neutral loss is plain cross-entropy, in value and gradient', () => {
    const neutral = classLoss(fixedLosses['cross-entropy']([90, 9, 1]));
    const parametric = (f: Value): Value => parametricCrossEntropy(f, labels, neutral);
    const plain = (f: Value): Value => crossEntropy(f, labels);
    expectClose([parametric(logits).item()], [plain(logits).item()], { relative: 1e-6 });
    expectClose(grad(parametric)(logits).data(), grad(plain)(logits).data(), { absolute: 1e-8 });
  });

  test('logit adjustment is cross-entropy of the logits plus log π', () => {
    const adjusted = classLoss(fixedLosses['logit-adjustment']([90, 9, 1]));
    const priors = [0.9, 0.09, 0.01];
    const moved = tensor(rows.map((row) => row.map((value, k) => value + Math.log(priors[k]))));
    expect(parametricCrossEntropy(logits, labels, adjusted).item()).toBeCloseTo(crossEntropy(moved, labels).item(), 5);
  });

  test('logit adjustment does not depend on the scale of the counts, and leaves Δ and w neutral', () => {
    const { delta, iota, weight } = fixedLosses['logit-adjustment']([50, 30, 20]);
    expectClose(iota, [Math.log(0.5), Math.log(0.3), Math.log(0.2)], { absolute: 1e-15 });
    expectClose(fixedLosses['logit-adjustment']([500, 300, 200]).iota, iota, { absolute: 1e-15 });
    expect([delta, weight]).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });

  test('equal counts: logit adjustment is cross-entropy', () => {
    const loss = classLoss(fixedLosses['logit-adjustment']([4, 4, 4]));
    expect(parametricCrossEntropy(logits, labels, loss).item()).toBeCloseTo(crossEntropy(logits, labels).item(), 6);
  });

  test('numbers and tensors are each other’s inverse', () => {
    const numbers = { delta: [1, 0.5, 2], iota: [0, -1, 4], weight: [1, 1, 0.25] };
    expect(classLossNumbers(classLoss(numbers))).toEqual(numbers);
  });
});

test('logit adjustment refuses a class without samples', () => {
  expect(() => fixedLosses['logit-adjustment']([5, 0, 2])).toThrow(/class 1 has 0 samples/);
});

describe('settings and groups', () => {
  const counts = [80, 15, 5];

  test('τ scales ι, γ is the power of Δ, VS is both', () => {
    expectClose(
      fixedLosses['logit-adjustment'](counts, { tau: 2 }).iota,
      [2 * Math.log(0.8), 2 * Math.log(0.15), 2 * Math.log(0.05)],
      {
        absolute: 1e-14,
      },
    );
    expectClose(fixedLosses.cdt(counts, { gamma: 0.5 }).delta, [1, Math.sqrt(15 / 80), 0.25], { relative: 1e-14 });
    const vs = fixedLosses.vs(counts, { tau: 0.5, gamma: 0.25 });
    expectClose(vs.iota, fixedLosses['logit-adjustment'](counts, { tau: 0.5 }).iota, {});
    expectClose(vs.delta, [1, (15 / 80) ** 0.25, 0.5], { relative: 1e-14 });
    expect([vs.weight, fixedLosses.cdt(counts).iota]).toEqual([
      [1, 1, 1],
      [0, 0, 0],
    ]);
  });

  test('τ = γ = 0 is cross-entropy', () => {
    const { delta, iota } = fixedLosses.vs(counts, { tau: 0, gamma: 0 });
    expectClose([...delta, ...iota], [1, 1, 1, 0, 0, 0]);
  });

  test('by class and group the cells take the place of the classes', () => {
    const cells = [
      [60, 20],
      [4, 16],
    ];
    const { delta, iota } = fixedLosses.vs(cells, { tau: 1, gamma: 0.5 });
    expectClose(flatTable(iota), [0.6, 0.2, 0.04, 0.16].map(Math.log), { relative: 1e-14 });
    expectClose(flatTable(delta), [1, Math.sqrt(1 / 3), Math.sqrt(1 / 15), Math.sqrt(4 / 15)], { relative: 1e-14 });
  });

  test('an empty cell counts as half a sample, an empty class is refused', () => {
    const { delta } = fixedLosses.cdt(
      [
        [8, 0],
        [2, 2],
      ],
      { gamma: 1 },
    );
    expect(flatTable(delta)).toEqual([1, 1 / 16, 0.25, 0.25]);
    expect(() =>
      fixedLosses.cdt([
        [8, 8],
        [0, 0],
      ]),
    ).toThrow(/CDT: class 1 has 0 samples/);
    expect(() => fixedLosses.vs([0, 4])).toThrow(ConfigError);
  });
});

describe('starting loss', () => {
  test('a name, a name with settings, or numbers as they are', () => {
    const counts = [9, 1];
    const given = {
      delta: [1, 2],
      iota: [
        [0, 1],
        [1, 0],
      ],
      weight: [[1, 2]],
    };
    expect(startingLoss('cdt', counts)).toEqual(fixedLosses.cdt(counts));
    expect(startingLoss({ loss: 'vs', tau: 2, gamma: 1 }, counts)).toEqual(
      fixedLosses.vs(counts, { tau: 2, gamma: 1 }),
    );
    expect(startingLoss(given, counts)).toBe(given);
  });

  test('numbers for other classes are a ConfigError', () => {
    const start = { delta: [1, 1, 1], iota: [0, 0], weight: [1, 1] };
    expect(() => startingLoss(start, [9, 1])).toThrow(/delta must have a number for each of the 2 classes, got 3/);
  });
});
