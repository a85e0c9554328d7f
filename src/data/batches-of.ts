import type { Value } from '../ir/index.js';
import type { Batch, Source } from './source.js';

/**
 * The samples at `indices` once, in that order and as in a test, in batches of up to `batchSize`. Where threads prepare them, one batch more than there
 * are threads is under way; memory is that of so many.
 * @throws {FileError|DataError} when an image file cannot be read
 */
export async function* batchesOf<X = Value>(
  source: Source<X>,
  indices: Int32Array,
  batchSize: number,
): AsyncGenerator<Batch<X>, void, undefined> {
  const under: Promise<Batch<X>>[] = [];
  for (let start = 0; start < indices.length || under.length > 0; ) {
    while (start < indices.length && under.length <= source.threads) {
      const batch = source.batch(indices.slice(start, start + batchSize));
      // Met when its turn comes.
      batch.catch(() => {});
      under.push(batch);
      start += batchSize;
    }
    yield under.shift()!;
  }
}
