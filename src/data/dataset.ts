import { ConfigError, DataError, NumericError } from '../ir/errors.js';
import { checkGroup, type GroupColumn } from './groups.js';

/** What every labelled data set has, whatever its samples are. */
export interface Labelled {
  /** Used in messages and reports. */
  readonly name: string;
  /** Class of each sample, shape [n], 0 … classes−1. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** One for each class. */
  readonly classNames: readonly string[];
  /** Any number of named partitions of the samples. */
  readonly groups: readonly GroupColumn[];
}

/** Labelled images in memory. */
export interface ImageDataset extends Labelled {
  readonly kind: 'images';
  /** Pixels 0 … 255, shape [n, height, width, channels], row-major. One byte each; a batch turns them into numbers. */
  readonly images: Uint8Array;
  /** [height, width, channels] */
  readonly imageShape: readonly [number, number, number];
}

/** Labelled images in files, decoded when a batch needs them. */
export interface ImageFileDataset extends Labelled {
  readonly kind: 'image-files';
  /** The folder that `paths` start from. */
  readonly root: string;
  /** File of each sample, with `/` between folders. */
  readonly paths: readonly string[];
  /** Where each path is listed, for messages: a file, and the line of each sample. */
  readonly origin: { readonly file: string; readonly lines: Int32Array };
  /** [height, width, channels] that a sample has once decoded; one channel or three. */
  readonly imageShape: readonly [number, number, number];
  /** Length to which the shorter side is scaled before the middle is cut out. */
  readonly resize: number;
}

/** Labelled rows of a table. */
export interface TableDataset extends Labelled {
  readonly kind: 'table';
  /** Shape [n, d], in the units of the file; NaN where the value is missing. */
  readonly numeric: Float32Array;
  readonly numericNames: readonly string[];
  /** Shape [n, c], positions in the column's `categories`; −1 where the value is missing. */
  readonly categorical: Int32Array;
  readonly categoricalColumns: readonly CategoricalColumn[];
}

export interface CategoricalColumn {
  readonly name: string;
  /** The vocabulary: everything that occurs in the training or test file. What a model may know of it is the encoder's business. */
  readonly categories: readonly string[];
}

export type Dataset = ImageDataset | ImageFileDataset | TableDataset;

/** A training and a test set, and the validation set of those that are published with one. */
export interface DatasetParts<D extends Dataset = Dataset> {
  readonly train: D;
  readonly validation?: D;
  readonly test: D;
}

/** What a constructor takes for {@link Labelled}: the classes as names, or only their number. */
export interface LabelledParts {
  readonly name: string;
  readonly labels: Int32Array;
  readonly classes: number | readonly string[];
  readonly groups?: readonly GroupColumn[];
}

const positive = (size: number): boolean => Number.isSafeInteger(size) && size >= 1;

function labelled({ name, labels, classes, groups = [] }: LabelledParts): Labelled {
  const count = typeof classes === 'number' ? classes : classes.length;
  if (!positive(count)) {
    throw new ConfigError(`${name}: the number of classes must be a positive integer, got ${count}.`);
  }
  if (labels.length === 0) throw new DataError(`${name}: a data set needs at least one sample, got none.`);
  const sample = labels.findIndex((label) => label < 0 || label >= count);
  if (sample >= 0) {
    throw new DataError(
      `${name}: sample ${sample} has label ${labels[sample]}, but labels must be 0 to ${count - 1}; correct the label file or the ` +
        'number of classes.',
    );
  }
  for (const column of groups) checkGroup(column, labels.length, name);
  const twice = groups.find(({ name: own }, i) => groups.findIndex((other) => other.name === own) < i);
  if (twice) throw new ConfigError(`${name}: two group columns are called ${twice.name}; rename one.`);
  const classNames = typeof classes === 'number' ? Array.from({ length: count }, (_, k) => String(k)) : classes;
  return { name, labels, classes: count, classNames, groups };
}

export interface ImageParts extends LabelledParts {
  readonly images: Uint8Array;
  readonly imageShape: readonly [number, number, number];
}

/** Numbers of one image. */
export const pixelsPerImage = ({
  imageShape: [height, width, channels],
}: {
  readonly imageShape: readonly [number, number, number];
}): number => height * width * channels;

/**
 * A data set of images made by hand or read from a file, checked.
 * @throws DataError when it is empty, when images, labels and groups disagree in number, or when a label or group is out of range
 * @throws ConfigError when the image shape or the number of classes is not made of positive integers
 */
export function imageDataset({ images, imageShape, ...parts }: ImageParts): ImageDataset {
  const { name } = parts;
  if (!imageShape.every(positive)) {
    throw new ConfigError(`${name}: an image shape must be positive integers, got ${imageShape.join('×')}.`);
  }
  const common = labelled(parts);
  const { length } = common.labels;
  const pixels = pixelsPerImage({ imageShape });
  if (images.length !== length * pixels) {
    throw new DataError(
      `${name}: images and labels must agree in number: ${length} labels need ${length * pixels} pixels at ${imageShape.join('×')}, ` +
        `got ${images.length} (${images.length / pixels} images); check that both files belong together.`,
    );
  }
  return { kind: 'images', ...common, images, imageShape };
}

