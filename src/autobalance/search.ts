import {
  type BilevelProblem,
  type HypergradientMethod,
  hypergradient,
  type ImplicitState,
  ravel,
  type SpectrumEstimate,
} from '../bilevel/index.js';
import { cellCounts } from '../data/groups.js';
import type { Sampler } from '../data/sampler.js';
import { samplings } from '../data/sampling.js';
import type { Batch, Source } from '../data/source.js';
import type { Value } from '../ir/index.js';
import { type Model, type NamedArray, namedArrays, treeFromArrays } from '../nn/index.js';
import { tensor } from '../tensor/index.js';
import { movingLoss } from './baselines/index.js';
import { EarlyStop } from './early-stop.js';
import {
  byClass,
  type ClassLoss,
  type ClassLossNumbers,
  type ClusterSettings,
  classLossNumbers,
  clustersOf,
  type Expansion,
  type LossLayout,
  type LossParameters,
  type LossPart,
  type LossSpace,
  lossSpace,
  type Parametrisation,
  parametricCrossEntropy,
  type Table,
} from './loss/index.js';
import { comparesGroups, type Objective, type ObjectiveSetting, objectiveOf } from './objectives/index.js';
import type { EpochReport, HypergradientReport, Phase, Snapshot, StepReport } from './phase.js';
import { passThrough, referenceOptimiser, withoutGradient } from './reference.js';
import { SgdPhase, type SgdPhaseOptions } from './sgd-phase.js';
import { methodOf, type SolverSettings } from './solver-settings.js';
import type { TrainState } from './training.js';
import { automaticRate, clippedAdam, normOf, type UpperOptimiser } from './upper-optimiser.js';

/** How α is learned. */
export interface SearchSettings {
  /** Epochs that train θ alone before α moves. */
  readonly warmupEpochs: number;
  /** Steps of θ between two hypergradients. */
  readonly interval: number;
  /** Training batches behind the Hessian and the mixed product. */
  readonly innerBatches: number;
  /** Validation batches behind the objective's gradient, with every class (or cell of class and group) equally often. */
  readonly outerBatches: number;
  readonly method: SolverSettings;
  /** Hypergradients between two estimates of the Hessian's spectrum; a solve that diverges takes a new one at once. */
  readonly spectrumInterval: number;
  /** Learning rate of Adam on α: about the most that an element of ι moves in one step. `auto` goes by the number of updates. */
  readonly learningRate: number | 'auto';
  /** Steps of Δ's number relative to those of ι: Δ multiplies logits of size 5 to 10, so the same step does that much more. */
  readonly deltaRate: number;
  /** Largest norm of a hypergradient; a longer one is shortened. One bad minibatch must not undo fifty good ones. */
  readonly clip: number;
  /** By name or setting, or any differentiable function (which then cannot be written into a configuration file). */
  readonly objective: ObjectiveSetting | Objective;
  readonly parametrisation: Parametrisation;
  readonly learn: readonly LossPart[];
  /** What a value of its own is learned for. Default `class`. */
  readonly by?: LossLayout;
  /** Classes that share their values. Default: each has its own. */
  readonly clusters?: ClusterSettings;
  /** How the values of clusters are retrained under. Default `constant`. */
  readonly expansion?: Expansion;
  /** Splits to search on at once, each sample held out from one of them. Default: one split, of which the experiment says how large. */
  readonly folds?: number;
  /**
   * Share of the planned updates without a new best averaged objective, after which the search ends (at the end of its epoch). Default: it goes
   * on to its last epoch.
   */
  readonly patience?: number;
  /** The published code, quirks included: see {@link referenceSearch}. */
  readonly compat?: 'reference';
}

