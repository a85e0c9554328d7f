import type { AugmentationNoise } from '../augment/index.js';
import type { Batches } from '../bilevel/index.js';
import type { Sampler } from '../data/sampler.js';
import type { Batch, Source } from '../data/source.js';
import type { SearchBatch } from './search-problem.js';
import type { SearchSettings } from './search-settings.js';

type Stateless<S, X> = Omit<SearchBatch<S, X>, 'state'>;

export interface SearchDraws<S, X> {
  readonly search: Pick<SearchSettings, 'innerBatches' | 'mixedBatches' | 'outerBatches' | 'compat'>;
  readonly source: Source<X>;
  /** Draw training and held-out samples. */
  readonly inner: Sampler;
  readonly outer: Sampler;
  /** Running statistics to evaluate the objective with. */
  readonly state: S;
  /** What is random about augmentation policies, if there are any. */
  readonly noise?: AugmentationNoise | undefined;
  /** Hypergradients taken before. */
  readonly update: number;
}

/**
 * The batches of one hypergradient: training batches as SGD sees them, augmented if it augments; validation batches as a test would see them.
 * @throws {FileError|DataError} if an image file cannot be read
 */
export async function searchBatches<S, X>(draws: SearchDraws<S, X>): Promise<Batches<SearchBatch<S, X>>> {
  const { source, state, noise, update } = draws;
  const { innerBatches, mixedBatches = 0, outerBatches, compat } = draws.search;
  const draw = (count: number, next: (i: number) => Promise<Stateless<S, X>>): Promise<SearchBatch<S, X>[]> =>
    Promise.all(Array.from({ length: count }, async (_, i) => ({ ...(await next(i)), state })));
  const augmented = (sampler: Sampler): Promise<Batch<X>> => {
    const { indices, visits } = sampler.draw();
    return source.batch(indices, visits);
  };
  const first = update * (innerBatches + mixedBatches);
  const training = async (i: number): Promise<Stateless<S, X>> => {
    const batch = await augmented(draws.inner);
    return noise ? { ...batch, randomness: noise.at(first + i, batch.y.shape[0]!) } : batch;
  };
  const inner = await draw(innerBatches, training);
  const mixed = await draw(mixedBatches, (i) => training(innerBatches + i));
  const outer = await draw(outerBatches, () =>
    compat === 'reference' ? augmented(draws.outer) : source.batch(draws.outer.draw().indices),
  );
  return { inner, outer, ...(mixed.length > 0 && { mixed }) };
}
