import { rankByClass, rankedMacroArea } from './area-under-curve.js';
import { type BootstrapInterval, bootstrap, type Statistic } from './bootstrap.js';
import { brierScores } from './brier.js';
import { type Calibration, type Confidences, calibration, confidences } from './calibration.js';
import { type Groups, requireGroups, requireScores } from './check.js';
import { countErrors } from './classification.js';
import { confusionMatrix } from './confusion-matrix.js';
import { demographicParityDifference, deo, equalizedOddsDifference } from './fairness.js';
import { countConfusion, type GroupConfusion } from './group-confusion.js';
import { type Cell, groupErrors } from './group-errors.js';
import { logLosses } from './log-loss.js';
import { weightedMean } from './mean.js';
import { adjustLogits, fitTemperature, scaleLogits } from './post-hoc.js';
import { argmaxRows, logOdds, logProbabilities } from './probabilities.js';
import { type ShotAccuracies, type ShotThresholds, shotAccuracies } from './shots.js';
import { type Interval, LARGEST_HALF_WIDTH, tooFewToJudge, wilsonInterval } from './wilson.js';

export interface EvaluationOptions {
  /** Training samples of each class; without them there are no shots and no logit adjustment. */
  readonly trainCounts?: readonly number[];
  readonly groups?: Groups;
  readonly shots?: ShotThresholds;
  /** Fixes the resamples and the halves of the temperature. Default 0. */
  readonly seed?: number;
  /** Bootstrap resamples; 0 for no intervals. Default 1000. */
  readonly resamples?: number;
  /** Largest half-width, in percent points, of an interval that still says something. Default 10. */
  readonly largestHalfWidth?: number;
}

/** How probable the model says things are: log loss in nats, Brier score from 0 to 2, calibration errors from 0 to 1. */
export interface ProbabilityScores {
  readonly logLoss: number;
  readonly brier: number;
  readonly calibration: Calibration;
}

/** Figures about groups, in percent and percent points. */
export interface GroupFigures {
  readonly names: readonly string[];
  readonly cells: readonly Cell[];
  readonly groupError: readonly number[];
  readonly groupBalancedError: number;
  readonly worst: Cell;
  readonly deo: number;
  readonly equalizedOdds: number;
  readonly demographicParity: number;
}

/** Figures of one set of logits; errors in percent. */
export interface Figures extends ProbabilityScores {
  readonly classError: readonly number[];
  readonly balancedError: number;
  readonly error: number;
  /** One-vs-rest, macro; from 0 to 1. NaN if there is one class only. */
  readonly areaUnderCurve: number;
  readonly shots?: ShotAccuracies;
  readonly groups?: GroupFigures;
}

export interface Evaluation extends Figures {
  readonly samples: number;
  readonly classes: number;
  /** Test samples of each class. */
  readonly classCounts: readonly number[];
  /** Wilson's 95 % interval of each class's error, in percent. */
  readonly classInterval: readonly Interval[];
  /** Classes whose error too few test samples stand behind to be judged. */
  readonly tooFew: readonly number[];
  /** Row: true class, column: predicted; absent beyond {@link MOST_CONFUSED} classes. */
  readonly confusion?: readonly (readonly number[])[];
  /** The figures after logit adjustment with the training prior, τ = 1; absent without training counts. */
  readonly adjusted?: Figures;
  /** After temperature scaling. Predictions stay what they were. */
  readonly scaled: ProbabilityScores & { readonly temperatures: readonly [number, number] };
  /** 95 % bootstrap intervals by name of the figure. */
  readonly intervals: { readonly [figure: string]: BootstrapInterval };
}

/** A matrix for more classes than that nobody reads. */
export const MOST_CONFUSED = 100;

/** Areas under the curve of more scores than that are given no interval: 100 000 would take three seconds. */
const MOST_RANKED = 50_000;

/**
 * Everything that is known about a classifier from its logits on a test set.
 *
 * The temperature is cross-fitted: the samples are halved within classes, each half is scaled by the temperature fitted on the other, so that no
 * sample is calibrated on itself, and nothing need be held back from training.
 * @param logits [N, K], row by row
 * @throws {DataError|NumericError|ConfigError} on logits, labels, groups or counts that cannot be
 */
export function evaluateLogits(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  options: EvaluationOptions = {},
): Evaluation {
  requireScores(logits, labels, classes);
  if (options.groups) requireGroups(options.groups, labels.length);
  const { trainCounts, seed = 0, resamples = 1000, largestHalfWidth = LARGEST_HALF_WIDTH } = options;
  const prepared = prepare(logits, labels, classes, options.groups);
  const figures = figuresOf(prepared, options);
  const classCounts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) classCounts[labels[i]!]! += 1;
  const wrong = figures.classError.map((error, k) =>
    classCounts[k] ? Math.round((error * classCounts[k]!) / 100) : 0,
  );
  const flat = classes <= MOST_CONFUSED ? confusionMatrix(prepared.predictions, labels, classes) : undefined;
  const adjustable = trainCounts?.every((count) => count > 0);
  return {
    samples: labels.length,
    classes,
    classCounts,
    ...figures,
    classInterval: wrong.map((count, k) => {
      const [low, high] = wilsonInterval(count, classCounts[k]!);
      return [100 * low, 100 * high];
    }),
    tooFew: wrong.flatMap((count, k) => (tooFewToJudge(count, classCounts[k]!, largestHalfWidth) ? [k] : [])),
    ...(flat && { confusion: classCounts.map((_, k) => [...flat.subarray(k * classes, (k + 1) * classes)]) }),
    ...(adjustable && {
      adjusted: figuresOf(prepare(adjustLogits(logits, trainCounts!), labels, classes, options.groups), options),
    }),
    scaled: crossFitted(logits, labels, classes),
    intervals:
      resamples === 0 ? {} : bootstrap(statisticsOf(prepared), labels.length, { seed, strata: labels, resamples }),
  };
}

