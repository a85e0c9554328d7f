import type { DenseParams, RetrainedHead } from '../../nn/index.js';
import type { RetrainBaseline } from './baseline.js';

/** A new last layer, from fresh weights. */
const fresh: RetrainedHead<DenseParams> = { init: (_, start) => start, head: (params) => params };

export const crtBaseline: RetrainBaseline<{ share: number }> = {
  kind: 'classifier',
  name: 'crt',
  summary: "cross-entropy's network with a new last layer, trained on class-balanced batches for a share of the epochs",
  source: 'Kang et al. 2020',
  needs: 'classes',
  settings: { share: 0.25 },
  head: fresh,
};
