import { type AugmentationNoise, initPolicy } from '../augment/index.js';
import {
  type BilevelProblem,
  type HypergradientMethod,
  hypergradient,
  type ImplicitState,
  type SpectrumEstimate,
} from '../bilevel/index.js';
import type { Sampler } from '../data/sampler.js';
import { samplings } from '../data/sampling.js';
import { ConfigError, type Value } from '../ir/index.js';
import { Alpha } from './alpha.js';
import { ImageAugmentation, type LearnedAugmentation } from './augmentation/index.js';
import { movingLoss } from './baselines/index.js';
import { EarlyStop } from './early-stop.js';
import { type ClassLossNumbers, classLossNumbers, type Table } from './loss/index.js';
import type { EpochReport, HypergradientReport, Phase, Snapshot, StepReport } from './phase.js';
import { passThrough, withoutGradient } from './reference.js';
import { searchBatches } from './search-batches.js';
import type { SearchParameters } from './search-parameters.js';
import { cellsOfSamples, objectiveFor, type SearchBatch, searchProblem } from './search-problem.js';
import type { SearchSettings } from './search-settings.js';
import { SgdPhase, type SgdPhaseOptions } from './sgd-phase.js';
import { methodOf } from './solver-settings.js';
import type { TrainState } from './training.js';
import { normOf } from './upper-optimiser.js';

/** Samples that one θ is trained on, and those that its hypergradients are measured on. */
export interface SearchSplit {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

export interface SearchPhaseOptions<P, S, X = Value>
  extends Omit<SgdPhaseOptions<P, S, X>, 'loss' | 'transform' | 'indices' | 'watch'> {
  readonly search: SearchSettings;
  /** Where α starts. */
  readonly initial: ClassLossNumbers;
  /** Training samples of the search: n_k [K], or n_{k,g} [K][G]. */
  readonly counts: Table;
  /** One, or several: each has a θ of its own, and all share α. */
  readonly splits: readonly SearchSplit[];
  /** Report the balanced error on the held-out samples after each epoch, mean over the splits. Default false. */
  readonly watch?: boolean;
}

/** Share of the planned updates over which the objective is averaged for the early stop. */
const WINDOW = 0.1;

/** One θ at work. */
interface Fold<P, S, X> {
  readonly phase: SgdPhase<P, S, X>;
  readonly inner: Sampler;
  readonly outer: Sampler;
  /** Of the training batches behind its hypergradients. */
  readonly noise: AugmentationNoise | undefined;
  spectrum: SpectrumEstimate | undefined;
}

/**
 * The search phase of AutoBalance (Li et al. 2021, algorithm 1): SGD steps on θ under ℓ(·; α), and after a warm-up every `interval` steps a
 * step on α along the hypergradient of the validation objective.
 *
 * The validation batches hold every class equally often, so a plain mean over them is the balanced objective; it is evaluated as the
 * model will be used, with running statistics. The training loss in H is the one that SGD descends, with the batch's own statistics;
 * neither changes the running ones.
 *
 * With several splits the steps of their θ take turns, and so do their hypergradients: every sample that one holds out another trains on, so that
 * a rare class has all of its samples in the objective.
 *
 * What is learned is the mean of α over the second half of the updates: a single α hangs on the last few batches.
 */
export class SearchPhase<P, S, X = Value> implements Phase {
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly #options: SearchPhaseOptions<P, S, X>;
  readonly #folds: readonly Fold<P, S, X>[];
  readonly #problem: BilevelProblem<P, SearchParameters, SearchBatch<S, X>>;
  readonly #method: HypergradientMethod<ImplicitState>;
  readonly #pass: ReturnType<typeof passThrough<P, S, X>>;
  readonly #reference: boolean;
  readonly #augmentation: ImageAugmentation<X> | undefined;
  readonly #alpha: Alpha;
  /** Updates of α if nothing stops it. */
  readonly #planned: number;
  #early: EarlyStop;
  /** What the θ that have ended the epoch in progress reported. */
  #ended: EpochReport[] = [];