/** What every figure is read from, computed once and weighted often. */
interface Prepared {
  readonly labels: ArrayLike<number>;
  readonly classes: number;
  readonly predictions: Int32Array;
  readonly confidences: Confidences;
  readonly logLosses: Float64Array;
  readonly brierScores: Float64Array;
  readonly ranked: ReturnType<typeof rankByClass>;
  readonly groups: Groups | undefined;
}

function prepare(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  groups: Groups | undefined,
): Prepared {
  const logP = logProbabilities(logits, classes);
  const probabilities = logP.map(Math.exp);
  return {
    labels,
    classes,
    // Of the logits, not the probabilities: those of large logits may tie at 1.
    predictions: argmaxRows(logits, classes),
    confidences: confidences(probabilities, labels, classes),
    logLosses: logLosses(logP, labels, classes),
    brierScores: brierScores(probabilities, labels, classes),
    ranked: rankByClass(logOdds(logits, classes), classes),
    groups,
  };
}

const confusionOf = (
  { predictions, labels, classes }: Prepared,
  groups: Groups,
  weights?: Float64Array,
): GroupConfusion => countConfusion(predictions, labels, classes, groups, weights);

function figuresOf(prepared: Prepared, { trainCounts, shots }: EvaluationOptions): Figures {
  const { predictions, labels, classes, groups } = prepared;
  const errors = countErrors(predictions, labels, classes);
  return {
    ...errors,
    areaUnderCurve: rankedMacroArea(prepared.ranked, labels),
    logLoss: weightedMean(prepared.logLosses),
    brier: weightedMean(prepared.brierScores),
    calibration: calibration(prepared.confidences),
    ...(trainCounts && { shots: shotAccuracies(errors.classError, trainCounts, shots) }),
    ...(groups && { groups: groupFigures(confusionOf(prepared, groups), groups.names) }),
  };
}

const groupFigures = (confusion: GroupConfusion, names: readonly string[]): GroupFigures => ({
  names,
  ...groupErrors(confusion),
  deo: deo(confusion),
  equalizedOdds: equalizedOddsDifference(confusion),
  demographicParity: demographicParityDifference(confusion),
});

function statisticsOf(prepared: Prepared): { [name: string]: Statistic } {
  const { predictions, labels, classes, ranked, groups } = prepared;
  const ofGroups =
    (figure: (confusion: GroupConfusion) => number): Statistic =>
    (weights) =>
      figure(confusionOf(prepared, groups!, weights));
  return {
    balancedError: (weights) => countErrors(predictions, labels, classes, weights).balancedError,
    error: (weights) => countErrors(predictions, labels, classes, weights).error,
    logLoss: (weights) => weightedMean(prepared.logLosses, weights),
    brier: (weights) => weightedMean(prepared.brierScores, weights),
    calibrationError: (weights) => calibration(prepared.confidences, { weights }).expectedError,
    ...(labels.length * classes <= MOST_RANKED && {
      areaUnderCurve: (weights: Float64Array) => rankedMacroArea(ranked, labels, weights),
    }),
    ...(groups && {
      groupBalancedError: ofGroups((confusion) => groupErrors(confusion).groupBalancedError),
      worstGroupError: ofGroups((confusion) => groupErrors(confusion).worst.error),
      deo: ofGroups(deo),
      equalizedOdds: ofGroups(equalizedOddsDifference),
      demographicParity: ofGroups(demographicParityDifference),
    }),
  };
}

function crossFitted(logits: ArrayLike<number>, labels: ArrayLike<number>, classes: number): Evaluation['scaled'] {
  const seen = new Array<number>(classes).fill(0);
  const halves: [number[], number[]] = [[], []];
  for (let i = 0; i < labels.length; i++) halves[seen[labels[i]!]!++ % 2]!.push(i);
  const rowsOf = (half: readonly number[]): Float64Array => {
    const rows = new Float64Array(half.length * classes);
    half.forEach((i, at) => {
      for (let k = 0; k < classes; k++) rows[at * classes + k] = logits[i * classes + k]!;
    });
    return rows;
  };
  // Of one sample in all there is nothing to fit on but itself.
  const temperatureOf = (half: readonly number[]): number =>
    half.length === 0
      ? 1
      : fitTemperature(
          rowsOf(half),
          half.map((i) => labels[i]!),
          classes,
        );
  const temperatures = [temperatureOf(halves[1]), temperatureOf(halves[0])] as const;
  const scaled = new Float64Array(logits.length);
  halves.forEach((half, at) => {
    const rows = scaleLogits(rowsOf(half), temperatures[at]!);
    half.forEach((i, n) => {
      scaled.set(rows.subarray(n * classes, (n + 1) * classes), i * classes);
    });
  });
  const logP = logProbabilities(scaled, classes);
  const probabilities = logP.map(Math.exp);
  return {
    temperatures,
    logLoss: weightedMean(logLosses(logP, labels, classes)),
    brier: weightedMean(brierScores(probabilities, labels, classes)),
    calibration: calibration(confidences(probabilities, labels, classes)),
  };
}
