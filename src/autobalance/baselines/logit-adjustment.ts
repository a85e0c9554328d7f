import { sub } from '../../ops/index.js';
import { tensor } from '../../tensor/index.js';
import { byClass, fixedLosses } from '../loss/index.js';
import type { AdjustBaseline, LossBaseline } from './baseline.js';
import { parametricLoss } from './parametric.js';

export const logitAdjustmentBaseline: LossBaseline<{ tau: number }> = {
  kind: 'loss',
  name: 'logit-adjustment',
  summary: 'cross-entropy of logits + tau · log prior; tau = 1 is balanced softmax',
  source: 'Menon et al. 2021',
  needs: 'classes',
  settings: { tau: 1 },
  loss: ({ counts }, settings) => parametricLoss(fixedLosses['logit-adjustment'](byClass(counts), settings)),
};

/** logits − τ·log π, which the bias takes. */
export const postHocLogitAdjustmentBaseline: AdjustBaseline<{ tau: number }> = {
  kind: 'adjust',
  name: 'post-hoc-logit-adjustment',
  summary: "cross-entropy's network, with tau · log prior taken from its logits",
  source: 'Menon et al. 2021',
  needs: 'classes',
  settings: { tau: 1 },
  adjust({ weight, bias }, { counts }, settings) {
    const { iota } = fixedLosses['logit-adjustment'](byClass(counts), settings);
    return { weight, bias: sub(bias, tensor(iota, { dtype: bias.dtype })) };
  },
};
