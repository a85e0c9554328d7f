import {
  type BilevelProblem,
  type HypergradientMethod,
  hypergradient,
  type ImplicitState,
  type SpectrumEstimate,
} from '../bilevel/index.js';
import { ClassSampler } from '../data/class-sampler.js';
import { BatchSampler, type BatchSamplerState } from '../data/sampler.js';
import type { Batch } from '../data/source.js';
import { flatten, mapTrees, type Value } from '../ir/index.js';
import { type Model, namedArrays, treeFromArrays } from '../nn/index.js';
import { add, mul, sub } from '../ops/index.js';
import { type AdamState, adam, initAdam } from '../optim/index.js';
import { tensor } from '../tensor/index.js';
import {
  type ClassLoss,
  type ClassLossNumbers,
  classLoss,
  classLossNumbers,
  effectiveLoss,
  type LossParameters,
  type Parametrisation,
  parametricCrossEntropy,
  rawDelta,
} from './loss.js';
import { type ObjectiveName, objectives } from './objective.js';
import type { HypergradientReport, Snapshot, StepReport } from './phase.js';
import { SgdPhase, type SgdPhaseOptions } from './sgd-phase.js';
import { methodOf, type SolverSettings } from './solver-settings.js';

/** How α is learned. */
export interface SearchSettings {
  /** Epochs that train θ alone before α moves. */
  readonly warmupEpochs: number;
  /** Steps of θ between two hypergradients. */
  readonly interval: number;
  /** Training batches behind the Hessian and the mixed product. */
  readonly innerBatches: number;
  /** Class-balanced validation batches behind the objective's gradient. */
  readonly outerBatches: number;
  readonly method: SolverSettings;
  /** Hypergradients between two estimates of the Hessian's spectrum; a solve that diverges takes a new one at once. */
  readonly spectrumInterval: number;
  /** Learning rate of Adam on α: about the most that an element of ι moves in one step. */
  readonly learningRate: number;
  /** Steps of Δ's number relative to those of ι: Δ multiplies logits of size 5 to 10, so the same step does that much more. */
  readonly deltaRate: number;
  /** Largest norm of a hypergradient; a longer one is shortened. One bad minibatch must not undo fifty good ones. */
  readonly clip: number;
  readonly objective: ObjectiveName;
  readonly parametrisation: Parametrisation;
  readonly learn: readonly ('delta' | 'iota')[];
}

export interface SearchPhaseOptions<P, S, X = Value> extends Omit<SgdPhaseOptions<P, S, X>, 'loss'> {
  readonly search: SearchSettings;
  /** Where α starts. */
  readonly initial: ClassLossNumbers;
  /** The held-out samples that the objective is measured on. */
  readonly validation: Int32Array;
}

/** What the problem's functions read besides θ and α. */
type SearchBatch<S, X> = Batch<X> & { readonly state: S };

/**
 * The search phase of AutoBalance (Li et al. 2021, algorithm 1): SGD steps on θ under ℓ(·; α), and after a warm-up every `interval` steps an
 * step on α along the hypergradient of the balanced validation loss.
 *
 * The validation batches hold every class equally often, so a plain mean over them is the balanced objective; it is evaluated as the
 * model will be used, with running statistics. The training loss in H is the one that SGD descends, with the batch's own statistics;
 * neither changes the running ones.
 */
export class SearchPhase<P, S, X = Value> extends SgdPhase<P, S, X> {
  readonly #search: SearchSettings;
  readonly #problem: BilevelProblem<P, LossParameters, SearchBatch<S, X>>;
  readonly #method: HypergradientMethod<ImplicitState>;
  readonly #fixed: ClassLoss;
  readonly #current: { loss: ClassLoss };
  #raw: LossParameters;
  #adam: AdamState<LossParameters>;
  #inner: BatchSampler;
  readonly #outer: ClassSampler;
  #spectrum: SpectrumEstimate | undefined;
  #updates = 0;
  /** Sum of α over the updates of the last half, for the average. */
  #average: { raw: LossParameters; count: number } | undefined;

