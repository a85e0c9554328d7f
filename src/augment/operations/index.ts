import { ConfigError } from '../../ir/index.js';
import type { AugmentOperation } from '../operation.js';
import { brightness } from './brightness.js';
import { contrast } from './contrast.js';
import { cutout } from './cutout.js';
import { flip } from './flip.js';
import { noise } from './noise.js';
import { rotate } from './rotate.js';
import { scale } from './scale.js';
import { shear } from './shear.js';
import { translate } from './translate.js';

/**
 * Every operation, in the order that a policy of all of them applies them in: where things are, then how they look. The costliest come first, for
 * what comes first needs no derivative in the images.
 */
export const augmentOperations = {
  rotate,
  shear,
  translate,
  scale,
  flip,
  contrast,
  brightness,
  noise,
  cutout,
} as const satisfies { readonly [name: string]: AugmentOperation };

export type AugmentOperationName = keyof typeof augmentOperations;

/** @throws {ConfigError} if there is none of that name. */
export function augmentOperation(name: string): AugmentOperation {
  if (Object.hasOwn(augmentOperations, name)) return augmentOperations[name as AugmentOperationName];
  throw new ConfigError(
    `augmentation: there is no operation ${JSON.stringify(name)}; choose among ${Object.keys(augmentOperations).join(', ')}`,
  );
}
