import type { Random } from '../data/random.js';
import { ConfigError } from '../ir/index.js';
import type { SearchSplit } from './search.js';

/**
 * Splits that hold out each sample once: every class is dealt to `count` parts in random order, as evenly as its number allows, and each part is
 * held out from one split. A class of one sample is held out from none, so that no θ lacks it.
 * @param indices samples to deal, positions in `labels`
 * @throws {ConfigError} unless `count` is an integer of at least 2
 */
export function stratifiedFolds(
  labels: Int32Array,
  indices: Int32Array,
  count: number,
  random: Random,
): readonly SearchSplit[] {
  if (!Number.isSafeInteger(count) || count < 2) {
    throw new ConfigError(
      `folds: their number must be an integer of at least 2, got ${count}; leave it out for one split`,
    );
  }
  const byClass = new Map<number, number[]>();
  for (const index of indices) {
    const list = byClass.get(labels[index]!);
    if (list) list.push(index);
    else byClass.set(labels[index]!, [index]);
  }
  const partOf = new Map<number, number>();
  // Where one class left off the next begins: a remainder does not always go to the first part.
  let next = 0;
  for (const [, list] of [...byClass].sort(([a], [b]) => a - b)) {
    if (list.length > 1) for (const index of random.shuffle(list)) partOf.set(index, next++ % count);
  }
  return Array.from({ length: count }, (_, part) => ({
    train: indices.filter((index) => partOf.get(index) !== part).sort(),
    validation: indices.filter((index) => partOf.get(index) === part).sort(),
  }));
}
