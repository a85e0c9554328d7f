// Every metric against scikit-learn, SciPy and plain NumPy (test/fixtures/metrics.py).
import { describe, expect, test } from 'vitest';
import {
  areaUnderCurve,
  argmaxRows,
  brierScore,
  calibration,
  classificationErrors,
  confidences,
  confusionMatrix,
  demographicParityDifference,
  deo,
  equalizedOddsDifference,
  evaluateLogits,
  fitTemperature,
  groupConfusion,
  groupErrors,
  logLoss,
  logOdds,
  logProbabilities,
  macroAreaUnderCurve,
  pairedComparison,
  wilsonInterval,
} from '../../src/index.js';
import { acceleration, bootstrapInterval } from '../../src/metrics/bootstrap.js';
import { normalCdf, normalQuantile, studentCdf, studentQuantile } from '../../src/metrics/distributions.js';
import { readFixture } from '../fixtures/read.js';

type OrNull = number | null;

interface Problem {
  readonly name: string;
  readonly classes: number;
  readonly groups: number;
  readonly logits: number[];
  readonly labels: number[];
  readonly group: number[];
  readonly confusion: number[];
  readonly balancedError: number;
  readonly error: number;
  readonly classError: OrNull[];
  readonly logLoss: number;
  readonly brier: number;
  readonly binaryBrier: OrNull;
  readonly areaUnderCurve: OrNull;
  readonly calibrationError: number;
  readonly temperature: number;
  readonly cellErrors: OrNull[];
  readonly deo: OrNull;
  readonly equalizedOdds: OrNull;
  readonly demographicParity: OrNull;
}

const fixture = readFixture<{
  readonly problems: Problem[];
  readonly normal: [number, number][];
  readonly student: [number, number, number][];
  readonly studentQuantile: [number, number, number][];
  readonly wilson: [number, number, number, number][];
  readonly bca: { readonly draws: number[]; readonly cases: [number, number, number, number][] };
  readonly acceleration: { readonly sample: number[]; readonly value: number };
  readonly paired: {
    readonly first: number[];
    readonly second: number[];
    readonly mean: number;
    readonly student: [number, number];
    readonly p: number;
  };
}>('metrics');

function expectClose(actual: readonly number[], wanted: readonly OrNull[], digits = 10): void {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((value, i) => {
    if (wanted[i] === null) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(wanted[i]!, digits);
  });
}

describe.each(fixture.problems)('$name', (problem) => {
  const { classes, logits, labels } = problem;
  const predictions = argmaxRows(logits, classes);
  const logP = logProbabilities(logits, classes);
  const probabilities = logP.map(Math.exp);
  const groups = { values: problem.group, names: Array.from({ length: problem.groups }, (_, g) => `g${g}`) };

  test('errors and confusion matrix', () => {
    const { classError, balancedError, error } = classificationErrors(predictions, labels, classes);
    expectClose([balancedError, error], [problem.balancedError, problem.error]);
    expectClose(classError, problem.classError);
    expect([...confusionMatrix(predictions, labels, classes)]).toEqual(problem.confusion);
  });

  test('probabilities: log loss, Brier score, calibration error', () => {
    expectClose([logLoss(logP, labels, classes)], [problem.logLoss]);
    expectClose([brierScore(probabilities, labels, classes)], [problem.brier]);
    if (problem.binaryBrier !== null) expect(problem.brier).toBeCloseTo(2 * problem.binaryBrier, 10);
    expectClose([calibration(confidences(probabilities, labels, classes)).expectedError], [problem.calibrationError]);
  });

  test('area under the curve', () => {
    expectClose([macroAreaUnderCurve(probabilities, labels, classes)], [problem.areaUnderCurve]);
    expectClose([macroAreaUnderCurve(logOdds(logits, classes), labels, classes)], [problem.areaUnderCurve]);
  });

  test('temperature', () => {
    // As far as the derivative-free search of the fixture goes, whose bounds are e⁻⁶ and e⁶.
    if (problem.temperature > 1 / 300)
      expect(fitTemperature(logits, labels, classes)).toBeCloseTo(problem.temperature, 5);
  });

  test('groups', () => {
    const confusion = groupConfusion(predictions, labels, classes, groups);
    expectClose(
      groupErrors(confusion).cells.map(({ error }) => error),
      problem.cellErrors,
    );
    expectClose(
      [deo(confusion), equalizedOddsDifference(confusion), demographicParityDifference(confusion)],
      [problem.deo, problem.equalizedOdds, problem.demographicParity],
    );
  });

  test('evaluateLogits says the same', () => {
    const all = evaluateLogits(Float32Array.from(logits), Int32Array.from(labels), classes, { groups, resamples: 0 });
    expectClose(
      [all.balancedError, all.error, all.areaUnderCurve],
      [problem.balancedError, problem.error, problem.areaUnderCurve],
    );
    expectClose(
      [all.logLoss, all.brier, all.calibration.expectedError],
      [problem.logLoss, problem.brier, problem.calibrationError],
      6,
    );
    expect(all.confusion!.flat()).toEqual(problem.confusion);
    expectClose(
      [all.groups!.deo, all.groups!.equalizedOdds, all.groups!.demographicParity],
      [problem.deo, problem.equalizedOdds, problem.demographicParity],
    );
  });
});

describe('distributions', () => {
  test.each(fixture.normal)('normal, %d', (x, share) => {
    expect(normalCdf(x)).toBeCloseTo(share, 14);
    if (Math.abs(x) < 5) expect(normalQuantile(share)).toBeCloseTo(x, 9);
  });
  test.each(fixture.student)('Student, t = %d of %d degrees', (t, degrees, share) => {
    expect(studentCdf(t, degrees)).toBeCloseTo(share, 12);
  });
  test.each(fixture.studentQuantile)('quantile %d of %d degrees', (p, degrees, t) => {
    expect(studentQuantile(p, degrees) / t).toBeCloseTo(1, 7);
    expect(studentQuantile(1 - p, degrees) / -t).toBeCloseTo(1, 7);
  });
});

test.each(fixture.wilson)('Wilson: %d of %d', (successes, trials, low, high) => {
  expectClose(wilsonInterval(successes, trials), [low, high], 12);
});

test.each(fixture.bca.cases)('BCa about %d with acceleration %d', (estimate, a, low, high) => {
  const interval = bootstrapInterval(estimate, fixture.bca.draws, a, 0.9);
  expect(interval.kind).toBe('bca');
  expectClose([interval.low, interval.high], [low, high], 8);
});

test('acceleration of a mean', () => {
  const { sample, value } = fixture.acceleration;
  const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
  expect(acceleration(sample.map((x) => x - mean))).toBeCloseTo(value, 12);
});

test('paired comparison: Student', () => {
  const { first, second, mean, student, p } = fixture.paired;
  const result = pairedComparison(first, second);
  expectClose([result.mean, ...result.student, result.p], [mean, ...student, p], 9);
});

test('areaUnderCurve counts pairs, ties by half', () => {
  const { logits, labels } = fixture.problems[0]!;
  const scores = labels.map((_, i) => logits[2 * i]!);
  const pairs = scores.flatMap((s, i) =>
    scores.flatMap((t, j) => (labels[i] === 0 && labels[j] === 1 ? [s > t ? 1 : s === t ? 0.5 : 0] : [])),
  );
  expect(pairs).toContain(0.5);
  const share = pairs.reduce((sum, won) => sum + won, 0) / pairs.length;
  expect(
    areaUnderCurve(
      scores,
      labels.map((y) => y === 0),
    ),
  ).toBeCloseTo(share, 12);
});
