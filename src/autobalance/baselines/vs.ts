import { byClass, fixedLosses } from '../loss/index.js';
import type { LossBaseline } from './baseline.js';
import { parametricLoss } from './parametric.js';

export const vsBaseline: LossBaseline<{ tau: number; gamma: number }> = {
  kind: 'loss',
  name: 'vs',
  summary: 'vector scaling: logit adjustment by tau and temperatures by gamma together',
  source: 'Kini et al. 2021',
  needs: 'classes',
  settings: { tau: 1, gamma: 0.15 },
  loss: ({ counts }, settings) => parametricLoss(fixedLosses.vs(byClass(counts), settings)),
};
