import type { Dataset, DatasetParts, ImageDataset } from '../data/dataset.js';
import { classCounts, type LongTail, longTailIndices, stratifiedSplit } from '../data/long-tail.js';
import { Random } from '../data/random.js';
import { type InputOf, measuredSource, type Source } from '../data/source.js';
import { ConfigError } from '../ir/index.js';
import { argmaxRows, type ClassificationErrors, classificationErrors } from '../metrics/index.js';
import { type Model, type NamedArray, namedArrays, treeFromArrays } from '../nn/index.js';
import type { DataSettings } from './data-settings.js';
import { evaluate, predictLogits } from './evaluate.js';
import { type ClassLossNumbers, classLoss, type FixedLossName, fixedLosses } from './loss.js';
import type { HypergradientReport, Phase, Snapshot, StepReport } from './phase.js';
import { SearchPhase, type SearchSettings } from './search.js';
import { SgdPhase, type TrainingSettings } from './sgd-phase.js';
import { type TrainPrograms, trainPrograms } from './training.js';

export type MethodName = FixedLossName | 'autobalance';

/** One stage of an experiment: `train` under a fixed loss, `search` for one, `retrain` under the learned one. */
export interface Stage {
  readonly method: MethodName;
  readonly kind: 'train' | 'search' | 'retrain';
}

/** The stages a method takes, in order. */
export const stagesOf = (method: MethodName): Stage[] =>
  method === 'autobalance'
    ? [
        { method, kind: 'search' },
        { method, kind: 'retrain' },
      ]
    : [{ method, kind: 'train' }];

export interface ExperimentSettings {
  readonly seed: number;
  /** The long tail to cut from a balanced training set; `null` to take all of it as it is. */
  readonly longTail: LongTail | null;
  readonly training: TrainingSettings;
  readonly search: SearchSettings;
  /** Epochs of the search; everything else of its SGD is as in `training`. */
  readonly searchEpochs: number;
  /** Share of the training samples that the search holds out for its objective. */
  readonly validationFraction: number;
  /** Where α starts: neutral, or at another method's loss. */
  readonly start: FixedLossName;
  readonly data?: DataSettings;
}

/** What a method ended with. */
export interface MethodResult extends ClassificationErrors {
  readonly seconds: number;
}

/** What {@link Experiment.step} reports. */
export interface ExperimentEvent {
  readonly stage: Stage;
  readonly stageIndex: number;
  readonly completedSteps: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly report: StepReport;
  /** Set when this step ended its method's last stage. */
  readonly result?: MethodResult;
  /** With `result`: the model's logits on the test set, f32 [N, K]. */
  readonly logits?: Float32Array;
}

type RunningPhase<P, S> = Phase & { readonly result: { readonly params: P; readonly state: S } };

/** Test samples that the balanced error is watched on after each epoch of training; only shown, nothing is chosen by it. */
const WATCHED = 2000;

/**
 * Methods compared on one long-tailed data set with one budget: same model, same schedule, same seed for the weights and the order of the
 * samples; only the loss differs. Goes on in steps; between two of them it can be saved, and resumed bit-identically.
 */
export class Experiment<P, S, D extends Dataset = ImageDataset> {
  readonly stages: readonly Stage[];
  /** Samples of each class in the long-tailed training set. */
  readonly counts: readonly number[];
  readonly trainIndices: Int32Array;
  readonly results = new Map<MethodName, MethodResult>();
  readonly hypergradients: HypergradientReport[] = [];
  readonly #settings: ExperimentSettings;
  readonly #model: Model<P, S, InputOf<D>>;
  readonly #programs: TrainPrograms<P, S, InputOf<D>>;
  readonly #source: Source<InputOf<D>>;
  readonly #test: Source<InputOf<D>>;
  readonly #weights: Record<string, NamedArray> = {};
  readonly #seconds: Record<string, number> = {};
  #stageIndex = 0;
  #phase: RunningPhase<P, S> | undefined;
  #learned: ClassLossNumbers | undefined;