  constructor(options: SearchPhaseOptions<P, S, X>) {
    const { search, initial, counts, model, settings } = options;
    const { interval, warmupEpochs } = search;
    this.#options = options;
    this.#reference = search.compat === 'reference';
    this.#augmentation = augmentationFor(options);
    this.#folds = options.splits.map((split, f) => this.#newFold(split, f));
    this.epochs = settings.epochs;
    this.stepsPerEpoch = this.#folds.reduce((total, { phase }) => total + phase.stepsPerEpoch, 0);
    this.#planned = Math.max(0, Math.floor(((this.epochs - warmupEpochs) * this.stepsPerEpoch) / interval));
    const policy = this.#augmentation?.policy;
    this.#alpha = new Alpha({
      search,
      initial,
      counts,
      planned: this.#planned,
      ...(policy && { policies: initPolicy(policy, search.augmentation) }),
    });
    this.#method = methodOf(search.method, { unchecked: this.#reference });
    const held = Int32Array.from(options.splits.flatMap(({ validation }) => [...validation]));
    this.#problem = searchProblem(model, this.#alpha.space, objectiveFor(search, options.source, held), {
      train: this.#reference,
      weightDecay: this.#reference ? 0 : settings.weightDecay,
      augmentation: this.#augmentation,
    });
    this.#pass = passThrough(model);
    this.#early = this.#newEarlyStop();
  }

  #newFold({ train, validation }: SearchSplit, f: number): Fold<P, S, X> {
    const { random: root, settings, source, watch, search, ...rest } = this.#options;
    const random = f === 0 ? root : root.fork(`split ${f}`);
    const augmentation = this.#augmentation;
    const sampler = (kind: 'instance' | 'balanced', indices: Int32Array, name: string): Sampler =>
      samplings[kind]({
        cells: cellsOfSamples(search, source),
        indices,
        batchSize: settings.batchSize,
        random: random.fork(name),
      });
    return {
      phase: new SgdPhase({
        ...rest,
        source,
        settings,
        random,
        indices: train,
        loss: movingLoss(() => this.#alpha.loss),
        ...(augmentation && {
          transform: augmentation.transform(() => this.#alpha.policies!, random.fork('augmentation')),
        }),
        ...(watch && { watch: { source, indices: validation } }),
      }),
      inner: sampler('instance', train, 'inner batches'),
      outer: sampler(this.#reference ? 'instance' : 'balanced', validation, 'outer batches'),
      noise: augmentation?.noise(random.fork('inner augmentation')),
      spectrum: undefined,
    };
  }

  #newEarlyStop(): EarlyStop {
    const window = Math.max(3, Math.ceil(WINDOW * this.#planned));
    const { patience = Number.POSITIVE_INFINITY } = this.#options.search;
    return new EarlyStop({ window, patience: Math.max(window, patience * this.#planned) });
  }

  get completedSteps(): number {
    return this.#folds.reduce((total, { phase }) => total + phase.completedSteps, 0);
  }

  /** Whole epochs: fewer than planned once the early stop has spoken. */
  get totalSteps(): number {
    if (!this.#early.stopped) return this.epochs * this.stepsPerEpoch;
    const { warmupEpochs, interval } = this.#options.search;
    // No update is taken after it has, so their number says when it was.
    const lastUpdate = warmupEpochs + (this.#alpha.updates * interval) / this.stepsPerEpoch;
    return Math.min(this.epochs, Math.ceil(lastUpdate)) * this.stepsPerEpoch;
  }

  /** The network of the first split as it stands. */
  get result(): TrainState<P, S> {
    return this.#folds[0]!.phase.result;
  }

  /** The loss that the search has learned so far, as it is to be retrained under; after an early stop, from the updates up to the best. */
  get learned(): ClassLossNumbers {
    return this.#alpha.learned(this.#upTo);
  }

  /** The augmentation policies that it has learned so far, if it learns some: likewise. */
  get learnedAugmentation(): LearnedAugmentation | undefined {
    const params = this.#alpha.learnedPolicies(this.#upTo);
    return params && this.#augmentation?.learned(params);
  }

  /** Updates that count for what is learned. */
  get #upTo(): number {
    return this.#early.stopped ? this.#early.bestAt : this.#alpha.updates;
  }

  /** One step of the θ that is furthest behind, and of α if it is due. @throws {NumericError} if a loss is no longer finite */
  async step(): Promise<StepReport> {
    const behind = this.#folds.reduce((a, b) => (progressOf(b) < progressOf(a) ? b : a));
    const report = this.#wholeEpoch(await behind.phase.step());
    const { warmupEpochs, interval } = this.#options.search;
    const active = this.completedSteps - warmupEpochs * this.stepsPerEpoch;
    if (active <= 0) return report;
    const due = active % interval === 0 && !this.#early.stopped;
    const hypergradient = due ? await this.#improveLoss() : undefined;
    if (this.#reference) this.#alpha.move(withoutGradient(this.#alpha.raw));
    return hypergradient ? { ...report, hypergradient } : report;
  }

  /** The report with the mean of the epoch's once every θ has ended it. */
  #wholeEpoch({ epoch, ...report }: StepReport): StepReport {
    if (!epoch) return report;
    this.#ended.push(epoch);
    if (this.#ended.length < this.#folds.length) return report;
    const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
    const errors = this.#ended.flatMap(({ balancedError }) => balancedError ?? []);
    const whole = {
      ...epoch,
      trainLoss: mean(this.#ended.map(({ trainLoss }) => trainLoss)),
      ...(errors.length > 0 && { balancedError: mean(errors) }),
    };
    this.#ended = [];
    return { ...report, epoch: whole };
  }

  async #improveLoss(): Promise<HypergradientReport> {
    const { source, search } = this.#options;
    const fold = this.#folds[this.#alpha.updates % this.#folds.length]!;
    const { params, state } = fold.phase.result;
    const { updates } = this.#alpha;
    const batches = await searchBatches({ ...fold, search, source, state, update: updates });
    const solve = (spectrum?: SpectrumEstimate) =>
      hypergradient(this.#problem, {
        params,
        hyper: this.#alpha.raw,
        batches,
        method: this.#method,
        state: spectrum && { spectrum },
      });
    const round = Math.floor(this.#alpha.updates / this.#folds.length);
    const reuse = round % search.spectrumInterval !== 0 ? fold.spectrum : undefined;
    let result = await solve(reuse);
    // The curvature has grown since the estimate was taken: take a new one.
    if (result.status === 'diverged' && reuse) result = await solve();
    fold.spectrum = result.spectrum;
    const norm = normOf(result.gradient);
    // A solve that failed says nothing about α.
    if (result.status !== 'diverged' && Number.isFinite(norm)) this.#alpha.move(result.gradient);
    if (this.#reference) this.#passThrough(fold, [...batches.outer, ...batches.inner]);
    this.#alpha.endUpdate();
    this.#early.add(result.outer);
    return {
      step: this.completedSteps,
      outer: result.outer,
      norm,
      // Without its check, the published series may have grown and gone on: say so.
      status: this.#reference && result.residuals.at(-1)! > 1 ? 'diverged' : result.status,
      residuals: result.residuals,
      stepSize: result.stepSize ?? null,
      damping: result.damping ?? 0,
      largestEigenvalue: result.spectrum?.largest ?? null,
      smallestEigenvalue: result.spectrum?.smallest ?? null,
      ...classLossNumbers(this.#alpha.loss),
      ...this.#policiesReport(),
    };
  }

  #policiesReport(): Pick<HypergradientReport, 'augmentation'> {
    const { policies } = this.#alpha;
    return policies ? { augmentation: this.#augmentation!.learned(policies).operations } : {};
  }

  #passThrough({ phase }: Fold<P, S, X>, batches: readonly SearchBatch<S, X>[]): void {
    for (const { x } of batches) {
      const { params, state } = phase.result;
      phase.replaceState(this.#pass(params, state, x));
    }
  }

  snapshot(): Snapshot {
    const arrays = this.#alpha.snapshot();
    const folds = this.#folds.map(({ phase, inner, outer, spectrum }, f) => {
      const kept = phase.snapshot();
      for (const [name, array] of Object.entries(kept.arrays)) arrays[`${splitPrefix(f)}${name}`] = array;
      return { phase: kept.json, inner: inner.state(), outer: outer.state(), spectrum: spectrum ?? null };
    });
    return { arrays, json: { folds, objectives: [...this.#early.values], ended: [...this.#ended] } };
  }

  restore({ arrays, json }: Snapshot): void {
    const kept = json.folds as {
      phase: Snapshot['json'];
      inner: unknown;
      outer: unknown;
      spectrum: SpectrumEstimate | null;
    }[];
    this.#folds.forEach((fold, f) => {
      const prefix = splitPrefix(f);
      const own = Object.entries(arrays).filter(([name]) => name.startsWith(prefix));
      const { phase, inner, outer, spectrum } = kept[f]!;
      fold.phase.restore({
        arrays: Object.fromEntries(own.map(([name, array]) => [name.slice(prefix.length), array])),
        json: phase,
      });
      fold.inner.restore(inner);
      fold.outer.restore(outer);
      fold.spectrum = spectrum ?? undefined;
    });
    this.#alpha.restore(arrays);
    this.#early = this.#newEarlyStop();
    for (const objective of json.objectives as number[]) this.#early.add(objective);
    this.#ended = [...(json.ended as EpochReport[])];
  }
}

function augmentationFor<P, S, X>({ search, source }: SearchPhaseOptions<P, S, X>): ImageAugmentation<X> | undefined {
  if (!search.augmentation) return undefined;
  if (search.compat !== undefined) {
    throw new ConfigError(
      'search: the published code learns no augmentation, so augmentation does not go with compat: reference; leave one of them out',
    );
  }
  return new ImageAugmentation(source, search.augmentation);
}

const splitPrefix = (f: number): string => `search.splits.${f}.`;

const progressOf = <P, S, X>({ phase }: Fold<P, S, X>): number => phase.completedSteps / phase.totalSteps;
