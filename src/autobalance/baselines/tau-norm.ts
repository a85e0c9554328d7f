import { maximum, mul, pow, sqrt, square, sum } from '../../ops/index.js';
import { zeros } from '../../tensor/index.js';
import type { AdjustBaseline } from './baseline.js';
import { requireSetting } from './require.js';

/** Weights of class k divided by ‖w_k‖^τ; the bias is left out, as in the paper. */
export const tauNormBaseline: AdjustBaseline<{ tau: number }> = {
  kind: 'adjust',
  name: 'tau-norm',
  summary: "cross-entropy's network, each class's weights divided by their length to the power of tau, without bias",
  source: 'Kang et al. 2020',
  needs: 'classes',
  settings: { tau: 1 },
  adjust({ weight, bias }, _, { tau }) {
    requireSetting(tau >= 0, 'tau-norm', 'tau must not be negative', tau);
    const lengths = maximum(sqrt(sum(square(weight), { axes: 0, keepDims: true })), 1e-12);
    return { weight: mul(weight, pow(lengths, -tau)), bias: zeros(bias.shape, bias.dtype) };
  },
};
