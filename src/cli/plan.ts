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

/** Epochs of a stage; none of one that trains nothing. */
export function epochsOf({ method, kind }: Stage, { training, searchEpochs, baselines }: RunConfig): number {
  if (kind === 'adjust') return 0;
  if (kind === 'search') return searchEpochs;
  const share = method === 'autobalance' ? 1 : (baselineWith(method, baselines).settings.share ?? 1);
  return Math.max(1, Math.round(training.epochs * share));
}

/** Hypergradients that a search of so many steps takes if it goes on to its end. */
export const plannedHypergradients = ({ search, searchEpochs }: RunConfig, steps: number): number =>
  Math.max(0, Math.floor((steps * (1 - search.warmupEpochs / searchEpochs)) / search.interval));

/** Steps a stage will take, before it has begun; only an estimate of time rests on it. */
export function plannedSteps(stage: Stage, config: RunConfig, counts: readonly number[]): number {
  const { kind } = stage;
  if (kind === 'adjust') return 1;
  const samples = counts.reduce((total, count) => total + count, 0);
  const { validationFraction, search } = config;
  // With folds, each of F networks goes through all but a part: F − 1 times the samples an epoch.
  const searched = search.folds === undefined ? 1 - validationFraction : search.folds - 1;
  const own = kind === 'search' ? Math.round(samples * searched) : samples;
  return epochsOf(stage, config) * Math.floor(own / Math.min(config.training.batchSize, own));
}

/** The stages with the steps that each will take. */
export const planOf = (
  stages: readonly Stage[],
  config: RunConfig,
  counts: readonly number[],
): { readonly stage: Stage; readonly steps: number }[] =>
  stages.map((stage) => ({ stage, steps: plannedSteps(stage, config, counts) }));
