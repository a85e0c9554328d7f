import { DataError } from '../../ir/errors.js';
import {
  assertFinite,
  type DatasetParts,
  type ImageDataset,
  imageDataset,
  type TableDataset,
  tableDataset,
} from '../dataset.js';
import type { GroupColumn } from '../groups.js';
import type { NpyArray } from './npy.js';
import { readNpz } from './npz.js';

type Dataset = ImageDataset | TableDataset;

/** What the parts of a data set are called, and the two usual ways to call the inputs and labels of each. */
const PARTS = { train: 'train', validation: 'val', test: 'test' } as const;
type Part = keyof typeof PARTS;

const INPUTS = (part: Part): string[] => [`x_${PARTS[part]}`, `${PARTS[part]}_images`];
const LABELS = (part: Part): string[] => [`y_${PARTS[part]}`, `${PARTS[part]}_labels`];
const MAX_COLUMNS = 65_536;
const GROUP = /^group_(.+)_(train|val|test)$/;

const isInteger = ({ dtype }: NpyArray): boolean => dtype !== 'f32' && dtype !== 'f64';
const sizeOf = ({ shape }: NpyArray): string => `${shape.join('×') || 'none'}`;

/** Integers of shape [n] or [n, 1]. */
function integersOf(array: NpyArray, name: string): Int32Array {
  const [, columns = 1] = array.shape;
  const tall = array.shape.length === 1 || (array.shape.length === 2 && columns === 1);
  if (!tall || !isInteger(array)) {
    throw new DataError(
      `${name}: must be integers of shape n or n×1, found ${array.dtype} of shape ${sizeOf(array)}; save one class or group a sample.`,
    );
  }
  const beyond = array.data.findIndex((value) => value < 0 || value > 0x7fffffff);
  if (beyond >= 0) {
    throw new DataError(
      `${name}: sample ${beyond} is ${array.data[beyond]}, but classes and groups are counted from 0; renumber them.`,
    );
  }
  return Int32Array.from(array.data);
}

const largest = (values: Int32Array): number => values.reduce((most, value) => Math.max(most, value), 0);

/**
 * Reads a data set from an NPZ archive with the arrays `x_train`, `y_train`, `x_test`, `y_test` and, if there is a validation set, `x_val`,
 * `y_val` (or, as MedMNIST calls them, `train_images`, `train_labels`, …). Inputs are images, u8 [n, height, width] or
 * [n, height, width, channels], or the numeric columns of a table, [n, columns]; labels are integers counted from 0. An integer array
 * `group_NAME_train` (and `_val`, `_test`) is the group column NAME.
 *
 * @throws FileError when the file cannot be read
 * @throws DataError when an array is missing, damaged or not of the expected form
 * @throws NumericError when a number of a table is not finite
 */
export async function loadNpzDataset(
  path: string,
  { name }: { readonly name: string },
): Promise<DatasetParts<Dataset>> {
  const known = (Object.keys(PARTS) as Part[]).flatMap((part) => [...INPUTS(part), ...LABELS(part)]);
  const { arrays, names } = await readNpz(path, (array) => known.includes(array) || GROUP.test(array));
  const find = (choices: string[]): [string, NpyArray] => {
    const found = choices.find((choice) => arrays.has(choice));
    if (found !== undefined) return [`${path}: ${found}`, arrays.get(found)!];
    throw new DataError(
      `${path}: must hold an array ${choices.join(' or ')}, it has ${names.join(', ') || 'none'}; save the arrays under these names.`,
    );
  };
  const classes = largest(integersOf(...swap(find(LABELS('train'))))) + 1;
  const groupNames = [...new Set([...arrays.keys()].flatMap((array) => GROUP.exec(array)?.[1] ?? []))];
  const groupsOf = (part: Part): GroupColumn[] =>
    groupNames.map((group) => {
      const sizes = (Object.keys(PARTS) as Part[]).flatMap((other) => {
        const key = `group_${group}_${PARTS[other]}`;
        return arrays.has(key) ? [largest(integersOf(arrays.get(key)!, `${path}: ${key}`)) + 1] : [];
      });
      const [label, array] = find([`group_${group}_${PARTS[part]}`]);
      const labels = Array.from({ length: Math.max(...sizes) }, (_, g) => String(g));
      return { name: group, names: labels, values: integersOf(array, label) };
    });
  const load = (part: Part, which: string): Dataset =>
    datasetOf(find(INPUTS(part)), {
      name: `${name} (${which})`,
      labels: integersOf(...swap(find(LABELS(part)))),
      classes,
      groups: groupsOf(part),
    });
  const validated = [...INPUTS('validation'), ...LABELS('validation')].some((array) => arrays.has(array));
  const parts = {
    train: load('train', 'training'),
    ...(validated && { validation: load('validation', 'validation') }),
    test: load('test', 'test'),
  };
  for (const part of [parts.validation, parts.test]) requireAlike(parts.train, part, path);
  return parts;
}

const swap = ([label, array]: [string, NpyArray]): [NpyArray, string] => [array, label];

interface Common {
  readonly name: string;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly groups: readonly GroupColumn[];
}

function datasetOf([label, array]: [string, NpyArray], common: Common): Dataset {
  const [count = 0, ...rest] = array.shape;
  if (count !== common.labels.length) {
    throw new DataError(
      `${label}: has ${count} samples, but there are ${common.labels.length} labels; save both again.`,
    );
  }
  if (array.dtype === 'u8' && (rest.length === 2 || rest.length === 3)) {
    const [height, width, channels = 1] = rest as [number, number, number?];
    return imageDataset({ ...common, images: array.data as Uint8Array, imageShape: [height, width, channels] });
  }
  const [columns] = rest;
  if (rest.length !== 1 || columns === undefined) {
    throw new DataError(
      `${label}: must be u8 of shape n×height×width(×channels), or numbers of shape n×columns, found ${array.dtype} of shape ` +
        `${sizeOf(array)}; convert it.`,
    );
  }
  if (columns > MAX_COLUMNS) {
    throw new DataError(`${label}: a table may have ${MAX_COLUMNS} columns, found ${columns}; leave some out.`);
  }
  const numeric = Float32Array.from(array.data);
  assertFinite(numeric, columns, label);
  const numericNames = Array.from({ length: columns }, (_, column) => `column ${column}`);
  return tableDataset({ ...common, numeric, numericNames, categorical: new Int32Array(0), categoricalColumns: [] });
}

const formOf = (dataset: Dataset): string =>
  dataset.kind === 'images' ? `images of ${dataset.imageShape.join('×')}` : `${dataset.numericNames.length} columns`;

function requireAlike(train: Dataset, other: Dataset | undefined, path: string): void {
  if (!other || formOf(train) === formOf(other)) return;
  throw new DataError(
    `${path}: all parts must be of one form, but training has ${formOf(train)} and ${other.name} ${formOf(other)}; save them again.`,
  );
}
