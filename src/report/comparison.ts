import { studentQuantile } from '../metrics/distributions.js';
import { type Evaluation, type PairedComparison, pairedComparison } from '../metrics/index.js';
import type { DataTable } from './table.js';

/** What methods can be compared by: errors and gaps in percent, the rest in its own unit. Of all but the area under the curve, less is better. */
export const FIGURES = {
  balancedError: 'balanced error',
  error: 'error',
  adjustedBalancedError: 'balanced error adjusted',
  groupBalancedError: 'group-balanced error',
  worstGroupError: 'worst-group error',
  deo: 'DEO',
  equalizedOdds: 'equalised odds',
  demographicParity: 'demographic parity',
  areaUnderCurve: 'AUC',
  logLoss: 'log loss',
  brier: 'Brier score',
  calibrationError: 'calibration error',
  scaledCalibrationError: 'calibration error scaled',
} as const;

export type FigureName = keyof typeof FIGURES;
export const figureNames = Object.keys(FIGURES) as [FigureName, ...FigureName[]];

export type FigureValues = { readonly [F in FigureName]: number | null };

/** The figures of an evaluation; `null` for what it has not. */
export function figureValues({ groups, adjusted, scaled, calibration, ...rest }: Evaluation): FigureValues {
  const values: { [F in FigureName]: number | undefined } = {
    balancedError: rest.balancedError,
    error: rest.error,
    adjustedBalancedError: adjusted?.balancedError,
    groupBalancedError: groups?.groupBalancedError,
    worstGroupError: groups?.worst.error,
    deo: groups?.deo,
    equalizedOdds: groups?.equalizedOdds,
    demographicParity: groups?.demographicParity,
    areaUnderCurve: rest.areaUnderCurve,
    logLoss: rest.logLoss,
    brier: rest.brier,
    calibrationError: 100 * calibration.expectedError,
    scaledCalibrationError: 100 * scaled.calibration.expectedError,
  };
  return Object.fromEntries(
    figureNames.map((name) => [name, Number.isFinite(values[name]) ? values[name]! : null]),
  ) as unknown as FigureValues;
}

/** One method trained once. */
export interface CellResult {
  readonly scenario: string;
  readonly method: string;
  readonly seed: number;
  /** `null` if the training failed. */
  readonly figures: FigureValues | null;
  readonly seconds: number;
  /** Why it failed. */
  readonly failure?: string;
}

export interface MethodStatistics {
  readonly method: string;
  /** Seeds that came to an end. */
  readonly seeds: readonly number[];
  readonly values: readonly number[];
  readonly mean: number;
  /** With n − 1; NaN of one seed. */
  readonly standardDeviation: number;
  /** Student's 95 % interval of the mean. */
  readonly interval: readonly [number, number];
  readonly seconds: number;
  /** Reference − this method, over the seeds that both have; absent for the reference itself, and without such seeds. */
  readonly against?: PairedComparison;
}

/** All methods of one scenario, each against the reference. */
export interface ScenarioComparison {
  readonly scenario: string;
  readonly figure: FigureName;
  readonly reference: string;
  readonly methods: readonly MethodStatistics[];
  readonly failures: readonly CellResult[];
}

/**
 * Compares methods over seeds, scenario by scenario; the reference with each other one in pairs of the same seed.
 * @param against the reference; by default `autobalance` if it is there, else the first method
 */
