import { byClass } from '../loss/index.js';
import type { LossBaseline } from './baseline.js';
import { requireSamples, requireSetting } from './require.js';
import { weightedLoss } from './weighted-cross-entropy.js';

/** Weights ∝ 1 / effective number of samples, (1 − β) / (1 − βⁿ), with sum K. β = 0 gives ones, β → 1 weights ∝ 1/n. */
export function effectiveNumberWeights(counts: readonly number[], beta: number): number[] {
  // expm1 and log1p keep the digits that 1 − βⁿ would lose for β near 1 and n small.
  const weights = counts.map((count) => (beta === 0 ? 1 : (1 - beta) / -Math.expm1(count * Math.log(beta))));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (weight * counts.length) / total);
}

export const classBalancedBaseline: LossBaseline<{ beta: number }> = {
  kind: 'loss',
  name: 'class-balanced',
  summary:
    'cross-entropy weighted by the effective number of samples, with sum K, divided by the sum of weights in the batch',
  source: 'Cui et al. 2019',
  needs: 'classes',
  settings: { beta: 0.9999 },
  loss({ counts }, { beta }) {
    requireSetting(beta >= 0 && beta < 1, 'class-balanced', 'beta must be from 0 to below 1', beta);
    return weightedLoss(effectiveNumberWeights(requireSamples(byClass(counts), 'class-balanced'), beta));
  },
};
