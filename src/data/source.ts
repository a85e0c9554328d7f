import { ConfigError, ShapeError, Tensor, type Value } from '../ir/index.js';
import {
  checkedIndex,
  type Dataset,
  type ImageDataset,
  type ImageFileDataset,
  pixelsPerImage,
  type TableDataset,
} from './dataset.js';
import { fillLabels } from './fill.js';
import { everyone, type GroupColumn, groupNamed } from './groups.js';
import { type Augmentation, checkAugmentation } from './image/augment.js';
import type { ImageJob } from './image/prepare.js';
import { defaultWorkers, type ImagePreparer, imagePreparer } from './image/preparer.js';
import { Normaliser, standardise } from './normaliser.js';
import { encodeTable, type TableEncoder } from './table-encoder.js';

/** A batch as programs take it: inputs, classes i32 [N], groups i32 [N]. */
export type Batch<X = Value> = { readonly x: X; readonly y: Value; readonly g: Value };

/** Table rows as a model takes them: f32 [N, features] and i32 [N, columns]. */
export type TableInput = { readonly numeric: Value; readonly categorical: Value };

/** A data set with what was measured on its training samples: whoever trains on it need not know what its samples are. */
export interface Source<X = Value> {
  readonly dataset: Dataset;
  /** The column that batches carry as `g`. */
  readonly group: GroupColumn;
  /** What images are normalised by; absent where samples are no images. */
  readonly normaliser?: Normaliser;
  /** Worker threads that prepare batches; 0 if the calling thread does. */
  readonly threads: number;
  /**
   * The samples at `indices`. With `visits`, which says how often each was looked at before, images are augmented if the source augments: a
   * function of seed, sample and visit. Without, they are seen as in a test.
   * @throws {ConfigError} when an index is out of range; {FileError|DataError} when an image file cannot be read
   */
  batch(indices: Int32Array, visits?: Int32Array): Promise<Batch<X>>;
  /** Ends the worker threads there may be, also those of other sources measured together with this one. */
  close(): Promise<void>;
}

export interface SourceOptions {
  /** What batches carry as `g`; by default one group of all samples. */
  readonly group?: GroupColumn;
}

function labelsAndGroups(dataset: Dataset, { values }: GroupColumn, indices: Int32Array): { y: Value; g: Value } {
  const y = new Int32Array(indices.length);
  fillLabels(dataset, indices, y);
  const g = indices.map((index) => values[index]!);
  return { y: Tensor.of(y, [y.length], 'i32'), g: Tensor.of(g, [g.length], 'i32') };
}

/** Copies the bytes of the images at `indices`, so that they can be handed to a thread. */
function bytesOf(dataset: ImageDataset, indices: Int32Array): Uint8Array {
  const size = pixelsPerImage(dataset);
  const images = new Uint8Array(indices.length * size);
  indices.forEach((index, i) => {
    images.set(dataset.images.subarray(index * size, (index + 1) * size), i * size);
  });
  return images;
}

function jobFor(dataset: ImageDataset | ImageFileDataset, indices: Int32Array, visits?: Int32Array): ImageJob {
  for (const index of indices) checkedIndex(dataset, index);
  const common = { indices, ...(visits && { visits }) };
  if (dataset.kind === 'images') return { ...common, kind: 'bytes', images: bytesOf(dataset, indices) };
  const { root, paths, resize, origin } = dataset;
  const each = <T>(f: (index: number) => T): T[] => Array.from(indices, f);
  return {
    ...common,
    kind: 'files',
    root,
    paths: each((index) => paths[index]!),
    listed: each((index) => `${origin.file}: line ${origin.lines[index]}`),
    resize,
  };
}

/** How images become inputs, and who makes them so. */
interface Preparation {
  readonly normaliser: Normaliser;
  readonly preparer: ImagePreparer;
}

/** Images as x f32 [N, H, W, C]; by default standardised over all samples, on this thread. */
export function imageSource(
  dataset: ImageDataset | ImageFileDataset,
  {
    group = everyone(dataset.labels.length),
    preparation: { normaliser, preparer } = preparationOf(dataset, {}, 0),
  }: SourceOptions & { readonly preparation?: Preparation } = {},
): Source {
  return {
    dataset,
    group,
    normaliser,
    async batch(indices, visits) {
      const labels = labelsAndGroups(dataset, group, indices);
      const x = await preparer.prepare(jobFor(dataset, indices, visits));
      return { x: Tensor.of(x, [indices.length, ...dataset.imageShape], 'f32'), ...labels };
    },
    threads: preparer.threads,
    close: () => preparer.close(),
  };
}

/** Table rows as {@link TableInput}; by default encoded by what all rows say. */
export function tableSource(
  dataset: TableDataset,
  {
    encoder = encodeTable(dataset),
    group = everyone(dataset.labels.length),
  }: SourceOptions & { readonly encoder?: TableEncoder } = {},
): Source<TableInput> {
  const [features, columns] = [encoder.features.length, encoder.categorical.length];
  return {
    dataset,
    group,
    async batch(indices) {
      const numeric = new Float32Array(indices.length * features);
      const categorical = new Int32Array(indices.length * columns);
      encoder.fill(dataset, indices, numeric, categorical);
      const x = {
        numeric: Tensor.of(numeric, [indices.length, features], 'f32'),
        categorical: Tensor.of(categorical, [indices.length, columns], 'i32'),
      };
      return { x, ...labelsAndGroups(dataset, group, indices) };
    },
    threads: 0,
    close: async () => {},
  };
}

