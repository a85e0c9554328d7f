import type { BilevelProblem } from '../bilevel/index.js';
import { cellCounts } from '../data/groups.js';
import type { Batch, Source } from '../data/source.js';
import type { Value } from '../ir/index.js';
import type { Model } from '../nn/index.js';
import type { AugmentedBatch, ImageAugmentation } from './augmentation/index.js';
import { byClass, type LossSpace, parametricCrossEntropy } from './loss/index.js';
import { comparesGroups, type Objective, objectiveOf } from './objectives/index.js';
import type { SearchParameters } from './search-parameters.js';
import type { SearchSettings } from './search-settings.js';

/** What the problem's functions read besides θ and α. Training batches have randomness where policies are learned. */
export type SearchBatch<S, X> = Batch<X> & { readonly state: S; readonly randomness?: AugmentedBatch['randomness'] };

/** What validation batches are balanced by: the class, or the cell of class and group where the objective compares groups. */
export function cellsOfSamples({ objective }: SearchSettings, { dataset, group }: Source<unknown>): Int32Array {
  const { labels } = dataset;
  const { length: count } = group.names;
  // A function may compare groups or not; where there are none, a cell is a class.
  const compares = typeof objective === 'function' || comparesGroups(objective);
  return compares && count > 1 ? labels.map((label, i) => label * count + group.values[i]!) : labels;
}

/** @param held the samples that are held out, of all splits */
export function objectiveFor(
  { objective, compat }: SearchSettings,
  { dataset, group }: Source<unknown>,
  held: Int32Array,
): Objective {
  if (typeof objective === 'function') return objective;
  const { classes } = dataset;
  const counts = cellCounts(dataset, group, held);
  // Batches drawn like training batches show the classes by the validation split's own prior.
  return objectiveOf(objective, {
    classes,
    groups: group.names.length,
    counts,
    byCell: !compat && group.names.length > 1 && comparesGroups(objective),
    ...(compat && { prior: byClass(counts) }),
  });
}

interface ProblemOptions<X> {
  /** Whether the objective uses the batch's own statistics. */
  readonly train: boolean;
  /** What H knows of it. */
  readonly weightDecay: number;
  /** What training images go through, by policies that are a part of α. */
  readonly augmentation?: ImageAugmentation<X> | undefined;
}

export function searchProblem<P, S, X>(
  model: Model<P, S, X>,
  space: LossSpace,
  objective: Objective,
  { train, weightDecay, augmentation }: ProblemOptions<X>,
): BilevelProblem<P, SearchParameters, SearchBatch<S, X>> {
  const inputs = (batch: SearchBatch<S, X>, { augmentation: policies }: SearchParameters): X =>
    // Whoever draws training batches gives them randomness then.
    augmentation && policies ? augmentation.inputs(policies, batch as AugmentedBatch<X>) : batch.x;
  const outputs = (params: P, batch: SearchBatch<S, X>, raw: SearchParameters): Value =>
    model.apply(params, batch.state, inputs(batch, raw), { train: true }).logits;
  const loss = (logits: Value, raw: SearchParameters, { y, g }: SearchBatch<S, X>): Value =>
    parametricCrossEntropy(logits, y, space.effective(raw), g);
  return {
    inner: (params, raw, batch) => loss(outputs(params, batch, raw), raw, batch),
    outer: (params, _, { x, y, g, state }) => objective(model.apply(params, state, x, { train }).logits, y, g),
    head: { outputs, loss },
    weightDecay,
  };
}
