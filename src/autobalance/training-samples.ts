import type { Labelled } from '../data/dataset.js';
import { type LongTail, longTailIndices } from '../data/long-tail.js';

/**
 * The samples that are trained on: those of the long tail, or all.
 * @throws {ConfigError|DataError} if the data cannot give the long tail
 */
export const trainingSamples = (
  { labels, classes }: Pick<Labelled, 'labels' | 'classes'>,
  longTail: LongTail | null,
): Int32Array => (longTail ? longTailIndices(labels, classes, longTail) : labels.map((_, i) => i));