  /**
   * @param data a training set, from which the long tail is cut if there is to be one, and a test set
   * @param options.learned a loss to retrain under without searching
   * @throws {ConfigError|DataError} if the data cannot give the long tail
   */
  constructor(
    model: Model<P, S, InputOf<D>>,
    data: Pick<DatasetParts<D>, 'train' | 'test'>,
    stages: readonly Stage[],
    settings: ExperimentSettings,
    options: { readonly learned?: ClassLossNumbers } = {},
  ) {
    this.stages = stages;
    this.#settings = settings;
    this.#model = model;
    this.#learned = options.learned;
    const { labels, classes } = data.train;
    this.trainIndices = settings.longTail
      ? longTailIndices(labels, classes, settings.longTail)
      : allSamples(data.train);
    this.counts = classCounts(labels, classes, this.trainIndices);
    const { sampling: _, ...view } = settings.data ?? {};
    const sourceOf = measuredSource(data.train, { ...view, indices: this.trainIndices, seed: settings.seed });
    this.#source = sourceOf(data.train);
    this.#test = sourceOf(data.test);
    this.#programs = trainPrograms(model, settings.training);
  }

  /** The loss the search has learned; `undefined` before it has ended. */
  get learned(): ClassLossNumbers | undefined {
    return this.#learned;
  }

  get done(): boolean {
    return this.#stageIndex >= this.stages.length;
  }

  /** Steps of all stages, for an estimate of the time that is left. */
  get progress(): { readonly stageIndex: number; readonly completedSteps: number; readonly totalSteps: number } {
    const phase = this.#current();
    return {
      stageIndex: this.#stageIndex,
      completedSteps: phase?.completedSteps ?? 0,
      totalSteps: phase?.totalSteps ?? 0,
    };
  }

