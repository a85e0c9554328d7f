import { ConfigError } from '../../ir/index.js';
import { add, div, greater, mul, select, sum, takeRows } from '../../ops/index.js';
import { tensor } from '../../tensor/index.js';
import { cellsOf } from './cells.js';
import { inverseTemperature } from './inverse-temperature.js';
import type { Objective } from './objective.js';

/** λ·first + (1 − λ)·second. @throws {ConfigError} unless 0 ≤ λ ≤ 1 */
export function blend(first: Objective, second: Objective, lambda: number): Objective {
  if (!(lambda >= 0 && lambda <= 1)) {
    throw new ConfigError(`objective: a blend needs λ from 0 to 1, got ${lambda}`);
  }
  // An end of the blend is the other objective itself, whatever this one is.
  if (lambda === 1) return first;
  if (lambda === 0) return second;
  return (...batch) => add(mul(first(...batch), lambda), mul(second(...batch), 1 - lambda));
}

/**
 * The objective of the logits after temperature scaling. A network that fits its training data is overconfident, and its validation
 * cross-entropy is then ruled by the few samples that are wrong with certainty: on Fashion-MNIST-LT the plain objective kept pushing the
 * shirts' Δ and ι long after the error had stopped falling.
 */
export const calibrated =
  (objective: Objective): Objective =>
  (logits, labels, groups, weights) =>
    objective(mul(logits, inverseTemperature(logits, labels, weights)), labels, groups, weights);

/**
 * The objective on batches that hold every cell of class and group equally often, as it would be with the groups of each class as they are: a
 * sample of cell (y, g) weighs its share n_{y,g} / n_y of the class, over the share that the batch gives it.
 * @param counts samples n_{y,g} [K][G] of the population
 */
export function withGroupsAsIn(objective: Objective, counts: readonly (readonly number[])[]): Objective {
  const groupCount = counts[0]!.length;
  const ratios = counts.flatMap((row) => {
    const total = row.reduce((all, count) => all + count, 0);
    const held = row.filter((count) => count > 0).length;
    return row.map((count) => (total > 0 ? (count * held) / total : 0));
  });
  return (logits, labels, groups, weights) => {
    const own = takeRows(tensor(ratios, { dtype: logits.dtype }), cellsOf(labels, groups, groupCount));
    return objective(logits, labels, groups, weights ? mul(own, weights) : own);
  };
}

/**
 * The objective as it would be under another class prior: a sample of class k weighs target_k / source_k, on average over the batch 1.
 * @param target prior of the world the model is for, any positive scale
 * @param source prior that the validation batches are drawn by
 * @throws {ConfigError} if they differ in length, a target is negative, or a class that the target wants has no samples
 */
export function underPrior(objective: Objective, target: readonly number[], source: readonly number[]): Objective {
  if (target.length !== source.length || !target.some((share) => share > 0)) {
    throw new ConfigError(
      `objective: a target prior needs a share for each of the ${source.length} classes and not only zeros, got [${target.join(', ')}]`,
    );
  }
  const ratios = target.map((share, k) => {
    if (share >= 0 && (source[k]! > 0 || share === 0)) return share === 0 ? 0 : share / source[k]!;
    throw new ConfigError(
      `objective: the target prior has ${share} for class ${k}, of which there are ${source[k]} in validation; ` +
        'shares must not be negative, and what is wanted must be there',
    );
  });
  return (logits, labels, groups, weights) => {
    const own = takeRows(tensor(ratios, { dtype: logits.dtype }), labels);
    const all = weights ? mul(own, weights) : own;
    const total = sum(all);
    return objective(logits, labels, groups, div(mul(all, labels.size), select(greater(total, 0), total, 1)));
  };
}
