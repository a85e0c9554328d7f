import { fixedLosses } from '../loss/index.js';
import type { LossBaseline } from './baseline.js';
import { parametricLoss } from './parametric.js';

export const crossEntropyBaseline: LossBaseline = {
  kind: 'loss',
  name: 'cross-entropy',
  summary: 'plain cross-entropy',
  source: '',
  needs: 'classes',
  settings: {},
  loss: ({ counts }) => parametricLoss(fixedLosses['cross-entropy'](counts)),
};
