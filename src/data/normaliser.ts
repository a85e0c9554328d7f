import { ConfigError, NumericError, ShapeError } from '../ir/errors.js';
import { checkedIndex, type ImageDataset, pixelsPerImage } from './dataset.js';

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
    this.#scale = new Float64Array(std.length);
    this.#offset = new Float64Array(std.length);
    // A loop: `Float64Array.from` took 30 ms for the 150,528 features of a 224×224 image.
    for (let feature = 0; feature < std.length; feature++) {
      this.#scale[feature] = 1 / (255 * std[feature]);
      this.#offset[feature] = -mean[feature] / std[feature];
    }
  }

  /**
   * One mean and std for each channel, in units of pixel/255.
   * @throws ShapeError unless there is one for each channel
   */
  static ofChannels(
    mean: readonly number[],
    std: readonly number[],
    imageShape: ImageDataset['imageShape'],
  ): Normaliser {
    const channels = imageShape[2];
    if (mean.length !== channels || std.length !== channels) {
      throw new ShapeError(
        `Normaliser: images of ${channels} channels need as many means and stds, got ${mean.length} and ${std.length}.`,
      );
    }
    const features = pixelsPerImage({ imageShape });
    const each = (values: readonly number[]): Float32Array => {
      const repeated = new Float32Array(features);
      for (let feature = 0; feature < features; feature++) repeated[feature] = values[feature % channels]!;
      return repeated;
    };
    return new Normaliser(each(mean), each(std));
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
  dataset: ImageDataset,
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