export interface ImageFileParts extends LabelledParts {
  readonly root: string;
  readonly paths: readonly string[];
  readonly origin: { readonly file: string; readonly lines: Int32Array };
  readonly imageShape: readonly [number, number, number];
  readonly resize: number;
}

/**
 * A data set of image files, checked; the files themselves are opened when they are needed.
 * @throws DataError when it is empty, when paths, labels and groups disagree in number, or when a label or group is out of range
 * @throws ConfigError when the image shape is not of positive integers with one channel or three, or `resize` leaves less than it needs
 */
export function imageFileDataset({
  root,
  paths,
  origin,
  imageShape,
  resize,
  ...parts
}: ImageFileParts): ImageFileDataset {
  const { name } = parts;
  const [height, width, channels] = imageShape;
  if (!imageShape.every(positive) || (channels !== 1 && channels !== 3)) {
    throw new ConfigError(
      `${name}: an image shape must be positive integers with 1 or 3 channels, got ${imageShape.join('×')}.`,
    );
  }
  if (!positive(resize) || resize < Math.max(height, width)) {
    throw new ConfigError(
      `${name}: images scaled to ${resize} on their shorter side do not hold ${height}×${width}; raise resize to at least ` +
        `${Math.max(height, width)}.`,
    );
  }
  const common = labelled(parts);
  const { length } = common.labels;
  for (const [what, count] of [
    ['paths', paths.length],
    ['lines', origin.lines.length],
  ] as const) {
    if (count !== length) throw new DataError(`${name}: ${length} labels need as many ${what}, got ${count}.`);
  }
  return { kind: 'image-files', ...common, root, paths, origin, imageShape, resize };
}

export interface TableParts extends LabelledParts {
  readonly numeric: Float32Array;
  readonly numericNames: readonly string[];
  readonly categorical: Int32Array;
  readonly categoricalColumns: readonly CategoricalColumn[];
}

/**
 * A data set of table rows made by hand or read from a file, checked.
 * @throws DataError when it is empty, has no columns, when columns, labels and groups disagree in number, or when a label, group or category
 *   is out of range
 * @throws NumericError naming the first value that is infinite
 */
export function tableDataset({
  numeric,
  numericNames,
  categorical,
  categoricalColumns,
  ...parts
}: TableParts): TableDataset {
  const { name } = parts;
  const common = labelled(parts);
  const { length } = common.labels;
  if (numericNames.length + categoricalColumns.length === 0) {
    throw new DataError(`${name}: a table needs at least one numeric or categorical column, got none.`);
  }
  const sizes = [
    ['numeric', numeric.length, numericNames.length],
    ['categorical', categorical.length, categoricalColumns.length],
  ] as const;
  for (const [kind, values, columns] of sizes) {
    if (values === length * columns) continue;
    throw new DataError(
      `${name}: ${length} rows of ${columns} ${kind} columns need ${length * columns} values, got ${values}.`,
    );
  }
  const infinite = numeric.findIndex((value) => !Number.isFinite(value) && !Number.isNaN(value));
  if (infinite >= 0) {
    throw new NumericError(
      `${name}: every number must be finite (NaN for a missing one), but sample ${Math.floor(infinite / numericNames.length)}, column ` +
        `${numericNames[infinite % numericNames.length]} is ${numeric[infinite]}; remove the sample or fill in the value.`,
    );
  }
  categorical.forEach((value, i) => {
    const column = categoricalColumns[i % categoricalColumns.length]!;
    if (value >= -1 && value < column.categories.length) return;
    throw new DataError(
      `${name}: sample ${Math.floor(i / categoricalColumns.length)} has category ${value} in column ${column.name}, but its ` +
        `${column.categories.length} categories are 0 to ${column.categories.length - 1} (−1 for a missing one).`,
    );
  });
  return { kind: 'table', ...common, numeric, numericNames, categorical, categoricalColumns };
}

/** @throws {ConfigError} unless `index` is a sample of the data set */
export function checkedIndex({ name, labels }: Labelled, index: number): number {
  if (!(index >= 0 && index < labels.length)) {
    throw new ConfigError(`${name}: sample index ${index} is outside 0 to ${labels.length - 1}.`);
  }
  return index;
}

/**
 * Checks float inputs of shape [n, features] for NaN and infinity.
 * @throws NumericError naming the first bad sample and feature
 */
export function assertFinite(values: Float32Array | Float64Array, features: number, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new NumericError(
        `${name}: every input must be a finite number, but sample ${Math.floor(i / features)}, feature ${i % features} is ` +
          `${values[i]}; remove the sample or fill in the value.`,
      );
    }
  }
}
