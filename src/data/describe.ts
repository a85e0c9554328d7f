import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LARGEST_HALF_WIDTH, tooFewToJudge } from '../metrics/wilson.js';
import type { Dataset, DatasetParts, TableDataset } from './dataset.js';
import { cellCounts, type GroupColumn } from './groups.js';
import { classCounts } from './long-tail.js';
import { sampleKeys } from './sample-bytes.js';

/** Files looked for before it is said that all are there; each costs a call to the file system. */
const FILES_CHECKED = 2000;
/** Groups, cells and classes named in one warning. */
const NAMED = 6;

export interface GroupDescription {
  readonly name: string;
  readonly names: readonly string[];
  readonly counts: readonly number[];
  /** [classes][groups] */
  readonly cells: readonly (readonly number[])[];
}

export interface PartDescription {
  readonly part: 'training' | 'validation' | 'test';
  readonly samples: number;
  readonly classCounts: readonly number[];
  /** Largest over smallest class that has samples. */
  readonly imbalance: number;
  readonly groups: readonly GroupDescription[];
  /** Missing values of each column that has any. */
  readonly missing: readonly { readonly column: string; readonly count: number }[];
}

export interface DatasetDescription {
  readonly name: string;
  readonly kind: Dataset['kind'];
  /** What a sample is: `28×28×1`, or the columns of a table. */
  readonly sample: string;
  readonly classNames: readonly string[];
  readonly parts: readonly PartDescription[];
  readonly warnings: readonly string[];
}

export interface DescribeOptions {
  readonly name: string;
  /** Samples of the training set that are used, default all. */
  readonly indices?: Int32Array;
  /** Columns to count by beside the data set's own: products of them. */
  readonly columns?: (dataset: Dataset) => readonly GroupColumn[];
}

/**
 * Counts a data set by class, by group and by both, and says what may go wrong with it.
 * Time is that of a hash over all samples; of image files only the paths are read, and some are looked for on disk.
 */
export async function describeDataset(
  { train, validation, test }: DatasetParts,
  { name, indices, columns = () => [] }: DescribeOptions,
): Promise<DatasetDescription> {
  const used = indices ?? allOf(train);
  const counted: readonly (readonly [PartDescription['part'], Dataset, Int32Array])[] = [
    ['training', train, used],
    ...(validation ? [['validation', validation, allOf(validation)] as const] : []),
    ['test', test, allOf(test)],
  ];
  const parts = counted.map(([part, dataset, samples]) => describePart(part, dataset, samples, columns(dataset)));
  const { classNames, kind } = train;
  const warnings = [
    ...parts.flatMap((part) => warningsOf(part, classNames)),
    ...(kind === 'table' ? columnWarnings(train, used) : []),
    ...duplicateWarnings(train, used, test),
    ...(await missingFiles(counted.map(([, dataset]) => dataset))),
  ];
  return { name, kind, sample: sampleText(train), classNames, parts, warnings };
}

const allOf = ({ labels }: Dataset): Int32Array => labels.map((_, sample) => sample);

function sampleText(dataset: Dataset): string {
  if (dataset.kind !== 'table') return `${dataset.imageShape.join('×')} pixels`;
  return `${dataset.numericNames.length} numeric and ${dataset.categoricalColumns.length} categorical columns`;
}

function describePart(
  part: PartDescription['part'],
  dataset: Dataset,
  samples: Int32Array,
  extra: readonly GroupColumn[],
): PartDescription {
  const counts = classCounts(dataset.labels, dataset.classes, samples);
  const present = counts.filter((count) => count > 0);
  return {
    part,
    samples: samples.length,
    classCounts: counts,
    imbalance: Math.max(...present) / Math.min(...present),
    groups: [...dataset.groups, ...extra].map((column) => describeGroup(dataset, column, samples)),
    missing: dataset.kind === 'table' ? missingValues(dataset, samples) : [],
  };
}

function describeGroup(dataset: Dataset, column: GroupColumn, samples: Int32Array): GroupDescription {
  const cells = cellCounts(dataset, column, samples);
  const { name, names } = column;
  return { name, names, counts: names.map((_, g) => cells.reduce((sum, row) => sum + row[g]!, 0)), cells };
}

function missingValues(table: TableDataset, samples: Int32Array): PartDescription['missing'] {
  const { numeric, numericNames, categorical, categoricalColumns } = table;
  const count = (width: number, column: number, isMissing: (at: number) => boolean): number =>
    samples.reduce((sum, row) => sum + (isMissing(row * width + column) ? 1 : 0), 0);
  return [
    ...numericNames.map((column, k) => ({
      column,
      count: count(numericNames.length, k, (at) => Number.isNaN(numeric[at])),
    })),
    ...categoricalColumns.map(({ name: column }, k) => ({
      column,
      count: count(categoricalColumns.length, k, (at) => categorical[at]! < 0),
    })),
  ].filter((entry) => entry.count > 0);
}