  constructor(options: SearchPhaseOptions<P, S, X>) {
    const { search, initial, model, random, source, indices, validation, settings } = options;
    const fixed = classLoss(initial);
    const current = { loss: fixed };
    super({ ...options, loss: () => current.loss });
    this.#search = search;
    this.#method = methodOf(search.method);
    this.#fixed = fixed;
    this.#current = current;
    this.#raw = {
      ...(search.learn.includes('delta') && { delta: tensor(rawDelta(initial.delta, search.parametrisation)) }),
      ...(search.learn.includes('iota') && { iota: fixed.iota }),
    };
    this.#adam = initAdam(this.#raw);
    this.#inner = new BatchSampler(
      indices,
      Math.min(settings.batchSize, indices.length),
      random.fork('inner batches'),
      { dropLast: true },
    );
    this.#outer = new ClassSampler(source.dataset.labels, validation, settings.batchSize, random.fork('outer batches'));
    this.#problem = searchProblem(model, fixed, search, settings.weightDecay);
    current.loss = effectiveLoss(this.#raw, fixed, search.parametrisation);
  }

  /** The loss that the search has learned so far: the mean of α over the second half of the updates, in the learned numbers. */
  get learned(): ClassLossNumbers {
    const raw = this.#average ? mapTrees((x) => mul(x, 1 / this.#average!.count), this.#average.raw) : this.#raw;
    return classLossNumbers(effectiveLoss(raw, this.#fixed, this.#search.parametrisation));
  }

  override async step(): Promise<StepReport> {
    const report = await super.step();
    const { warmupEpochs, interval } = this.#search;
    const active = this.completedSteps - warmupEpochs * this.stepsPerEpoch;
    if (active <= 0 || active % interval !== 0) return report;
    return { ...report, hypergradient: await this.#improveLoss() };
  }

  async #improveLoss(): Promise<HypergradientReport> {
    const { source } = this.options;
    const { state, params } = this.train;
    const { innerBatches, outerBatches, spectrumInterval } = this.#search;
    const draw = (count: number, next: () => Promise<Batch<X>>): Promise<SearchBatch<S, X>[]> =>
      Promise.all(Array.from({ length: count }, async () => ({ ...(await next()), state })));
    // Training batches as SGD sees them, augmented if it augments; validation batches as a test would.
    const innerData = await draw(innerBatches, () => {
      const { indices, visits } = this.#inner.draw();
      return source.batch(indices, visits);
    });
    const outerData = await draw(outerBatches, () => source.batch(this.#outer.next()));
    const solve = (spectrum?: SpectrumEstimate) =>
      hypergradient(this.#problem, {
        params,
        hyper: this.#raw,
        batches: { inner: innerData, outer: outerData },
        method: this.#method,
        state: spectrum && { spectrum },
      });
    const reuse = this.#updates % spectrumInterval !== 0 ? this.#spectrum : undefined;
    let result = await solve(reuse);
    // The curvature has grown since the estimate was taken: take a new one.
    if (result.status === 'diverged' && reuse) result = await solve();
    this.#spectrum = result.spectrum;
    this.#updates += 1;
    const norm = normOf(result.gradient);
    // A solve that failed says nothing about α.
    if (result.status !== 'diverged' && Number.isFinite(norm)) this.#descend(result.gradient, norm);
    this.#accumulate();
    const { delta, iota } = classLossNumbers(this.#current.loss);
    return {
      step: this.completedSteps,
      outer: result.outer,
      norm,
      status: result.status,
      residuals: result.residuals,
      stepSize: result.stepSize ?? null,
      damping: result.damping ?? 0,
      largestEigenvalue: result.spectrum?.largest ?? null,
      smallestEigenvalue: result.spectrum?.smallest ?? null,
      delta,
      iota,
    };
  }

  /** One step of Adam on α. */
  #descend(gradient: LossParameters, norm: number): void {
    const { learningRate, deltaRate, clip, parametrisation } = this.#search;
    const shortened = mapTrees((g) => mul(g, Math.min(1, clip / norm)), gradient);
    const next = adam(this.#raw, shortened, this.#adam, { learningRate });
    const slower = (old: Value, moved: Value): Value => add(old, mul(sub(moved, old), deltaRate));
    const delta = this.#raw.delta && next.params.delta && slower(this.#raw.delta, next.params.delta);
    this.#raw = { ...next.params, ...(delta && { delta }) };
    this.#adam = next.state;
    this.#current.loss = effectiveLoss(this.#raw, this.#fixed, parametrisation);
  }

  #accumulate(): void {
    const { warmupEpochs } = this.#search;
    const half = (warmupEpochs * this.stepsPerEpoch + this.totalSteps) / 2;
    if (this.completedSteps < half) return;
    const { raw, count } = this.#average ?? { raw: mapTrees((x) => mul(x, 0), this.#raw), count: 0 };
    this.#average = { raw: mapTrees((x, y) => add(x, y), raw, this.#raw), count: count + 1 };
  }

  override snapshot(): Snapshot {
    const { arrays, json } = super.snapshot();
    return {
      arrays: {
        ...arrays,
        ...namedArrays({ raw: this.#raw, adam: this.#adam, average: this.#average?.raw ?? {} }, 'search'),
      },
      json: {
        ...json,
        inner: this.#inner.state(),
        outer: this.#outer.position,
        spectrum: this.#spectrum ?? null,
        updates: this.#updates,
        averaged: this.#average?.count ?? 0,
      },
    };
  }

  override restore(snapshot: Snapshot): void {
    super.restore(snapshot);
    const { json, arrays } = snapshot;
    const averaged = json.averaged as number;
    const template = { raw: this.#raw, adam: this.#adam, average: averaged > 0 ? this.#raw : {} };
    const { raw, adam: state, average } = treeFromArrays(template, arrays, 'checkpoint', 'search');
    this.#raw = raw;
    this.#adam = state;
    this.#inner = BatchSampler.fromState(this.options.indices, json.inner as BatchSamplerState);
    this.#outer.position = json.outer as number;
    this.#spectrum = (json.spectrum as SpectrumEstimate | null) ?? undefined;
    this.#updates = json.updates as number;
    this.#average = averaged > 0 ? { raw: average, count: averaged } : undefined;
    this.#current.loss = effectiveLoss(this.#raw, this.#fixed, this.#search.parametrisation);
  }
}

const normOf = (tree: LossParameters): number =>
  Math.hypot(...flatten(tree).leaves.flatMap((leaf) => [...leaf.data()]));

function searchProblem<P, S, X>(
  model: Model<P, S, X>,
  fixed: ClassLoss,
  { parametrisation, objective }: SearchSettings,
  weightDecay: number,
): BilevelProblem<P, LossParameters, SearchBatch<S, X>> {
  const outputs = (params: P, { x, state }: SearchBatch<S, X>): Value =>
    model.apply(params, state, x, { train: true }).logits;
  const loss = (logits: Value, raw: LossParameters, { y }: SearchBatch<S, X>): Value =>
    parametricCrossEntropy(logits, y, effectiveLoss(raw, fixed, parametrisation));
  return {
    inner: (params, raw, batch) => loss(outputs(params, batch), raw, batch),
    outer: (params, _, { x, y, state }) =>
      objectives[objective](model.apply(params, state, x, { train: false }).logits, y),
    head: { outputs, loss },
    weightDecay,
  };
}
