import type { Value } from '../../ir/index.js';
import type { RetrainedHead } from '../../nn/index.js';
import { mul } from '../../ops/index.js';
import { ones } from '../../tensor/index.js';
import type { RetrainBaseline } from './baseline.js';

/** A scale of each class's logit, [K], over the last layer as it is. */
const scales: RetrainedHead<{ readonly scale: Value }> = {
  init: ({ bias }) => ({ scale: ones(bias.shape, bias.dtype) }),
  head: ({ scale }, { weight, bias }) => ({ weight: mul(weight, scale), bias: mul(bias, scale) }),
};

export const lwsBaseline: RetrainBaseline<{ share: number }> = {
  kind: 'classifier',
  name: 'lws',
  summary:
    "cross-entropy's network with a learned scale of each logit, trained on class-balanced batches for a share of the epochs",
  source: 'Kang et al. 2020',
  needs: 'classes',
  settings: { share: 0.25 },
  head: scales,
};