  /** One step of the current stage. @throws {NumericError} if a loss is no longer finite; {ConfigError} if nothing is left to do. */
  async step(): Promise<ExperimentEvent> {
    const phase = this.#current();
    if (!phase) throw new ConfigError('experiment: every stage is done; there is no further step');
    const stage = this.stages[this.#stageIndex]!;
    const started = performance.now();
    const report = await phase.step();
    if (report.hypergradient) this.hypergradients.push(report.hypergradient);
    const event = {
      stage,
      stageIndex: this.#stageIndex,
      completedSteps: phase.completedSteps,
      totalSteps: phase.totalSteps,
      stepsPerEpoch: phase.stepsPerEpoch,
      report,
    };
    this.#addSeconds(stage.method, (performance.now() - started) / 1000);
    if (phase.completedSteps < phase.totalSteps) return event;
    return { ...event, ...(await this.#endStage(stage, phase)) };
  }

  async #endStage(stage: Stage, phase: RunningPhase<P, S>): Promise<Pick<ExperimentEvent, 'result' | 'logits'>> {
    this.#stageIndex += 1;
    this.#phase = undefined;
    if (phase instanceof SearchPhase) this.#learned = phase.learned;
    const { params, state } = phase.result;
    Object.assign(this.#weights, namedArrays({ params, state }, `${stage.method}.${stage.kind}`));
    if (stage.kind === 'search') return {};
    const logits = await this.testLogits({ params, state });
    const { labels, classes } = this.#test.dataset;
    const errors = classificationErrors(argmaxRows(logits, classes), labels, classes);
    const result = { ...errors, seconds: this.#seconds[stage.method]! };
    this.results.set(stage.method, result);
    return { result, logits };
  }

  #addSeconds(method: MethodName, seconds: number): void {
    this.#seconds[method] = (this.#seconds[method] ?? 0) + seconds;
  }

  /** The test set. */
  get test(): Source<InputOf<D>> {
    return this.#test;
  }

  /** Errors of a model on the whole test set. */
  evaluate(trained: { readonly params: P; readonly state: S }): Promise<ClassificationErrors> {
    return evaluate(this.#programs, trained, this.#test, allOf(this.#test));
  }

  /** Logits of a model on the whole test set, f32 [N, K]. */
  testLogits(trained: { readonly params: P; readonly state: S }): Promise<Float32Array<ArrayBuffer>> {
    return predictLogits(this.#programs, trained, this.#test, allOf(this.#test));
  }

  /** Weights of every finished stage, named `<method>.<kind>.params.…` and `….state.…`. */
  get weights(): Readonly<Record<string, NamedArray>> {
    return this.#weights;
  }

  /** A trained model from named arrays. @throws {DataError} if they are of another model. */
  modelFrom(arrays: Readonly<Record<string, NamedArray>>, source: string, prefix: string): { params: P; state: S } {
    const { params, state } = this.#model.init(new Random(0));
    return treeFromArrays({ params, state }, arrays, source, prefix);
  }

  #current(): RunningPhase<P, S> | undefined {
    const stage = this.stages[this.#stageIndex];
    if (stage && !this.#phase) this.#phase = this.#begin(stage);
    return this.#phase;
  }

  #begin(stage: Stage): RunningPhase<P, S> {
    const { seed, training, search, searchEpochs, validationFraction, start } = this.#settings;
    const { labels, classes } = this.#source.dataset;
    const sampling = this.#settings.data?.sampling ?? 'instance';
    const common = { model: this.#model, programs: this.#programs, source: this.#source, sampling };
    if (stage.kind === 'search') {
      const random = new Random(seed, 'search');
      const split = stratifiedSplit(labels, classes, validationFraction, random.fork('split'), this.trainIndices);
      const initial = fixedLosses[start](classCounts(labels, classes, split.train));
      return new SearchPhase({
        ...common,
        random,
        indices: split.train,
        validation: split.validation,
        // A constant learning rate: after it has dropped, θ hardly answers α any more while it goes on to fit its samples, and α is then
        // driven by a few confident mistakes. Nothing is lost, for the search's θ is thrown away.
        settings: { ...training, epochs: searchEpochs, milestones: [] },
        search,
        initial,
        watch: { source: this.#source, indices: split.validation },
      });
    }
    const numbers = stage.method === 'autobalance' ? this.#learned : fixedLosses[stage.method](this.counts);
    if (!numbers) throw new ConfigError('experiment: retraining needs a learned loss; search first or give one');
    const loss = classLoss(numbers);
    return new SgdPhase({
      ...common,
      random: new Random(seed, 'train'),
      indices: this.trainIndices,
      settings: training,
      loss: () => loss,
      watch: { source: this.#test, indices: allOf(this.#test).subarray(0, WATCHED) },
    });
  }

  /** Ends the threads that prepare batches, if there are any; nothing can be done with the experiment after that but look at it. */
  async close(): Promise<void> {
    await this.#source.close();
  }

  snapshot(): Snapshot {
    const phase = this.#phase?.snapshot();
    return {
      arrays: { ...this.#weights, ...phase?.arrays },
      json: {
        stageIndex: this.#stageIndex,
        phase: phase?.json ?? null,
        learned: this.#learned ?? null,
        results: Object.fromEntries(this.results),
        hypergradients: [...this.hypergradients],
        seconds: { ...this.#seconds },
      },
    };
  }

  /** Goes on from a snapshot of an experiment with the same settings and data. @throws {DataError} if it is of another one. */
  restore({ arrays, json }: Snapshot): void {
    this.#stageIndex = json.stageIndex as number;
    // Reading `progress` may have begun another stage.
    this.#phase = undefined;
    this.#learned = (json.learned as ClassLossNumbers | null) ?? undefined;
    for (const [name, result] of Object.entries(json.results as Record<MethodName, MethodResult>)) {
      this.results.set(name as MethodName, result);
    }
    this.hypergradients.push(...(json.hypergradients as HypergradientReport[]));
    Object.assign(this.#seconds, json.seconds);
    const isPhase = (name: string): boolean => name.startsWith('train.') || name.startsWith('search.');
    for (const [name, array] of Object.entries(arrays)) if (!isPhase(name)) this.#weights[name] = array;
    if (json.phase === null) return;
    const phase = this.#current();
    phase?.restore({
      arrays: Object.fromEntries(Object.entries(arrays).filter(([name]) => isPhase(name))),
      json: json.phase as Snapshot['json'],
    });
  }
}

const allSamples = ({ labels }: Dataset): Int32Array => labels.map((_, i) => i);
const allOf = ({ dataset }: { readonly dataset: Dataset }): Int32Array => allSamples(dataset);
