import {
  AugmentationNoise,
  type AugmentationPolicy,
  type AugmentationRandomness,
  type PolicyParams,
  pdaTransform,
  policyNumbers,
  policyParams,
} from '../../augment/index.js';
import { compile } from '../../backends/portable.js';
import type { ImageDataset } from '../../data/dataset.js';
import type { Random } from '../../data/random.js';
import type { Batch, Source } from '../../data/source.js';
import { ConfigError, DataError, type Value } from '../../ir/index.js';
import { add, div, mul, sub } from '../../ops/index.js';
import { tensor } from '../../tensor/index.js';
import type { LearnedAugmentation } from './learned.js';
import { byGroup, type PolicyForm, type PolicyLayout, policyFor } from './settings.js';

/** A batch with what is random about its augmentation. */
export type AugmentedBatch<X = Value> = Batch<X> & { readonly randomness: AugmentationRandomness };

/** What a batch of a phase goes through before it is trained on. @param step steps that the phase has taken before */
export type BatchTransform<X> = (batch: Batch<X>, step: number) => Promise<Batch<X>>;

/** Where the policies stand while they are learned. */
type Current = () => PolicyParams;

/**
 * Policies for the images of a source. Policies speak of pixels from 0, black, to 1; batches hold pixels that were normalised, and so they do
 * afterwards. An image to which nothing is done keeps its bits.
 */
export class ImageAugmentation<X = Value> {
  readonly policy: AugmentationPolicy;
  readonly #by: PolicyLayout;
  readonly #groups: readonly string[];
  readonly #imageShape: ImageDataset['imageShape'];
  readonly #mean: Value;
  readonly #std: Value;
  readonly #cellsOf: (batch: Batch<X>) => Value;

  /** @throws {ConfigError} if the source has no images, or no groups where policies are by group; on operations or numbers that there are not */
  constructor(
    source: Source<X>,
    { by, operations, ...form }: PolicyForm & { readonly operations?: readonly string[] },
  ) {
    const { dataset, group, normaliser } = source;
    if (dataset.kind === 'table' || !normaliser) {
      throw new ConfigError(
        `augmentation: policies change images, and ${dataset.name} is a ${dataset.kind}; leave the augmentation out`,
      );
    }
    this.#by = by;
    this.#groups = group.names;
    const groups = group.names.length;
    this.policy = policyFor({ by, ...form }, operations, { classes: dataset.classes, groups });
    this.#imageShape = dataset.imageShape;
    const perPixel = (values: Float32Array): Value => tensor(values, { shape: [...this.#imageShape] });
    this.#mean = perPixel(normaliser.mean);
    this.#std = perPixel(normaliser.std);
    const cells: { readonly [L in PolicyLayout]: (batch: Batch<X>) => Value } = {
      shared: ({ y }) => mul(y, 0),
      class: ({ y }) => y,
      group: ({ g }) => g,
      'class-group': ({ y, g }) => add(mul(y, groups), g),
    };
    this.#cellsOf = cells[by];
  }

  /** Randomness for batches without end. */
  noise(random: Random): AugmentationNoise {
    return new AugmentationNoise(this.policy, this.#imageShape, random);
  }

  /** The batch's inputs as its policies leave them; differentiable in the parameters at any order. */
  inputs(params: PolicyParams, batch: AugmentedBatch<X>): X {
    // The constructor has seen that the inputs are images.
    const x = batch.x as Value;
    const pixels = add(mul(x, this.#std), this.#mean);
    const after = pdaTransform(this.policy, params, pixels, this.#cellsOf(batch), batch.randomness);
    return add(x, div(sub(after, pixels), this.#std)) as X;
  }

  /** What these parameters say, for people and files. */
  learned(params: PolicyParams): LearnedAugmentation {
    const [by, { spread, temperature, straightThrough }] = [this.#by, this.policy];
    return {
      by,
      spread,
      temperature,
      straightThrough,
      ...(byGroup(by) && { groups: this.#groups }),
      ...policyNumbers(this.policy, params),
    };
  }

  /** Augments training batches, each step with randomness of its own. */
  transform(current: Current, random: Random): BatchTransform<X> {
    const noise = this.noise(random);
    const inputs = compile((params: PolicyParams, batch: AugmentedBatch<X>) => this.inputs(params, batch));
    return async (batch, step) => {
      const randomness = noise.at(step, batch.y.shape[0]!);
      return { ...batch, x: await inputs.async(current(), { ...batch, randomness }) };
    };
  }
}

/**
 * Augments training batches by policies that no longer move.
 * @throws {ConfigError} if the source has no images or no groups; {DataError} if the policies are for other classes or groups than it has
 */
export function frozenAugmentation<X>(
  source: Source<X>,
  { operations, groups = [], ...form }: LearnedAugmentation,
  random: Random,
): BatchTransform<X> {
  const augmentation = new ImageAugmentation(source, { ...form, operations: operations.map(({ name }) => name) });
  const { names } = source.group;
  if (byGroup(form.by) && groups.join('\n') !== names.join('\n')) {
    throw new DataError(
      `augmentation: the policies are for groups ${groups.join(', ')}, and the data has ${names.join(', ')}; learn them on this data`,
    );
  }
  const params = policyParams(augmentation.policy, { operations });
  return augmentation.transform(() => params, random);
}
