import { fixedLosses, flatTable, mapTable } from '../loss/index.js';
import type { LossBaseline } from './baseline.js';
import { parametricLoss } from './parametric.js';
import { requireGroups } from './require.js';

export const groupVsBaseline: LossBaseline<{ tau: number; gamma: number }> = {
  kind: 'loss',
  name: 'group-vs',
  summary: 'vector scaling from the counts by class and group',
  source: 'Kini et al. 2021',
  needs: 'groups',
  settings: { tau: 1, gamma: 0.15 },
  loss: ({ counts }, settings) => parametricLoss(fixedLosses.vs(requireGroups(counts, 'group-vs'), settings)),
};

export const groupLogitAdjustmentBaseline: LossBaseline<{ tau: number }> = {
  kind: 'loss',
  name: 'group-logit-adjustment',
  summary: 'cross-entropy of logits + tau · log prior of the class within the sample’s group',
  source: 'Menon et al. 2021, by group as in Kini et al. 2021',
  needs: 'groups',
  settings: { tau: 1 },
  loss: ({ counts }, settings) =>
    parametricLoss(fixedLosses['logit-adjustment'](requireGroups(counts, 'group-logit-adjustment'), settings)),
};

/** w ∝ 1/n over the cells that have samples, with mean 1 over the samples. */
export const groupWeightedBaseline: LossBaseline = {
  kind: 'loss',
  name: 'group-weighted',
  summary: 'cross-entropy, cells of class and group weighted by 1/n, on average over the samples 1',
  source: '',
  needs: 'groups',
  settings: {},
  loss({ counts }) {
    const cells = requireGroups(counts, 'group-weighted');
    const samples = flatTable(cells).reduce((sum, count) => sum + count, 0);
    const used = flatTable(cells).filter((count) => count > 0).length;
    const weight = mapTable(cells, (count) => (count > 0 ? samples / (used * count) : 0));
    return parametricLoss({ ...fixedLosses['cross-entropy'](cells), weight });
  },
};
