import { ShapeError, type Value } from '../../ir/index.js';
import { crossEntropyPerSample } from '../../losses/index.js';
import { add, mean, mul, oneHot, sum, takeRows, transpose } from '../../ops/index.js';
import { tensor } from '../../tensor/index.js';
import { type Table, tableOf } from './table.js';

/** The parametric cross-entropy's effective parameters: by class [K], by class and group [K, G], or by group alone [1, G], each for itself. */
export type ClassLoss = {
  /** Δ: multiplies the logits. */
  readonly delta: Value;
  /** ι: is added to them. */
  readonly iota: Value;
  /** w: weight of the samples of a class, a group or a cell. */
  readonly weight: Value;
};

/** Plain numbers of a {@link ClassLoss}, as files hold it. */
export interface ClassLossNumbers<T extends Table = Table> {
  readonly delta: T;
  readonly iota: T;
  readonly weight: T;
}

/**
 * Mean over the batch of  − w_y · log softmax(Δ ⊙ f + ι)_y  (Li et al. 2021, equation 2). In tables with groups the sample's own group
 * chooses the column for every class: logit k becomes Δ_{k,g} f_k + ι_{k,g}, the weight w_{y,g}.
 * @param logits f, [N, K]
 * @param labels y, i32 [N]
 * @param groups g, i32 [N]; only read if a table has groups
 * @throws {ShapeError} if a table has groups and none are given
 */
export function parametricCrossEntropy(
  logits: Value,
  labels: Value,
  { delta, iota, weight }: ClassLoss,
  groups?: Value,
): Value {
  const adjusted = add(mul(logits, forSamples('Δ', delta, groups)), forSamples('ι', iota, groups));
  return mean(mul(weightOf(weight, labels, groups, logits), crossEntropyPerSample(adjusted, labels)));
}

/** What each sample's logits meet: [K] for all alike, [N, K] (or [N, 1]) where groups differ. */
function forSamples(name: string, table: Value, groups: Value | undefined): Value {
  if (table.rank < 2) return table;
  if (!groups) {
    throw new ShapeError(
      `parametric cross-entropy: ${name} is a table of ${table.shape.join('×')} by group, but the samples come without groups; give them`,
    );
  }
  return takeRows(transpose(table), groups);
}

function weightOf(weight: Value, labels: Value, groups: Value | undefined, logits: Value): Value {
  if (weight.rank < 2) return takeRows(weight, labels);
  const own = oneHot(labels, logits.shape[1]!, logits.dtype);
  return sum(mul(own, forSamples('w', weight, groups)), { axes: 1 });
}

/** The numbers as tensors. */
export const classLoss = ({ delta, iota, weight }: ClassLossNumbers): ClassLoss => ({
  delta: tensor(delta),
  iota: tensor(iota),
  weight: tensor(weight),
});

/** The tensors as numbers. */
export const classLossNumbers = ({ delta, iota, weight }: ClassLoss): ClassLossNumbers => ({
  delta: tableOf(delta),
  iota: tableOf(iota),
  weight: tableOf(weight),
});
