import type { Value } from '../../ir/index.js';
import { weightedCrossEntropy } from '../../losses/index.js';
import { mul, oneHot, sub } from '../../ops/index.js';
import { tensor } from '../../tensor/index.js';
import { byClass } from '../loss/index.js';
import type { BaselineContext, LossBaseline, LossBatch, TrainingLoss } from './baseline.js';
import { effectiveNumberWeights } from './class-balanced.js';
import { requireSamples, requireSetting } from './require.js';

/** Margins m_k ∝ n_k^(−1/4), the largest `largest`. */
export function ldamMargins(counts: readonly number[], largest: number): number[] {
  const raw = counts.map((count) => count ** -0.25);
  const scale = largest / Math.max(...raw);
  return raw.map((margin) => margin * scale);
}

/** Margins [K] in units of the logits, and weights [K]. */
type LdamNumbers = { readonly margins: Value; readonly weights: Value };

/** Weighted cross-entropy of logits of which the own class's is lowered by its margin. */
const apply = ({ logits, labels }: LossBatch, { margins, weights }: LdamNumbers, memory: Record<string, never>) => {
  const own = oneHot(labels, logits.shape[1]!, logits.dtype);
  return { loss: weightedCrossEntropy(sub(logits, mul(own, margins)), labels, weights), memory };
};

interface LdamSettings {
  readonly margin: number;
  readonly scale: number;
}

/** LDAM: cosines with margins, times `scale`; weights change from `before` to `after` when `switchAt` of the steps are done. */
function ldamLoss(
  { counts }: BaselineContext,
  { margin, scale }: LdamSettings,
  name: string,
  deferred?: { readonly switchAt: number; readonly beta: number },
): TrainingLoss<LdamNumbers, Record<string, never>> {
  requireSetting(margin >= 0, name, 'margin must not be negative', margin);
  requireSetting(scale > 0, name, 'scale must be positive', scale);
  const samples = requireSamples(byClass(counts), name);
  const margins = tensor(ldamMargins(samples, margin).map((m) => m * scale));
  const plain = { margins, weights: tensor(samples.map(() => 1)) };
  if (!deferred) return { numbers: () => plain, memory: {}, apply };
  const { switchAt, beta } = deferred;
  requireSetting(switchAt >= 0 && switchAt <= 1, name, 'switchAt must be from 0 to 1', switchAt);
  requireSetting(beta >= 0 && beta < 1, name, 'beta must be from 0 to below 1', beta);
  const weighted = { margins, weights: tensor(effectiveNumberWeights(samples, beta)) };
  return { numbers: (progress) => (progress < switchAt ? plain : weighted), memory: {}, apply };
}

export const ldamBaseline: LossBaseline<{ margin: number; scale: number }> = {
  kind: 'loss',
  name: 'ldam',
  summary: 'margins ∝ n^(−1/4), the largest "margin", on the cosine classifier',
  source: 'Cao et al. 2019',
  needs: 'classes',
  settings: { margin: 0.5, scale: 30 },
  loss: (context, settings) => ldamLoss(context, settings, 'ldam'),
  cosineScale: ({ scale }) => scale,
};

/** The reweighting is deferred: the weights of the effective number of samples come in when `switchAt` of the training is done. */
export const ldamDrwBaseline: LossBaseline<{ margin: number; scale: number; switchAt: number; beta: number }> = {
  kind: 'loss',
  name: 'ldam-drw',
  summary: 'LDAM, and in the last part of the training weights by the effective number of samples',
  source: 'Cao et al. 2019',
  needs: 'classes',
  settings: { margin: 0.5, scale: 30, switchAt: 0.8, beta: 0.9999 },
  loss: (context, settings) => ldamLoss(context, settings, 'ldam-drw', settings),
  cosineScale: ({ scale }) => scale,
};