/** `a (3), b (7) and 5 more`. */
function few(entries: readonly (readonly [name: string, count: number])[]): string {
  const named = entries.slice(0, NAMED).map(([name, count]) => `${name} (${count})`);
  const rest = entries.length - named.length;
  return named.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function warningsOf({ part, classCounts: counts, groups }: PartDescription, classNames: readonly string[]): string[] {
  const warnings: string[] = [];
  const report = (what: string, entries: readonly (readonly [string, number])[], consequence: string): void => {
    if (entries.length > 0) warnings.push(`${part}: ${what}: ${few(entries)}; ${consequence}.`);
  };
  const classes = classNames.map((name, k) => [name, counts[k]!] as const);
  const nothing = ([, count]: readonly [string, number]): boolean => count === 0;
  // What half of them wrong would say: the widest interval there can be.
  const judgeable = ([, count]: readonly [string, number]): boolean => count === 0 || !tooFewToJudge(count / 2, count);
  const unjudged = `an error rate near one half would not be known to within ±${LARGEST_HALF_WIDTH} points`;
  const inTraining = part === 'training';
  report(
    'classes without samples',
    classes.filter(nothing),
    inTraining ? 'nothing can be learned of them' : 'they cannot be judged',
  );
  if (!inTraining)
    report(
      'classes that may be too small to judge',
      classes.filter((entry) => !judgeable(entry)),
      unjudged,
    );
  for (const { name, names, counts: sizes, cells } of groups) {
    const of = names.map((group, g) => [group, sizes[g]!] as const);
    report(
      `groups of ${name} without samples`,
      of.filter(nothing),
      inTraining ? 'nothing can be learned of them' : 'they cannot be judged',
    );
    if (inTraining) continue;
    const pairs = names.flatMap((group, g) =>
      classNames.map((k, row) => [`${k} in ${group}`, cells[row]![g]!] as const),
    );
    const inhabited = pairs.filter((_, i) => sizes[Math.floor(i / classNames.length)]! > 0);
    report(`classes within ${name} without samples`, inhabited.filter(nothing), 'rates of these cells do not exist');
    report(
      `classes within ${name} that may be too small to judge`,
      inhabited.filter((entry) => !judgeable(entry)),
      unjudged,
    );
  }
  return warnings;
}

function columnWarnings(table: TableDataset, samples: Int32Array): string[] {
  const { numeric, numericNames, categorical, categoricalColumns } = table;
  const constant = numericNames.filter((_, column) => {
    const values = samples.reduce(
      (seen, row) => seen.add(numeric[row * numericNames.length + column]!),
      new Set<number>(),
    );
    values.delete(Number.NaN);
    return values.size <= 1;
  });
  const unique = categoricalColumns.filter((_, column) => {
    const seen = new Set(Array.from(samples, (row) => categorical[row * categoricalColumns.length + column]!));
    return seen.size > samples.length / 2 && seen.size > 20;
  });
  return [
    ...constant.map((name) => `training: column ${name} has one value only; leave it out.`),
    ...unique.map(
      ({ name }) => `training: column ${name} has another category in most rows, like an identifier; leave it out.`,
    ),
  ];
}

/** Samples of the test set that training has seen, and equal training samples of different classes. */
function duplicateWarnings(train: Dataset, samples: Int32Array, test: Dataset): string[] {
  const keys = sampleKeys(train);
  const classOf = new Map<string, number>();
  const contradicted = new Set<string>();
  for (const sample of samples) {
    const known = classOf.get(keys[sample]!);
    if (known === undefined) classOf.set(keys[sample]!, train.labels[sample]!);
    else if (known !== train.labels[sample]) contradicted.add(keys[sample]!);
  }
  const shared = sampleKeys(test).filter((key) => classOf.has(key)).length;
  const what = train.kind === 'image-files' ? 'name a file that' : 'look exactly like one that';
  return [
    ...(shared > 0
      ? [
          `test: ${shared} of ${test.labels.length} samples ${what} is also in training; results on them say nothing new.`,
        ]
      : []),
    ...(contradicted.size > 0
      ? [`training: ${contradicted.size} samples occur with more than one class; no model can fit them all.`]
      : []),
  ];
}

async function missingFiles(datasets: readonly Dataset[]): Promise<string[]> {
  const warnings: string[] = [];
  for (const dataset of datasets) {
    if (dataset.kind !== 'image-files') continue;
    const { paths, root, origin } = dataset;
    const step = Math.max(1, Math.ceil(paths.length / FILES_CHECKED));
    const checked = Array.from({ length: Math.ceil(paths.length / step) }, (_, i) => i * step);
    const absent: number[] = [];
    for (const sample of checked) {
      await stat(join(root, paths[sample]!)).catch(() => absent.push(sample));
    }
    if (absent.length === 0) continue;
    warnings.push(
      `${origin.file}: ${absent.length} of ${checked.length} files looked for cannot be opened, the first ${paths[absent[0]!]} ` +
        `(line ${origin.lines[absent[0]!]}); check the folder.`,
    );
  }
  return warnings;
}
