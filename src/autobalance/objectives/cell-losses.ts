import type { Value } from '../../ir/index.js';
import { crossEntropyPerSample } from '../../losses/index.js';
import { reshape } from '../../ops/index.js';
import { cellMeans, cellsOf } from './cells.js';

/** Mean cross-entropy of each cell of class and group, [K·G], cell (y, g) at y·G + g; 0 where `present` (bool [K·G]) is false. */
export function cellLosses(
  logits: Value,
  labels: Value,
  groups: Value | undefined,
  count: number,
  weights?: Value,
): { readonly losses: Value; readonly present: Value } {
  const perSample = crossEntropyPerSample(logits, labels);
  const { means, present } = cellMeans(perSample, cellsOf(labels, groups, count), logits.shape[1]! * count, weights);
  return { losses: reshape(means, [means.size]), present };
}