/** Samples that one θ is trained on, and those that its hypergradients are measured on. */
export interface SearchSplit {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

export interface SearchPhaseOptions<P, S, X = Value>
  extends Omit<SgdPhaseOptions<P, S, X>, 'loss' | 'indices' | 'watch'> {
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

/** What the problem's functions read besides θ and α. */
type SearchBatch<S, X> = Batch<X> & { readonly state: S };

/** Share of the planned updates over which the objective is averaged for the early stop. */
const WINDOW = 0.1;

/** One θ at work. */
interface Fold<P, S, X> {
  readonly phase: SgdPhase<P, S, X>;
  readonly inner: Sampler;
  readonly outer: Sampler;
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
  readonly #space: LossSpace;
  readonly #problem: BilevelProblem<P, LossParameters, SearchBatch<S, X>>;
  readonly #method: HypergradientMethod<ImplicitState>;
  readonly #optimiser: UpperOptimiser;
  readonly #pass: ReturnType<typeof passThrough<P, S, X>>;
  readonly #reference: boolean;
  /** Updates of α if nothing stops it. */
  readonly #planned: number;
  #loss: ClassLoss;
  #raw: LossParameters;
  #memory: unknown;
  /** α after each update, as vectors [m]. */
  #history: Float32Array[] = [];
  #early: EarlyStop;
  /** What the θ that have ended the epoch in progress reported. */
  #ended: EpochReport[] = [];

  constructor(options: SearchPhaseOptions<P, S, X>) {
    const { search, initial, counts, model, settings } = options;
    const { clusters, compat, interval, warmupEpochs, ...rest } = search;
    this.#options = options;
    this.#reference = compat === 'reference';
    this.#space = lossSpace({
      ...rest,
      initial,
      counts,
      ...(clusters && { clusters: clustersOf(clusters, byClass(counts)) }),
      rawStart: this.#reference,
    });
    this.#raw = this.#space.start;
    this.#loss = this.#space.effective(this.#raw);
    this.#folds = options.splits.map((split, f) => this.#newFold(split, f));
    this.epochs = settings.epochs;
    this.stepsPerEpoch = this.#folds.reduce((total, { phase }) => total + phase.stepsPerEpoch, 0);
    this.#planned = Math.max(0, Math.floor(((this.epochs - warmupEpochs) * this.stepsPerEpoch) / interval));
    const learningRate = search.learningRate === 'auto' ? automaticRate(this.#planned) : search.learningRate;
    this.#optimiser = this.#reference ? referenceOptimiser(learningRate) : clippedAdam({ ...search, learningRate });
    this.#memory = this.#optimiser.init(this.#raw);
    this.#method = methodOf(search.method, { unchecked: this.#reference });
    this.#problem = searchProblem(model, this.#space, objectiveFor(options), {
      train: this.#reference,
      weightDecay: this.#reference ? 0 : settings.weightDecay,
    });
    this.#pass = passThrough(model);
    this.#early = this.#newEarlyStop();
  }

  #newFold({ train, validation }: SearchSplit, f: number): Fold<P, S, X> {
    const { random: root, settings, source, watch, search, ...rest } = this.#options;
    const random = f === 0 ? root : root.fork(`split ${f}`);
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
        loss: movingLoss(() => this.#loss),
        ...(watch && { watch: { source, indices: validation } }),
      }),
      inner: sampler('instance', train, 'inner batches'),
      outer: sampler(this.#reference ? 'instance' : 'balanced', validation, 'outer batches'),
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
    const lastUpdate = warmupEpochs + (this.#history.length * interval) / this.stepsPerEpoch;
    return Math.min(this.epochs, Math.ceil(lastUpdate)) * this.stepsPerEpoch;
  }

  /** The network of the first split as it stands. */
  get result(): TrainState<P, S> {
    return this.#folds[0]!.phase.result;
  }

  /** The loss that the search has learned so far, as it is to be retrained under. */
  get learned(): ClassLossNumbers {
    return this.#space.learned(this.#reference ? this.#raw : this.#averaged());
  }

  /** The mean of α over the second half of the updates, after an early stop of those up to the best; α itself where there are none. */
  #averaged(): LossParameters {
    const upTo = this.#early.stopped ? this.#history.slice(0, this.#early.bestAt) : this.#history;
    const tail = upTo.slice(Math.floor(upTo.length / 2));
    if (tail.length === 0) return this.#raw;
    const mean = tail[0]!.map((_, i) => tail.reduce((total, vector) => total + vector[i]!, 0) / tail.length);
    return ravel(this.#raw).unravel(tensor(mean));
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
    if (this.#reference) this.#move(withoutGradient(this.#raw));
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
    const fold = this.#folds[this.#history.length % this.#folds.length]!;
    const { params, state } = fold.phase.result;
    const draw = (count: number, next: () => Promise<Batch<X>>): Promise<SearchBatch<S, X>[]> =>
      Promise.all(Array.from({ length: count }, async () => ({ ...(await next()), state })));
    const augmented = (sampler: Sampler): Promise<Batch<X>> => {
      const { indices, visits } = sampler.draw();
      return source.batch(indices, visits);
    };
    // Training batches as SGD sees them, augmented if it augments; validation batches as a test would.
    const inner = await draw(search.innerBatches, () => augmented(fold.inner));
    const outer = await draw(search.outerBatches, () =>
      this.#reference ? augmented(fold.outer) : source.batch(fold.outer.draw().indices),
    );
    const batches = { inner, outer };
    const solve = (spectrum?: SpectrumEstimate) =>
      hypergradient(this.#problem, {
        params,
        hyper: this.#raw,
        batches,
        method: this.#method,
        state: spectrum && { spectrum },
      });
    const round = Math.floor(this.#history.length / this.#folds.length);
    const reuse = round % search.spectrumInterval !== 0 ? fold.spectrum : undefined;
    let result = await solve(reuse);
    // The curvature has grown since the estimate was taken: take a new one.
    if (result.status === 'diverged' && reuse) result = await solve();
    fold.spectrum = result.spectrum;
    const norm = normOf(result.gradient);
    // A solve that failed says nothing about α.
    if (result.status !== 'diverged' && Number.isFinite(norm)) this.#move(result.gradient);
    if (this.#reference) this.#passThrough(fold, [...batches.outer, ...batches.inner]);
    this.#history.push(Float32Array.from(ravel(this.#raw).vector.data()));
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
      ...classLossNumbers(this.#loss),
    };
  }

  #move(gradient: LossParameters): void {
    const { raw, memory } = this.#optimiser.step(this.#raw, gradient, this.#memory);
    this.#raw = raw;
    this.#memory = memory;
    this.#loss = this.#space.effective(raw);
  }

  #passThrough({ phase }: Fold<P, S, X>, batches: readonly SearchBatch<S, X>[]): void {
    for (const { x } of batches) {
      const { params, state } = phase.result;
      phase.replaceState(this.#pass(params, state, x));
    }
  }

  snapshot(): Snapshot {
    const arrays: Record<string, NamedArray> = namedArrays({ raw: this.#raw, memory: this.#memory }, ALPHA);
    const folds = this.#folds.map(({ phase, inner, outer, spectrum }, f) => {
      const kept = phase.snapshot();
      for (const [name, array] of Object.entries(kept.arrays)) arrays[`${splitPrefix(f)}${name}`] = array;
      return { phase: kept.json, inner: inner.state(), outer: outer.state(), spectrum: spectrum ?? null };
    });
    const [updates, width] = [this.#history.length, this.#history[0]?.length ?? 0];
    if (updates > 0) {
      const data = new Float32Array(updates * width);
      this.#history.forEach((vector, i) => {
        data.set(vector, i * width);
      });
      arrays[HISTORY] = { shape: [updates, width], dtype: 'f32', data };
    }
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
    const { raw, memory } = treeFromArrays({ raw: this.#raw, memory: this.#memory }, arrays, 'checkpoint', ALPHA);
    this.#raw = raw;
    this.#memory = memory;
    this.#loss = this.#space.effective(raw);
    const history = arrays[HISTORY];
    const [updates, width] = history?.shape ?? [0, 0];
    this.#history = Array.from({ length: updates! }, (_, i) =>
      Float32Array.from(history!.data.slice(i * width!, (i + 1) * width!)),
    );
    this.#early = this.#newEarlyStop();
    for (const objective of json.objectives as number[]) this.#early.add(objective);
    this.#ended = [...(json.ended as EpochReport[])];
  }
}

const ALPHA = 'search.alpha';
const HISTORY = 'search.history';
const splitPrefix = (f: number): string => `search.splits.${f}.`;

const progressOf = <P, S, X>({ phase }: Fold<P, S, X>): number => phase.completedSteps / phase.totalSteps;

/** What validation batches are balanced by: the class, or the cell of class and group where the objective compares groups. */
function cellsOfSamples({ objective }: SearchSettings, { dataset, group }: Source<unknown>): Int32Array {
  const { labels } = dataset;
  const { length: count } = group.names;
  // A function may compare groups or not; where there are none, a cell is a class.
  const compares = typeof objective === 'function' || comparesGroups(objective);
  return compares && count > 1 ? labels.map((label, i) => label * count + group.values[i]!) : labels;
}

function objectiveFor<P, S, X>({ search, source, splits }: SearchPhaseOptions<P, S, X>): Objective {
  const { objective, compat } = search;
  if (typeof objective === 'function') return objective;
  const { dataset, group } = source;
  const { classes } = dataset;
  const held = Int32Array.from(splits.flatMap(({ validation }) => [...validation]));
  const counts = cellCounts(dataset, group, held);
  // Batches drawn like training batches show the classes by the validation split's own prior.
  return objectiveOf(objective, {
    classes,
    groups: group.names.length,
    counts,
    ...(compat && { prior: byClass(counts) }),
  });
}

interface ProblemOptions {
  /** Whether the objective uses the batch's own statistics. */
  readonly train: boolean;
  /** What H knows of it. */
  readonly weightDecay: number;
}

function searchProblem<P, S, X>(
  model: Model<P, S, X>,
  space: LossSpace,
  objective: Objective,
  { train, weightDecay }: ProblemOptions,
): BilevelProblem<P, LossParameters, SearchBatch<S, X>> {
  const outputs = (params: P, { x, state }: SearchBatch<S, X>): Value =>
    model.apply(params, state, x, { train: true }).logits;
  const loss = (logits: Value, raw: LossParameters, { y, g }: SearchBatch<S, X>): Value =>
    parametricCrossEntropy(logits, y, space.effective(raw), g);
  return {
    inner: (params, raw, batch) => loss(outputs(params, batch), raw, batch),
    outer: (params, _, { x, y, g, state }) => objective(model.apply(params, state, x, { train }).logits, y, g),
    head: { outputs, loss },
    weightDecay,
  };
}
