import { ConfigError, DataError } from '../ir/index.js';
import { meanOfPresent } from './mean.js';

/** Classes with more than `many` training samples are many-shot, with fewer than `few` few-shot, the rest medium-shot. */
export interface ShotThresholds {
  readonly many: number;
  readonly few: number;
}

/** Those of Liu et al. 2019 (ImageNet-LT, Places-LT), which the literature keeps to. */
export const SHOT_THRESHOLDS: ShotThresholds = { many: 100, few: 20 };

/** The classes of one kind. */
export interface ShotAccuracy {
  readonly classes: readonly number[];
  /** Mean accuracy of these classes in percent, each counting alike; NaN if none has test samples. */
  readonly accuracy: number;
}

export interface ShotAccuracies {
  readonly many: ShotAccuracy;
  readonly medium: ShotAccuracy;
  readonly few: ShotAccuracy;
}

/**
 * Accuracy of the classes by how many training samples they had. On a balanced test set this is the accuracy over the samples of these classes.
 * @param classError of each class in percent; NaN where there were no test samples
 * @param trainCounts training samples of each class
 * @throws {DataError} if the two differ in number; {ConfigError} if the thresholds are not in order
 */
export function shotAccuracies(
  classError: readonly number[],
  trainCounts: readonly number[],
  { many, few }: ShotThresholds = SHOT_THRESHOLDS,
): ShotAccuracies {
  if (classError.length !== trainCounts.length) {
    throw new DataError(
      `shot accuracy: need a training count for each class, got ${trainCounts.length} for ${classError.length} classes`,
    );
  }
  if (!(few <= many + 1)) {
    throw new ConfigError(
      `shot accuracy: few must be at most many + 1, or classes would be both, got ${few} and ${many}`,
    );
  }
  const accuracyOf = (belongs: (count: number) => boolean): ShotAccuracy => {
    const classes = trainCounts.flatMap((count, k) => (belongs(count) ? [k] : []));
    return { classes, accuracy: meanOfPresent(classes.map((k) => 100 - classError[k]!)) };
  };
  return {
    many: accuracyOf((count) => count > many),
    medium: accuracyOf((count) => count <= many && count >= few),
    few: accuracyOf((count) => count < few),
  };
}
