import type { Dataset, DatasetParts, ImageDataset } from '../data/dataset.js';
import { cellCounts, type GroupColumn } from '../data/groups.js';
import { classCounts, type LongTail, stratifiedSplit } from '../data/long-tail.js';
import { Random } from '../data/random.js';
import { type InputOf, measuredSource, type Source } from '../data/source.js';
import { ConfigError } from '../ir/index.js';
import { argmaxRows, type ClassificationErrors, classificationErrors } from '../metrics/index.js';
import {
  classifierOf,
  cosineClassifier,
  type Model,
  type NamedArray,
  namedArrays,
  retrainedHead,
  treeFromArrays,
} from '../nn/index.js';
import { frozenAugmentation, type LearnedAugmentation } from './augmentation/index.js';
import { type BaselineName, type BaselineOverrides, baselines, parametricLoss } from './baselines/index.js';
import type { DataSettings } from './data-settings.js';
import { evaluate, predictLogits } from './evaluate.js';
import { stratifiedFolds } from './folds.js';
import { AdjustPhase, headPhase, type Trained, type TrainingPhase } from './head-phase.js';
import { type ClassLossNumbers, type StartSetting, startingLoss, type Table } from './loss/index.js';
import { baselineWith, type MethodName, type Stage } from './methods.js';
import type { HypergradientReport, Snapshot, StepReport } from './phase.js';
import { SearchPhase, type SearchSplit } from './search.js';
import type { SearchSettings } from './search-settings.js';
import { SgdPhase, type SgdPhaseOptions, type TrainingSettings } from './sgd-phase.js';
import { type TrainPrograms, trainPrograms } from './training.js';
import { trainingSamples } from './training-samples.js';

export interface ExperimentSettings {
  readonly seed: number;
  /** The long tail to cut from a balanced training set; `null` to take all of it as it is. */
  readonly longTail: LongTail | null;
  readonly training: TrainingSettings;
  readonly search: SearchSettings;
  /** Epochs of the search; everything else of its SGD is as in `training`. */
  readonly searchEpochs: number;
  /** Share of the training samples that the search holds out for its objective, unless it has folds. */
  readonly validationFraction: number;
  /** Where α starts: neutral (`cross-entropy`), at another fixed loss, or at given numbers. */
  readonly start: StartSetting;
  /** Settings of baselines other than their usual ones. */
  readonly baselines?: BaselineOverrides;
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

/** A model and its programs. */
interface Network<P, S, X> {
  readonly model: Model<P, S, X>;
  readonly programs: TrainPrograms<P, S, X>;
}

/** Test samples that the balanced error is watched on after each epoch of training; only shown, nothing is chosen by it. */
export const WATCHED = 2000;

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
  /** By scale of the cosine classifier; 0 is the model as it is. */
  readonly #networks = new Map<number, Network<P, S, InputOf<D>>>();
  readonly #source: Source<InputOf<D>>;
  readonly #test: Source<InputOf<D>>;
  readonly #weights: Record<string, NamedArray> = {};
  readonly #seconds: Record<string, number> = {};
  #stageIndex = 0;
  #phase: TrainingPhase<P, S> | undefined;
  #learned: ClassLossNumbers | undefined;
  #learnedAugmentation: LearnedAugmentation | undefined;

  /**
   * @param data a training set, from which the long tail is cut if there is to be one, and a test set
   * @param options.learned a loss to retrain under without searching
   * @param options.augmentation policies that training images go through then
   * @throws {ConfigError|DataError} if the data cannot give the long tail, or settings and data do not fit together
   */
  constructor(
    model: Model<P, S, InputOf<D>>,
    data: Pick<DatasetParts<D>, 'train' | 'test'>,
    stages: readonly Stage[],
    settings: ExperimentSettings,
    options: { readonly learned?: ClassLossNumbers; readonly augmentation?: LearnedAugmentation } = {},
  ) {
    this.stages = stages;
    this.#settings = settings;
    this.#model = model;
    this.#learned = options.learned;
    this.#learnedAugmentation = options.augmentation;
    const { labels, classes } = data.train;
    this.trainIndices = trainingSamples(data.train, settings);
    this.counts = classCounts(labels, classes, this.trainIndices);
    const { sampling: _, share: __, side: ___, ...view } = settings.data ?? {};
    const sourceOf = measuredSource(data.train, { ...view, indices: this.trainIndices, seed: settings.seed });
    this.#source = sourceOf(data.train);
    this.#test = sourceOf(data.test);
    // What settings and data cannot do together comes to light before anything is trained.
    for (const stage of stages) if (this.#canBegin(stage)) this.#begin(stage);
  }

  /** What the groups are called that batches tell apart; none if everybody is in one. */
  get groups(): readonly string[] {
    const { names } = this.#source.group;
    return names.length > 1 ? names : [];
  }

  /** Training samples n_k [K], or n_{k,g} [K][G] where the source has groups. */
  get #cells(): Table {
    const { dataset, group } = this.#source;
    return group.names.length > 1 ? cellCounts(dataset, group, this.trainIndices) : this.counts;
  }

