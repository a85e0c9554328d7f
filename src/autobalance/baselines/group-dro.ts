import type { Value } from '../../ir/index.js';
import { add, log, mul, softmax, stopGradient, sum } from '../../ops/index.js';
import { filled } from '../../tensor/index.js';
import { cellLosses } from '../objectives/cell-losses.js';
import type { LossBaseline, LossBatch } from './baseline.js';
import { requireGroups, requireSetting } from './require.js';

/** Weight q of each cell, [K·G], with sum 1. */
type GroupWeights = { readonly q: Value };

/**
 * One batch of online Group-DRO (Sagawa et al. 2020, algorithm 1): q ← q·e^{ηL}, normalised, then Σ q L, over the cells of class and group. A cell
 * without samples in the batch has L = 0: it neither adds to the loss nor grows.
 */
export function groupDro(
  { logits, labels, groups }: LossBatch,
  { q }: GroupWeights,
  options: { readonly groups: number; readonly eta: number },
): { loss: Value; memory: GroupWeights } {
  const { losses } = cellLosses(logits, labels, groups, options.groups);
  const next = stopGradient(softmax(add(log(q), mul(losses, options.eta))));
  return { loss: sum(mul(next, losses)), memory: { q: next } };
}

export const groupDroBaseline: LossBaseline<{ eta: number }> = {
  kind: 'loss',
  name: 'group-dro',
  summary: 'cells of class and group weighted by exponentiated ascent on their losses, step eta',
  source: 'Sagawa et al. 2020',
  needs: 'groups',
  settings: { eta: 0.01 },
  loss({ counts }, { eta }) {
    requireSetting(eta > 0, 'group-dro', 'eta must be positive', eta);
    const cells = requireGroups(counts, 'group-dro');
    const groups = cells[0]!.length;
    const size = cells.length * groups;
    return {
      numbers: () => ({}),
      memory: { q: filled([size], 1 / size) },
      apply: (batch: LossBatch, _numbers: unknown, memory: GroupWeights) => groupDro(batch, memory, { groups, eta }),
    };
  },
};
