import type { Labelled } from '../data/dataset.js';
import { longTailIndices } from '../data/long-tail.js';
import type { ExperimentSettings } from './experiment.js';

/**
 * The samples that are trained on: those of the long tail, or all; and of them the share that is asked for.
 * @throws {ConfigError|DataError} if the data cannot give the long tail
 */
export function trainingSamples(
  { labels, classes }: Pick<Labelled, 'labels' | 'classes'>,
  { longTail, data: { share = 1 } = {} }: Pick<ExperimentSettings, 'longTail' | 'data'>,
): Int32Array {
  const all = longTail ? longTailIndices(labels, classes, longTail) : labels.map((_, i) => i);
  if (share === 1) return all;
  const left = new Array<number>(classes).fill(0);
  for (const i of all) left[labels[i]!]! += 1;
  left.forEach((count, k) => {
    left[k] = Math.ceil(share * count);
  });
  return all.filter((i) => left[labels[i]!]!-- > 0);
}
