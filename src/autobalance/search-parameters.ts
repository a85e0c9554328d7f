import type { PolicyParams } from '../augment/index.js';
import type { LossParameters } from './loss/index.js';

/** α: the raw numbers of the loss, and those of the augmentation policies if there are any. */
export type SearchParameters = LossParameters & { readonly augmentation?: PolicyParams };
