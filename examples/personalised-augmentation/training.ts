import {
  AugmentationNoise,
  type AugmentationPolicy,
  type AugmentationRandomness,
  argmax,
  BatchSampler,
  type Compiled,
  compile,
  crossEntropy,
  div,
  initVelocity,
  type Model,
  mul,
  type PolicyParams,
  pdaTransform,
  Random,
  sgd,
  staircase,
  sub,
  tensor,
  type Value,
  valueAndGrad,
} from 'autobalance';
import type { Images } from './samples.js';

/** A network that takes pixels 0 … 1. */
export type Network = Model<unknown, unknown>;

/** The same network, fed with pixels normalised by one mean and one deviation: those of the training images. */
export function normalising(model: Network, { x }: Images): Network {
  const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
  const deviation = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length);
  return {
    ...model,
    apply: (params, state, pixels, options) => model.apply(params, state, div(sub(pixels, mean), deviation), options),
  };
}

export type Batch = { readonly x: Value; readonly y: Value };
/** A batch of training images with what is random about their augmentation. */
export type AugmentedBatch = Batch & { readonly randomness: AugmentationRandomness };

export function batchOf({ x, y, imageShape }: Images, indices: Int32Array): Batch {
  const pixels = imageShape[0] * imageShape[1] * imageShape[2];
  const images = new Float32Array(indices.length * pixels);
  indices.forEach((index, i) => {
    images.set(x.subarray(index * pixels, (index + 1) * pixels), i * pixels);
  });
  return {
    x: tensor(images, { shape: [indices.length, ...imageShape] }),
    y: tensor(indices.map((index) => y[index]!)),
  };
}

/** Which policy each image follows: that of its class, or the only one. */
const cellsOf = (policy: AugmentationPolicy, y: Value): Value => (policy.cells === 1 ? mul(y, 0) : y);

/** The images of a batch as the policy leaves them. */
export const augmented = (policy: AugmentationPolicy, params: PolicyParams, batch: AugmentedBatch): Value =>
  pdaTransform(policy, params, batch.x, cellsOf(policy, batch.y), batch.randomness);

/** Everything that a step of SGD changes. */
export interface TrainState {
  readonly params: unknown;
  readonly velocity: unknown;
  readonly state: unknown;
}

export const initTraining = (model: Network, random: Random): TrainState => {
  const { params, state } = model.init(random);
  return { params, velocity: initVelocity(params), state };
};

export interface TrainSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

export type Step = Compiled<
  [train: TrainState, policyParams: PolicyParams, batch: AugmentedBatch, learningRate: number | Value],
  { train: TrainState; loss: Value }
>;

/** One step of SGD on the cross-entropy of augmented images. */
export function trainingStep(
  model: Network,
  policy: AugmentationPolicy,
  { momentum, weightDecay }: Pick<TrainSettings, 'momentum' | 'weightDecay'>,
): Step {
  return compile((train, policyParams, batch, learningRate) => {
    const objective = (params: unknown): [Value, unknown] => {
      const x = augmented(policy, policyParams, batch);
      const { logits, state } = model.apply(params, train.state, x, { train: true });
      return [crossEntropy(logits, batch.y), state];
    };
    const { value, grad } = valueAndGrad(objective)(train.params);
    const { params, velocity } = sgd(train.params, grad, train.velocity, { learningRate, momentum, weightDecay });
    return { train: { params, velocity, state: value[1] }, loss: value[0] };
  });
}

/** Augmented batches without end, the same for the same seed. */
export class AugmentedBatches {
  readonly #images: Images;
  readonly #sampler: BatchSampler;
  readonly #noise: AugmentationNoise;
  #step = 0;

  constructor(images: Images, policy: AugmentationPolicy, batchSize: number, random: Random) {
    this.#images = images;
    const all = images.y.map((_, i) => i);
    this.#sampler = new BatchSampler(all, Math.min(batchSize, all.length), random.fork('batches'), { dropLast: true });
    this.#noise = new AugmentationNoise(policy, images.imageShape, random.fork('augmentation'));
  }

  get perEpoch(): number {
    return this.#sampler.batchesPerEpoch;
  }

  next(): AugmentedBatch {
    const indices = this.#sampler.next();
    return { ...batchOf(this.#images, indices), randomness: this.#noise.at(this.#step++, indices.length) };
  }
}

/** Trains afresh with a policy that does not move: warm-up for a tenth of the epochs, a tenth of the rate from 70 %, a hundredth from 90 %. */
export async function train(
  model: Network,
  policy: AugmentationPolicy,
  policyParams: PolicyParams,
  images: Images,
  settings: TrainSettings,
  seed: number,
): Promise<TrainState> {
  const random = new Random(seed, 'training');
  const batches = new AugmentedBatches(images, policy, settings.batchSize, random);
  const step = trainingStep(model, policy, settings);
  const rate = staircase({
    ...settings,
    stepsPerEpoch: batches.perEpoch,
    warmupEpochs: Math.floor(settings.epochs / 10),
    milestones: [0.7, 0.9],
  });
  let state = initTraining(model, random.fork('weights'));
  for (let i = 0; i < settings.epochs * batches.perEpoch; i++) {
    state = (await step.async(state, policyParams, batches.next(), rate(i))).train;
  }
  return state;
}

const EVALUATION_BATCH = 250;

/** Share of wrong predictions for each class, in percent, with the running statistics. */
export function classErrors(model: Network, { params, state }: TrainState, images: Images, classes: number): number[] {
  const predict = compile((p: unknown, s: unknown, x: Value) =>
    argmax(model.apply(p, s, x, { train: false }).logits, 1),
  );
  const wrong = new Array<number>(classes).fill(0);
  const count = new Array<number>(classes).fill(0);
  for (let from = 0; from < images.y.length; from += EVALUATION_BATCH) {
    const length = Math.min(EVALUATION_BATCH, images.y.length - from);
    const { x } = batchOf(
      images,
      Int32Array.from({ length }, (_, i) => from + i),
    );
    predict(params, state, x)
      .data()
      .forEach((label, i) => {
        const own = images.y[from + i]!;
        count[own]! += 1;
        if (label !== own) wrong[own]! += 1;
      });
  }
  return wrong.map((n, label) => (100 * n) / count[label]!);
}

export const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
