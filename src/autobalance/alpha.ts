import type { PolicyParams } from '../augment/index.js';
import { ravel } from '../bilevel/index.js';
import { ConfigError, flatten } from '../ir/index.js';
import { type NamedArray, namedArrays, treeFromArrays } from '../nn/index.js';
import { tensor } from '../tensor/index.js';
import {
  byClass,
  type ClassLoss,
  type ClassLossNumbers,
  clustersOf,
  type LossSpace,
  lossSpace,
  type Table,
} from './loss/index.js';
import { referenceOptimiser } from './reference.js';
import type { SearchParameters } from './search-parameters.js';
import type { SearchSettings } from './search-settings.js';
import {
  automaticPolicyRate,
  automaticRate,
  clippedAdam,
  type UpperOptimiser,
  withPolicies,
} from './upper-optimiser.js';

export interface AlphaOptions {
  readonly search: SearchSettings;
  /** Where it starts. */
  readonly initial: ClassLossNumbers;
  /** Training samples of the search: n_k [K], or n_{k,g} [K][G]. */
  readonly counts: Table;
  /** Updates if nothing stops the search. */
  readonly planned: number;
  /** Where augmentation policies start that are learned beside the loss. */
  readonly policies?: PolicyParams;
}

/** α on its way: the raw numbers that hypergradients move, the loss and the policies they make, and what they were after each update. */
export class Alpha {
  readonly space: LossSpace;
  readonly #optimiser: UpperOptimiser<unknown, SearchParameters>;
  readonly #reference: boolean;
  #raw: SearchParameters;
  #loss: ClassLoss;
  #memory: unknown;
  /** After each update, as vectors [m]. */
  #history: Float32Array[] = [];

  constructor({ search, initial, counts, planned, policies }: AlphaOptions) {
    const { clusters, compat, augmentation, ...rest } = search;
    this.#reference = compat === 'reference';
    this.space = lossSpace({
      ...rest,
      initial,
      counts,
      ...(clusters && { clusters: clustersOf(clusters, byClass(counts)) }),
      rawStart: this.#reference,
    });
    this.#raw = { ...this.space.start, ...(policies && { augmentation: policies }) };
    if (flatten(this.#raw).leaves.length === 0) {
      throw new ConfigError(
        'search: there is nothing to learn; name delta, iota or weight in "learn", or set augmentation',
      );
    }
    this.#optimiser = optimiserFor(search, planned);
    this.#loss = this.space.effective(this.#raw);
    this.#memory = this.#optimiser.init(this.#raw);
  }

  get raw(): SearchParameters {
    return this.#raw;
  }

  /** What θ is trained under now. */
  get loss(): ClassLoss {
    return this.#loss;
  }

  /** Updates so far, those included whose hypergradient said nothing. */
  get updates(): number {
    return this.#history.length;
  }

  /** The policies that training images go through now, if any are learned. */
  get policies(): PolicyParams | undefined {
    return this.#raw.augmentation;
  }

  /** One step of the optimiser. */
  move(gradient: SearchParameters): void {
    const { raw, memory } = this.#optimiser.step(this.#raw, gradient, this.#memory);
    this.#raw = raw;
    this.#memory = memory;
    this.#loss = this.space.effective(raw);
  }

  /** Ends an update: from now on α as it stands counts for what is learned. */
  endUpdate(): void {
    this.#history.push(Float32Array.from(ravel(this.#raw).vector.data()));
  }

  /**
   * The loss to retrain under: that of α's mean over the second half of the first `upTo` updates, for a single α hangs on the last few batches. The
   * published code takes the last.
   */
  learned(upTo: number): ClassLossNumbers {
    return this.space.learned(this.#reference ? this.#raw : this.#averaged(upTo));
  }

  /** The policies to retrain under: likewise. */
  learnedPolicies(upTo: number): PolicyParams | undefined {
    return this.#averaged(upTo).augmentation;
  }

  #averaged(upTo: number): SearchParameters {
    const tail = this.#history.slice(Math.floor(upTo / 2), upTo);
    if (tail.length === 0) return this.#raw;
    const mean = tail[0]!.map((_, i) => tail.reduce((total, vector) => total + vector[i]!, 0) / tail.length);
    return ravel(this.#raw).unravel(tensor(mean));
  }

  /** Everything as arrays, to be restored bit-identically. */
  snapshot(): Record<string, NamedArray> {
    const arrays: Record<string, NamedArray> = namedArrays({ raw: this.#raw, memory: this.#memory }, PREFIX);
    const [updates, width] = [this.#history.length, this.#history[0]?.length ?? 0];
    if (updates > 0) {
      const data = new Float32Array(updates * width);
      this.#history.forEach((vector, i) => {
        data.set(vector, i * width);
      });
      arrays[HISTORY] = { shape: [updates, width], dtype: 'f32', data };
    }
    return arrays;
  }

  /** @throws {DataError} if the arrays are of another search */
  restore(arrays: Readonly<Record<string, NamedArray>>): void {
    const { raw, memory } = treeFromArrays({ raw: this.#raw, memory: this.#memory }, arrays, 'checkpoint', PREFIX);
    this.#raw = raw;
    this.#memory = memory;
    this.#loss = this.space.effective(raw);
    const history = arrays[HISTORY];
    const [updates, width] = history?.shape ?? [0, 0];
    this.#history = Array.from({ length: updates! }, (_, i) =>
      Float32Array.from(history!.data.slice(i * width!, (i + 1) * width!)),
    );
  }
}

function optimiserFor(
  { augmentation, ...search }: SearchSettings,
  planned: number,
): UpperOptimiser<unknown, SearchParameters> {
  const learningRate = search.learningRate === 'auto' ? automaticRate(planned) : search.learningRate;
  const loss =
    search.compat === 'reference' ? referenceOptimiser(learningRate) : clippedAdam({ ...search, learningRate });
  if (!augmentation) return loss;
  const { learningRate: own = 'auto' } = augmentation;
  return withPolicies(loss, { learningRate: own === 'auto' ? automaticPolicyRate(planned) : own });
}

const PREFIX = 'search.alpha';
const HISTORY = 'search.history';