export function compareMethods(
  cells: readonly CellResult[],
  { figure = 'balancedError', against }: { readonly figure?: FigureName; readonly against?: string } = {},
): ScenarioComparison[] {
  const scenarios = [...new Set(cells.map(({ scenario }) => scenario))];
  return scenarios.map((scenario) => {
    const own = cells.filter((cell) => cell.scenario === scenario);
    const names = [...new Set(own.map(({ method }) => method))];
    const reference = against ?? (names.includes('autobalance') ? 'autobalance' : names[0]!);
    const valuesOf = (method: string): Map<number, number> =>
      new Map(
        own.flatMap((cell) => {
          const value = cell.method === method ? cell.figures?.[figure] : undefined;
          return typeof value === 'number' ? [[cell.seed, value] as const] : [];
        }),
      );
    const referenceValues = valuesOf(reference);
    return {
      scenario,
      figure,
      reference,
      methods: names.map((method) => {
        const values = valuesOf(method);
        const shared = method === reference ? [] : [...values.keys()].filter((seed) => referenceValues.has(seed));
        const times = own.filter((cell) => cell.method === method).map(({ seconds }) => seconds);
        return {
          method,
          seeds: [...values.keys()],
          values: [...values.values()],
          ...summary([...values.values()]),
          seconds: times.reduce((sum, time) => sum + time, 0) / times.length,
          ...(shared.length > 0 && {
            against: pairedComparison(
              shared.map((seed) => referenceValues.get(seed)!),
              shared.map((seed) => values.get(seed)!),
            ),
          }),
        };
      }),
      failures: own.filter(({ figures }) => figures === null),
    };
  });
}

function summary(values: readonly number[]): Pick<MethodStatistics, 'mean' | 'standardDeviation' | 'interval'> {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardDeviation = n > 1 ? Math.sqrt(squares / (n - 1)) : Number.NaN;
  const reach = n > 1 ? (studentQuantile(0.975, n - 1) * standardDeviation) / Math.sqrt(n) : Number.NaN;
  return { mean, standardDeviation, interval: [mean - reach, mean + reach] };
}

const DECIMALS: { readonly [F in FigureName]?: number } = { areaUnderCurve: 4, logLoss: 4, brier: 4 };

export const decimalsOf = (figure: FigureName): number => DECIMALS[figure] ?? 2;

const interval = ([low, high]: readonly [number, number], decimals: number): string =>
  Number.isFinite(low) ? `${low.toFixed(decimals)} … ${high.toFixed(decimals)}`.replaceAll(/-(?=\d)/g, '−') : '';

/**
 * A row for each method: mean and deviation over the seeds, the difference reference − method in pairs with Student's and the bootstrap interval,
 * in how many seeds the reference is lower, and the seconds of a training.
 */
export function comparisonTable({ figure, reference, methods }: ScenarioComparison): DataTable {
  const decimals = decimalsOf(figure);
  return {
    columns: [
      { name: 'method', text: true },
      { name: 'seeds', detail: true },
      { name: FIGURES[figure], decimals },
      { name: '±', decimals },
      { name: `${reference} less this`, decimals },
      { name: 'Student 95 %' },
      { name: 'bootstrap 95 %' },
      { name: 'lower in' },
      { name: 'p', decimals: 4, detail: true },
      { name: 'seconds', decimals: 1, detail: true },
    ],
    rows: methods.map(({ method, values, mean, standardDeviation, against, seconds }) => [
      method,
      values.length,
      mean,
      standardDeviation,
      against?.mean ?? null,
      against ? interval(against.student, decimals) : '',
      against ? interval(against.bootstrap, decimals) : '',
      against ? `${against.below} of ${against.pairs}` : '',
      against?.p ?? null,
      seconds,
    ]),
  };
}

/** A row for each training, with every figure: what the statistics were made from. */
export const cellTable = (cells: readonly CellResult[]): DataTable => ({
  columns: [
    { name: 'scenario', text: true },
    { name: 'method', text: true },
    { name: 'seed' },
    ...figureNames.map((name) => ({ name, decimals: decimalsOf(name) })),
    { name: 'seconds', decimals: 1 },
    { name: 'failure', text: true },
  ],
  rows: cells.map(({ scenario, method, seed, figures, seconds, failure }) => [
    scenario,
    method,
    seed,
    ...figureNames.map((name) => figures?.[name] ?? null),
    seconds,
    failure ?? '',
  ]),
});
