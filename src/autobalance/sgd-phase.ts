import { BatchStream } from '../data/batch-stream.js';
import type { Random } from '../data/random.js';
import { type Sampling, samplings } from '../data/sampling.js';
import type { Batch, Source } from '../data/source.js';
import { NumericError, type Value } from '../ir/index.js';
import { type Model, namedArrays, treeFromArrays } from '../nn/index.js';
import { cosine, staircase } from '../optim/index.js';
import type { BatchTransform } from './augmentation/index.js';
import type { AnyTrainingLoss } from './baselines/index.js';
import { evaluate } from './evaluate.js';
import type { EpochReport, Phase, Snapshot, StepReport } from './phase.js';
import { initTraining, type TrainPrograms, type TrainState, type TrainStep } from './training.js';

/** How θ is trained; the same for every method, so that methods differ in their loss alone. */
export interface TrainingSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly warmupEpochs: number;
  /** Fractions of the epochs at which the learning rate falls by `decayFactor`. */
  readonly milestones: readonly number[];
  readonly decayFactor: number;
  /** How the learning rate falls after its warm-up: at the milestones, or along half a cosine, which knows none. Default `staircase`. */
  readonly schedule?: 'staircase' | 'cosine';
}

export interface SgdPhaseOptions<P, S, X = Value> {
  readonly model: Model<P, S, X>;
  readonly programs: TrainPrograms<P, S, X>;
  readonly source: Source<X>;
  readonly indices: Int32Array;
  readonly settings: TrainingSettings;
  /** Fixes initial weights and the order of the samples. */
  readonly random: Random;
  readonly loss: AnyTrainingLoss;
  /** How samples are drawn; an epoch has as many batches whichever way. Default `instance`, each sample once an epoch. */
  readonly sampling?: Sampling;
  /** What every batch goes through before it is trained on. Default nothing. */
  readonly transform?: BatchTransform<X>;
  /** Held-out samples to report the balanced error on after each epoch. */
  readonly watch?: { readonly source: Source<X>; readonly indices: Int32Array };
}

/** Trains θ by SGD under a loss. */
export class SgdPhase<P, S, X = Value> implements Phase {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly #options: SgdPhaseOptions<P, S, X>;
  readonly #step: TrainStep<P, S, X>;
  #train: TrainState<P, S>;
  readonly #learningRate: (step: number) => number;
  readonly #stream: BatchStream<X>;
  #completed = 0;
  #lossSum = 0;

  constructor(options: SgdPhaseOptions<P, S, X>) {
    const { settings, indices, random, model, programs, loss, source, sampling = 'instance' } = options;
    this.#options = options;
    this.#step = programs.step(loss);
    this.#train = initTraining(model.init(random.fork('weights')), loss.memory);
    // Whole batches only: one shape, one program, and no batch-norm statistics of a handful of samples.
    const sampler = samplings[sampling]({
      cells: source.dataset.labels,
      indices,
      batchSize: settings.batchSize,
      random: random.fork('batches'),
    });
    this.#stream = new BatchStream(source, sampler);
    this.epochs = settings.epochs;
    this.stepsPerEpoch = this.#stream.batchesPerEpoch;
    this.totalSteps = settings.epochs * this.stepsPerEpoch;
    this.#learningRate = (settings.schedule === 'cosine' ? cosine : staircase)({
      learningRate: settings.learningRate,
      epochs: settings.epochs,
      stepsPerEpoch: this.stepsPerEpoch,
      warmupEpochs: settings.warmupEpochs,
      milestones: settings.milestones,
      factor: settings.decayFactor,
    });
  }

  get completedSteps(): number {
    return this.#completed;
  }

  /** The trained model as it stands. */
  get result(): TrainState<P, S> {
    return this.#train;
  }

  /** Puts other running statistics into the model. */
  replaceState(state: S): void {
    this.#train = { ...this.#train, state };
  }

  async step(): Promise<StepReport> {
    const learningRate = this.#learningRate(this.#completed);
    const loss = await this.#descend(await this.#nextBatch(), learningRate);
    this.#completed += 1;
    this.#lossSum += loss;
    if (this.#completed % this.stepsPerEpoch !== 0) return { loss };
    return { loss, epoch: await this.#endEpoch(learningRate) };
  }

  async #nextBatch(): Promise<Batch<X>> {
    const { transform } = this.#options;
    const batch = await this.#stream.next();
    return transform ? transform(batch, this.#completed) : batch;
  }

  async #descend(batch: Batch<X>, learningRate: number): Promise<number> {
    const numbers = this.#options.loss.numbers(this.#completed / this.totalSteps);
    const result = await this.#step.async(this.#train, batch, numbers, learningRate);
    const loss = result.loss.item();
    if (!Number.isFinite(loss)) {
      throw new NumericError(
        `training: the loss of step ${this.#completed + 1} is ${loss}; lower the learning rate (${learningRate} at this step) or check the data`,
      );
    }
    this.#train = result.train;
    return loss;
  }

  async #endEpoch(learningRate: number): Promise<EpochReport> {
    const report = {
      epoch: this.#completed / this.stepsPerEpoch,
      trainLoss: this.#lossSum / this.stepsPerEpoch,
      learningRate,
    };
    this.#lossSum = 0;
    const { watch, programs } = this.#options;
    if (!watch) return report;
    const { balancedError } = await evaluate(programs, this.#train, watch.source, watch.indices);
    return { ...report, balancedError };
  }

  snapshot(): Snapshot {
    return {
      arrays: namedArrays(this.#train, 'train'),
      json: { completed: this.#completed, lossSum: this.#lossSum, sampler: this.#stream.state() },
    };
  }

  restore({ arrays, json }: Snapshot): void {
    this.#train = treeFromArrays(this.#train, arrays, 'checkpoint', 'train');
    this.#completed = json.completed as number;
    this.#lossSum = json.lossSum as number;
    this.#stream.restore(json.sampler);
  }
}
