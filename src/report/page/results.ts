import type { DataTable } from '../table.js';
import type { Method } from './content.js';

const interval = (evaluation: Method['evaluation'], figure: string, scale = 1): string => {
  const found = evaluation.intervals[figure];
  return found && Number.isFinite(found.low)
    ? `${(scale * found.low).toFixed(2)} – ${(scale * found.high).toFixed(2)}`
    : '';
};

/** A row for each method: errors in percent with the bootstrap interval, shots, groups, what post-hoc adjustment makes of it, seconds. */
export function errorsTable(methods: readonly Method[]): DataTable {
  const [shots, groups, adjusted, seconds] = [
    methods.some(({ evaluation }) => evaluation.shots),
    methods.some(({ evaluation }) => evaluation.groups),
    methods.some(({ evaluation }) => evaluation.adjusted),
    methods.some((method) => method.seconds !== undefined),
  ];
  const percent = (name: string) => ({ name, decimals: 2 });
  return {
    columns: [
      { name: 'method', text: true },
      percent('balanced error'),
      { name: '95\u00a0% interval' },
      percent('error'),
      ...(shots ? ['many-shot accuracy', 'medium', 'few'].map(percent) : []),
      ...(groups ? ['worst group', 'DEO', 'equalised odds', 'demographic parity'].map(percent) : []),
      ...(adjusted ? [percent('balanced, adjusted')] : []),
      ...(seconds ? [{ name: 'seconds', decimals: 0 }] : []),
    ],
    rows: methods.map(({ name, evaluation: e, seconds: time }) => [
      name,
      e.balancedError,
      interval(e, 'balancedError'),
      e.error,
      ...(shots ? [e.shots?.many, e.shots?.medium, e.shots?.few].map((shot) => shot?.accuracy ?? null) : []),
      ...(groups
        ? [e.groups?.worst.error, e.groups?.deo, e.groups?.equalizedOdds, e.groups?.demographicParity].map(
            (value) => value ?? null,
          )
        : []),
      ...(adjusted ? [e.adjusted?.balancedError ?? null] : []),
      ...(seconds ? [time ?? null] : []),
    ]),
  };
}

/** A row for each method: how well its probabilities rank and how far they can be believed, before and after temperature scaling. */
export function probabilitiesTable(methods: readonly Method[]): DataTable {
  return {
    columns: [
      { name: 'method', text: true },
      { name: 'AUC', decimals: 4 },
      { name: 'log loss', decimals: 4 },
      { name: 'scaled', decimals: 4 },
      { name: 'Brier score', decimals: 4 },
      { name: 'scaled', decimals: 4 },
      { name: 'ECE, %', decimals: 2 },
      { name: '95\u00a0% interval' },
      { name: 'scaled', decimals: 2 },
    ],
    rows: methods.map(({ name, evaluation: e }) => [
      name,
      e.areaUnderCurve,
      e.logLoss,
      e.scaled.logLoss,
      e.brier,
      e.scaled.brier,
      100 * e.calibration.expectedError,
      interval(e, 'calibrationError', 100),
      100 * e.scaled.calibration.expectedError,
    ]),
  };
}

/** Error of every cell of class and group, with a mark where too few samples stand behind it to be judged. */
export function cellsTable(methods: readonly Method[], classNames: readonly string[]): DataTable | undefined {
  const first = methods[0]?.evaluation.groups;
  if (!first) return undefined;
  return {
    columns: [
      { name: 'class', text: true },
      { name: 'group', text: true },
      { name: 'test samples' },
      { name: 'to judge', text: true },
      ...methods.map(({ name }) => ({ name, decimals: 2 })),
    ],
    rows: first.cells.map((cell, at) => [
      classNames[cell.class]!,
      first.names[cell.group]!,
      cell.samples,
      methods.some(({ evaluation }) => evaluation.groups?.cells[at]?.tooFew) ? 'too few' : 'enough',
      ...methods.map(({ evaluation }) => evaluation.groups?.cells[at]?.error ?? null),
    ]),
  };
}
