import { byClass, fixedLosses } from '../loss/index.js';
import type { LossBaseline } from './baseline.js';
import { parametricLoss } from './parametric.js';

export const cdtBaseline: LossBaseline<{ gamma: number }> = {
  kind: 'loss',
  name: 'cdt',
  summary: 'class-dependent temperatures: logits times (n / largest n)^gamma',
  source: 'Ye et al. 2020',
  needs: 'classes',
  settings: { gamma: 0.2 },
  loss: ({ counts }, settings) => parametricLoss(fixedLosses.cdt(byClass(counts), settings)),
};
