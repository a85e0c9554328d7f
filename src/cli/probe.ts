import { setImmediate } from 'node:timers/promises';
import { Experiment, type Stage } from '../autobalance/index.js';
import { type Dataset, Random } from '../data/index.js';
import type { LoadedData } from './data.js';
import { modelFor } from './model.js';
import type { RunConfig } from './schema.js';

/** How long the pieces of a run take on this machine, in seconds, and the memory they need. */
export interface Probe {
  /** A step of SGD. */
  readonly step: number;
  /** A hypergradient with all its batches; absent if the run takes none. */
  readonly hypergradient?: number;
  /** Looking at one test sample. */
  readonly evaluation: number;
  /** Resident bytes of the whole process at the worst time. */
  readonly peakBytes: number;
}

/** Test samples to time evaluation on. */
const LOOKED_AT = 500;

/** Gradients that a batch for the mixed product alone costs: two to linearize, two for the product. */
const MIXED = 4;

type Trial = Experiment<unknown, unknown, Dataset>;

const trial = (config: RunConfig, data: LoadedData, stages: readonly Stage[]): Trial =>
  new Experiment<unknown, unknown, Dataset>(modelFor(config, data), data, stages, config);

/** Seconds of each of the next steps. The first one compiles. */
async function timed(experiment: Trial, steps: number): Promise<number[]> {
  const seconds: number[] = [];
  while (seconds.length < steps && !experiment.done) {
    const started = performance.now();
    await experiment.step();
    seconds.push((performance.now() - started) / 1000);
    await setImmediate();
  }
  return seconds;
}

const peak = (): number => 1024 * process.resourceUsage().maxRSS;

/**
 * Takes real steps with the run's own data, network and batches: four of SGD, and three hypergradients of one batch each, of which the first
 * compiles and estimates the spectrum, the second does neither and the third estimates again. The run's batches are counted up from that: outer ones
 * cost a gradient, inner ones all the rest, and each keeps as many bytes. Nothing is written.
 */
export async function probe(config: RunConfig, data: LoadedData, stages: readonly Stage[]): Promise<Probe> {
  const training = trial(config, data, [{ method: 'cross-entropy', kind: 'train' }]);
  const steps = await timed(training, 4);
  const step = Math.min(...steps);
  const looked = data.test.labels.map((_, i) => i).subarray(0, LOOKED_AT);
  const untrained = modelFor(config, data).init(new Random(0));
  await training.testLogits(untrained, 'cross-entropy', looked);
  const started = performance.now();
  await training.testLogits(untrained, 'cross-entropy', looked);
  const evaluation = (performance.now() - started) / 1000 / looked.length;
  await training.close();
  if (!stages.some(({ kind }) => kind === 'search')) return { step, evaluation, peakBytes: peak() };
  const before = peak();
  const { innerBatches, mixedBatches = 0, outerBatches, spectrumInterval, folds: _, ...search } = config.search;
  const single = { ...search, warmupEpochs: 0, interval: 1, innerBatches: 1, outerBatches: 1, spectrumInterval: 2 };
  const searching = trial({ ...config, search: single }, data, [{ method: 'autobalance', kind: 'search' }]);
  const [, plain = step, estimating = plain] = await timed(searching, 3);
  await searching.close();
  const inner = Math.max(0, plain - 2 * step) + Math.max(0, estimating - plain) / spectrumInterval;
  const grown = peak() - before;
  return {
    step,
    hypergradient: outerBatches * step + innerBatches * inner + mixedBatches * MIXED * step,
    evaluation,
    peakBytes: peak() + (innerBatches + mixedBatches - 1) * grown,
  };
}
