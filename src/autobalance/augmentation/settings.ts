import {
  type AugmentationPolicy,
  type AugmentOperationName,
  augmentationPolicy,
  augmentOperation,
} from '../../augment/index.js';
import { ConfigError } from '../../ir/index.js';

/** What has a policy of its own: nothing, each class, each group, or each cell of class and group. */
export type PolicyLayout = 'shared' | 'class' | 'group' | 'class-group';

export const byGroup = (by: PolicyLayout): boolean => by === 'group' || by === 'class-group';

/** What a policy does and how it draws, but for the learned numbers. */
export interface PolicyForm {
  readonly by: PolicyLayout;
  /** Each image's magnitude is its policy's times a number uniform in [1 − spread, 1]. Default ½. */
  readonly spread?: number;
  /** Of the relaxed Bernoulli. Default ½. */
  readonly temperature?: number;
  /** Do an operation or do not, with the derivative of the soft number. Default true. */
  readonly straightThrough?: boolean;
}

/** How the search learns what is done to training images. */
export interface AugmentationSettings extends PolicyForm {
  /** Applied in this order. Default: every one there is. */
  readonly operations?: readonly AugmentOperationName[];
  /** Of every operation at the start, strictly between 0 and 1. Default 0.1. */
  readonly probability?: number;
  /** Share of its range that every magnitude starts at, strictly between 0 and 1. Default ½. */
  readonly strength?: number;
  /** About the most that one of the policies' numbers moves in one step. Default `auto`, which goes by the number of updates. */
  readonly learningRate?: number | 'auto';
}

const SPREAD = 0.5;

/**
 * The policies of a layout.
 * @param operations their names, by default all
 * @throws {ConfigError} on operations that there are not, numbers out of range, or a layout by groups where there is but one
 */
export function policyFor(
  { by, spread = SPREAD, ...form }: PolicyForm,
  operations: readonly string[] | undefined,
  { classes, groups }: { readonly classes: number; readonly groups: number },
): AugmentationPolicy {
  if (byGroup(by) && groups < 2) {
    throw new ConfigError(
      `augmentation: policies by ${by} need data with groups; name a group column, or learn them by class or shared`,
    );
  }
  const cells = { shared: 1, class: classes, group: groups, 'class-group': classes * groups }[by];
  const { temperature, straightThrough } = form;
  return augmentationPolicy({
    cells,
    spread,
    ...(temperature !== undefined && { temperature }),
    ...(straightThrough !== undefined && { straightThrough }),
    ...(operations && { operations: operations.map(augmentOperation) }),
  });
}
