import { baselineWith, type Stage, stagesOfAll } from '../autobalance/index.js';
import type { TrainingCommand } from './checkpoint.js';
import type { RunConfig } from './schema.js';

/** The stages of a command, in order. */
export function stagesFor(command: TrainingCommand, { methods }: RunConfig): Stage[] {
  switch (command) {
    case 'run':
      return stagesOfAll(methods);
    case 'search':
      return [{ method: 'autobalance', kind: 'search' }];
    case 'retrain':
      return [{ method: 'autobalance', kind: 'retrain' }];
  }
}

/** Steps a stage will take, before it has begun; only an estimate of time rests on it. */
export function plannedSteps({ method, kind }: Stage, config: RunConfig, counts: readonly number[]): number {
  if (kind === 'adjust') return 1;
  const samples = counts.reduce((total, count) => total + count, 0);
  const { validationFraction, search } = config;
  // With folds, each of F networks goes through all but a part: F − 1 times the samples an epoch.
  const searched = search.folds === undefined ? 1 - validationFraction : search.folds - 1;
  const own = kind === 'search' ? Math.round(samples * searched) : samples;
  const share = method === 'autobalance' ? 1 : (baselineWith(method, config.baselines).settings.share ?? 1);
  const epochs = kind === 'search' ? config.searchEpochs : Math.max(1, Math.round(config.training.epochs * share));
  return epochs * Math.floor(own / Math.min(config.training.batchSize, own));
}

/** The stages with the steps that each will take. */
export const planOf = (
  stages: readonly Stage[],
  config: RunConfig,
  counts: readonly number[],
): { readonly stage: Stage; readonly steps: number }[] =>
  stages.map((stage) => ({ stage, steps: plannedSteps(stage, config, counts) }));
