import type { Sampling } from '../data/sampling.js';
import type { ImageOptions } from '../data/source.js';

/** How an experiment sees its data; whatever is left out is as {@link ImageOptions} says, and samples are drawn once an epoch. */
export interface DataSettings extends Pick<ImageOptions, 'augmentation' | 'normalise' | 'workers'> {
  /** The group column that batches carry, or a product such as `sex×race`. Default one group of all samples. */
  readonly group?: string;
  /** Height and width of the inputs made of image files, for whoever reads them. Default 224. */
  readonly side?: number;
  /** Share of the training samples of each class to use, the first in the data, at least one. Default all. */
  readonly share?: number;
  /** How training samples are drawn. Default `instance`. */
  readonly sampling?: Sampling;
}
