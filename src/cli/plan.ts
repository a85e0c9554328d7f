import { type Stage, stagesOf } from '../autobalance/index.js';
import type { TrainingCommand } from './checkpoint.js';
import type { RunConfig } from './schema.js';

/** The stages of a command, in order. */
export function stagesFor(command: TrainingCommand, { methods }: RunConfig): Stage[] {
  switch (command) {
    case 'run':
      return methods.flatMap(stagesOf);
    case 'search':
      return [{ method: 'autobalance', kind: 'search' }];
    case 'retrain':
      return [{ method: 'autobalance', kind: 'retrain' }];
  }
}

/** Steps a stage will take, before it has begun; only an estimate of time rests on it. */
export function plannedSteps({ kind }: Stage, config: RunConfig, counts: readonly number[]): number {
  const samples = counts.reduce((total, count) => total + count, 0);
  const own = kind === 'search' ? Math.round(samples * (1 - config.validationFraction)) : samples;
  const epochs = kind === 'search' ? config.searchEpochs : config.training.epochs;
  return epochs * Math.floor(own / Math.min(config.training.batchSize, own));
}

/** The stages with the steps that each will take. */
export const planOf = (
  stages: readonly Stage[],
  config: RunConfig,
  counts: readonly number[],
): { readonly stage: Stage; readonly steps: number }[] =>
  stages.map((stage) => ({ stage, steps: plannedSteps(stage, config, counts) }));
