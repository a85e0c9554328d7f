import type { Value } from '../../ir/index.js';

/**
 * What the search minimises on validation batches: any differentiable scalar of
 * - logits [N, K], labels i32 [N], groups i32 [N] (all 0 where the data has none);
 * - weights [N] of the samples, for objectives under another prior; absent means alike.
 *
 * Cells or groups that a batch lacks must be left out, not divided by: a rare one is missing from many a batch.
 */
export type Objective = (logits: Value, labels: Value, groups?: Value, weights?: Value) => Value;