/** What a model gets of a data set of this kind. */
export type InputOf<D extends Dataset> = D extends TableDataset ? TableInput : Value;

export interface ImageOptions {
  /** What is done to training images at random. Default nothing. */
  readonly augmentation?: Augmentation;
  /** Fixes the random numbers of the augmentation. Default 0. */
  readonly seed?: number;
  /**
   * Whether mean and std are measured for each pixel or for each channel, or what they are for each channel (in units of pixel/255). Default: for
   * each pixel, but for each channel where images are moved by augmentation, and ImageNet's figures where they are files.
   */
  readonly normalise?: 'pixel' | 'channel' | { readonly mean: readonly number[]; readonly std: readonly number[] };
  /** Threads that prepare images. Default {@link defaultWorkers} for files, and none, that is the calling thread, for images in memory. */
  readonly workers?: number;
}

export interface MeasureOptions extends ImageOptions {
  /** Training samples to measure on, default all. Whatever is held out must not be among them. */
  readonly indices?: Int32Array;
  /** Name of the group column that batches carry as `g`, or a product such as `sex×race`. By default one group of all samples. */
  readonly group?: string;
}

/** The usual figures, which everybody who trains on ImageNet uses; measuring them would decode every image. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
/** The same after conversion to grey: means weighted by luma. */
const IMAGENET_GREY = { mean: [0.459], std: [0.226] };

function normaliserFor(
  dataset: ImageDataset | ImageFileDataset,
  { indices, normalise, augmentation }: Pick<MeasureOptions, 'indices' | 'normalise' | 'augmentation'>,
): Normaliser {
  const { imageShape } = dataset;
  if (typeof normalise === 'object') return Normaliser.ofChannels(normalise.mean, normalise.std, imageShape);
  if (dataset.kind === 'image-files') {
    if (normalise !== undefined) {
      throw new ConfigError(
        `${dataset.name}: measuring mean and std for each ${normalise} would decode every file; give the figures, or leave it to ImageNet's.`,
      );
    }
    const { mean, std } = imageShape[2] === 1 ? IMAGENET_GREY : IMAGENET;
    return Normaliser.ofChannels(mean, std, imageShape);
  }
  const per = normalise ?? (augmentation ? 'channel' : 'pixel');
  return standardise(dataset, { per, ...(indices && { indices }) });
}

const recipeOf = (
  { imageShape }: ImageDataset | ImageFileDataset,
  { mean, std }: Normaliser,
  { augmentation, seed = 0 }: Pick<ImageOptions, 'augmentation' | 'seed'>,
) => ({ imageShape, mean, std, ...(augmentation && { augmentation: { ...augmentation, seed, stream: 'images' } }) });

function preparationOf(
  dataset: ImageDataset | ImageFileDataset,
  options: Omit<MeasureOptions, 'group'>,
  workers: number,
): Preparation {
  const normaliser = normaliserFor(dataset, options);
  return { normaliser, preparer: imagePreparer(recipeOf(dataset, normaliser, options), workers) };
}

/**
 * Measures on training samples what the samples are normalised by, and returns what makes a source of any part (training, validation, test) of
 * the same data set.
 * @throws {ConfigError} when there is no such group column, no samples to measure on, or an augmentation out of range
 */
export function measuredSource<D extends Dataset>(
  train: D,
  { group, ...options }: MeasureOptions = {},
): (part: D) => Source<InputOf<D>> {
  const columnOf = ({ groups, labels, name }: Dataset): GroupColumn =>
    group === undefined ? everyone(labels.length) : groupNamed(groups, group, name);
  columnOf(train);
  const make = sourceMaker(train, options);
  return (part) => make(part, columnOf(part)) as Source<InputOf<D>>;
}

type SourceMaker = (part: Dataset, group: GroupColumn) => Source<unknown>;

function sourceMaker(train: Dataset, options: Omit<MeasureOptions, 'group'>): SourceMaker {
  if (train.kind === 'table') {
    const encoder = encodeTable(train, options.indices);
    return (part, group) => tableSource(part as TableDataset, { encoder, group });
  }
  if (options.augmentation) checkAugmentation(options.augmentation);
  const { workers = train.kind === 'image-files' ? defaultWorkers() : 0 } = options;
  const preparation = preparationOf(train, options, workers);
  return (part, group) => {
    const images = part as ImageDataset | ImageFileDataset;
    if (images.imageShape.join('×') !== train.imageShape.join('×')) {
      throw new ShapeError(
        `${part.name}: has images of ${images.imageShape.join('×')}, ${train.name} of ${train.imageShape.join('×')}; all parts need one shape.`,
      );
    }
    return imageSource(images, { preparation, group });
  };
}