  /** The loss the search has learned; `undefined` before it has ended. */
  get learned(): ClassLossNumbers | undefined {
    return this.#learned;
  }

  /** The augmentation policies it has learned with it; `undefined` if it learns none. */
  get learnedAugmentation(): LearnedAugmentation | undefined {
    return this.#learnedAugmentation;
  }

  get done(): boolean {
    return this.#stageIndex >= this.stages.length;
  }

  /** The network that is in training, as it stands; `undefined` when every stage is done. */
  get network(): Trained<P, S> | undefined {
    return this.#current()?.result;
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

  async #endStage(stage: Stage, phase: TrainingPhase<P, S>): Promise<Pick<ExperimentEvent, 'result' | 'logits'>> {
    this.#stageIndex += 1;
    this.#phase = undefined;
    if (phase instanceof SearchPhase) {
      this.#learned = phase.learned;
      this.#learnedAugmentation = phase.learnedAugmentation;
    }
    const { params, state } = phase.result;
    Object.assign(this.#weights, namedArrays({ params, state }, `${stage.method}.${stage.kind}`));
    if (stage.kind === 'search') return {};
    const logits = await this.testLogits({ params, state }, stage.method);
    const { labels, classes } = this.#test.dataset;
    const errors = classificationErrors(argmaxRows(logits, classes), labels, classes);
    const result = { ...errors, seconds: this.#seconds[stage.method]! };
    this.results.set(stage.method, result);
    return { result, logits };
  }

  #addSeconds(method: MethodName, seconds: number): void {
    this.#seconds[method] = (this.#seconds[method] ?? 0) + seconds;
  }

  /** The column of groups that batches carry; one of all samples where none was asked for. */
  get group(): GroupColumn {
    return this.#source.group;
  }

  /** The test set. */
  get test(): Source<InputOf<D>> {
    return this.#test;
  }

  /** Errors of a method's network on the whole test set. @param method whose; LDAM's ends in another classifier */
  evaluate(trained: Trained<P, S>, method: MethodName = 'autobalance'): Promise<ClassificationErrors> {
    return evaluate(this.#network(method).programs, trained, this.#test, allOf(this.#test));
  }

  /** Logits of a method's network on test samples, by default all of them: f32 [N, K]. */
  testLogits(
    trained: Trained<P, S>,
    method: MethodName = 'autobalance',
    indices = allOf(this.#test),
  ): Promise<Float32Array<ArrayBuffer>> {
    return predictLogits(this.#network(method).programs, trained, this.#test, indices);
  }

  /** What a search trains on and holds out. */
  get searchSplits(): readonly SearchSplit[] {
    return this.#splits(new Random(this.#settings.seed, 'search'));
  }

  /** The model that a method trains, and its programs. */
  #network(method: MethodName): Network<P, S, InputOf<D>> {
    const scale = method === 'autobalance' ? 0 : this.#cosineScale(method);
    const known = this.#networks.get(scale);
    if (known) return known;
    const model = scale > 0 ? cosineClassifier(this.#model, scale) : this.#model;
    const network = { model, programs: trainPrograms(model, this.#settings.training) };
    this.#networks.set(scale, network);
    return network;
  }

  #cosineScale(name: BaselineName): number {
    const { baseline, settings } = baselineWith(name, this.#settings.baselines);
    return baseline.kind === 'loss' ? (baseline.cosineScale?.(settings) ?? 0) : 0;
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

  #current(): TrainingPhase<P, S> | undefined {
    const stage = this.stages[this.#stageIndex];
    if (stage && !this.#phase) this.#phase = this.#begin(stage);
    return this.#phase;
  }

  /** Whether a stage needs nothing of those before it. */
  #canBegin({ kind }: Stage): boolean {
    return kind === 'train' || kind === 'search' || (kind === 'retrain' && this.#learned !== undefined);
  }

  #begin(stage: Stage): TrainingPhase<P, S> {
    switch (stage.kind) {
      case 'search':
        return this.#search(stage);
      case 'retrain': {
        if (!this.#learned)
          throw new ConfigError('experiment: retraining needs a learned loss; search first or give one');
        return new SgdPhase({ ...this.#training(stage), ...this.#augmenting(), loss: parametricLoss(this.#learned) });
      }
      case 'train': {
        const { baseline, settings } = this.#baseline(stage);
        if (baseline.kind !== 'loss') throw new ConfigError(`experiment: ${stage.method} trains no network of its own`);
        return new SgdPhase({ ...this.#training(stage), loss: baseline.loss({ counts: this.#cells }, settings) });
      }
      default:
        return this.#changeHead(stage);
    }
  }

  #baseline({ method }: Stage) {
    if (method === 'autobalance') throw new ConfigError('experiment: autobalance has the stages search and retrain');
    return baselineWith(method, this.#settings.baselines);
  }

  /** What every training on all training samples has in common. */
  #training({ method }: Stage) {
    return {
      ...this.#network(method),
      source: this.#source,
      sampling: this.#settings.data?.sampling ?? 'instance',
      random: new Random(this.#settings.seed, 'train'),
      indices: this.trainIndices,
      settings: this.#settings.training,
      watch: this.#watch(),
    };
  }

  /** The learned augmentation, if there is some, as a part of a training. */
  #augmenting(): Pick<SgdPhaseOptions<P, S, InputOf<D>>, 'transform'> {
    const random = new Random(this.#settings.seed, 'train').fork('augmentation');
    const learned = this.#learnedAugmentation;
    return learned ? { transform: frozenAugmentation(this.#source, learned, random) } : {};
  }

  #watch() {
    return { source: this.#test, indices: allOf(this.#test).subarray(0, WATCHED) };
  }

  #search(stage: Stage): SearchPhase<P, S, InputOf<D>> {
    const { seed, training, search, searchEpochs, start, data } = this.#settings;
    return new SearchPhase({
      ...this.#network(stage.method),
      source: this.#source,
      sampling: data?.sampling ?? 'instance',
      random: new Random(seed, 'search'),
      splits: this.searchSplits,
      // A constant learning rate: after it has dropped, θ hardly answers α any more while it goes on to fit its samples, and α is then
      // driven by a few confident mistakes. Nothing is lost, for the search's θ is thrown away.
      settings: {
        ...training,
        epochs: searchEpochs,
        ...(search.compat === undefined && { milestones: [], schedule: 'staircase' }),
      },
      search,
      counts: this.#cells,
      initial: startingLoss(start, this.#cells),
      watch: true,
    });
  }

  /** Parts in which every class, or cell of class and group, has its share. */
  #splits(random: Random): readonly SearchSplit[] {
    const { validationFraction, search } = this.#settings;
    const { dataset, group } = this.#source;
    const { length: groups } = group.names;
    const cells = dataset.labels.map((label, i) => label * groups + group.values[i]!);
    if (search.folds !== undefined) {
      return stratifiedFolds(cells, this.trainIndices, search.folds, random.fork('folds'));
    }
    return [
      stratifiedSplit(cells, dataset.classes * groups, validationFraction, random.fork('split'), this.trainIndices),
    ];
  }

  #changeHead(stage: Stage): TrainingPhase<P, S> {
    const { seed, training } = this.#settings;
    const { baseline, settings } = this.#baseline(stage);
    const classifier = classifierOf(this.#model, stage.method);
    const base = this.modelFrom(this.#weights, 'experiment', 'cross-entropy.train');
    const context = { counts: this.#cells };
    if (baseline.kind === 'adjust') {
      const head = baseline.adjust(classifier.head(base.params), context, settings);
      return new AdjustPhase({ params: classifier.withHead(base.params, head), state: base.state });
    }
    if (baseline.kind !== 'classifier') throw new ConfigError(`experiment: ${stage.method} has the stage train`);
    const model = retrainedHead(this.#model, base, baseline.head);
    const epochs = Math.max(1, Math.round(training.epochs * settings.share!));
    const phase = new SgdPhase({
      model,
      programs: trainPrograms(model, training),
      source: this.#source,
      random: new Random(seed, 'classifier'),
      indices: this.trainIndices,
      sampling: 'balanced',
      settings: { ...training, epochs, warmupEpochs: 0 },
      loss: baselines['cross-entropy'].loss(context, {}),
      watch: this.#watch(),
    });
    return headPhase(phase, (head) => ({
      params: classifier.withHead(base.params, baseline.head.head(head, classifier.head(base.params))),
      state: base.state,
    }));
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
        ...(this.#learnedAugmentation && { augmentation: this.#learnedAugmentation }),
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
    this.#learnedAugmentation = json.augmentation as LearnedAugmentation | undefined;
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

const allOf = ({ dataset: { labels } }: { readonly dataset: Dataset }): Int32Array => labels.map((_, i) => i);
