import { executableFor } from '../backends/registry.js';
import { bytesOf, ConfigError, memo, type Program, sizeOf, type Value } from '../ir/index.js';
import { Budgeted } from './budget.js';
import { type Composite, gaussNewtonOperator, hessianOperator } from './curvature.js';
import {
  averageOperator,
  type LinearOperator,
  operator,
  type SymmetricOptions,
  shiftOperator,
  symmetricOperator,
} from './operator.js';
import { type OuterGradient, type Pieces, piecesOf } from './pieces.js';
import type { BilevelProblem } from './problem.js';
import { meanOf, ravel } from './vector.js';

/** Which batches stand for which expectation; kept with the result, so that it can be taken again. */
export interface Batches<B> {
  /** Of the inner objective: its Hessian, and the steps of methods that take some. At least one. */
  readonly inner: readonly B[];
  /** Of the outer objective and its gradients. At least one. */
  readonly outer: readonly B[];
  /** Of the mixed derivative. Default: those of `inner`, and then one linearization serves both. */
  readonly mixed?: readonly B[];
}

/** What was spent, in calls for one batch each. */
export interface Counts {
  /** Gradients of either objective, in w or λ; a linearization of a gradient counts as one. */
  gradients: number;
  hessianProducts: number;
  mixedProducts: number;
}

export interface PointOptions<W, L, B> {
  readonly params: W;
  readonly hyper: L;
  readonly batches: Batches<B>;
  /** Bytes of residuals to keep between products; what does not fit is computed again for each. Default ∞. */
  readonly memoryBudget?: number;
}

/** What one inner batch says at a point. */
export interface SecondOrder {
  /** ∂g/∂w [p] */
  readonly gradient: Value;
  /** H·v [p] */
  readonly hessian: Value;
  /** Cᵀ·v [m] */
  readonly mixed: Value;
}

type Second<B> = ReturnType<Pieces<B>['second']>;

/** A bilevel problem at (w, λ), as methods see it: everything in vectors, averaged over its batches, counted. */
export class Point<W, L, B> {
  readonly problem: BilevelProblem<W, L, B>;
  readonly params: W;
  readonly hyper: L;
  readonly batches: Batches<B>;
  /** w [p] */
  readonly w: Value;
  /** λ [m] */
  readonly lambda: Value;
  readonly unravelParams: (vector: Value) => W;
  readonly unravelHyper: (vector: Value) => L;
  readonly counts: Counts = { gradients: 0, hessianProducts: 0, mixedProducts: 0 };
  /** The compiled functions behind everything here, for methods that make programs of them; those count for themselves. */
  readonly pieces: Pieces<B>;
  readonly #second: Budgeted<Second<B>>;
  readonly #budget: number | undefined;
  #mixedOnly: Budgeted<Second<B>> | undefined;
  #held = 0;
  #peak = 0;

  /** @throws {ConfigError} if there are no inner or no outer batches, or on a budget that is no number of bytes. */
  constructor(problem: BilevelProblem<W, L, B>, options: PointOptions<W, L, B>) {
    const { params, hyper, batches, memoryBudget } = options;
    if (batches.inner.length === 0 || batches.outer.length === 0 || batches.mixed?.length === 0) {
      throw new ConfigError('hypergradient: needs at least one inner and one outer batch');
    }
    this.problem = problem;
    this.params = params;
    this.hyper = hyper;
    this.batches = batches;
    const [w, lambda] = [ravel(params), ravel(hyper)];
    this.w = w.vector;
    this.lambda = lambda.vector;
    this.unravelParams = w.unravel;
    this.unravelHyper = lambda.unravel;
    this.pieces = piecesOf(problem, params, hyper);
    this.#budget = memoryBudget;
    this.#second = this.#linearizations(batches.inner);
  }

  /** The most bytes held at once by residuals, working memory and results, as far as programs were run here. */
  get peakBytes(): number {
    return this.#peak;
  }

  /** f, ∂f/∂w and ∂f/∂λ, means over the outer batches. One gradient a batch. */
  outer(w = this.w, lambda = this.lambda): { readonly value: number; readonly params: Value; readonly hyper: Value } {
    const parts = this.batches.outer.map((batch) => this.outerOf(batch, w, lambda));
    return {
      value: parts.reduce((total, { value }) => total + value.item(), 0) / parts.length,
      params: meanOf(parts.map(({ params }) => params)),
      hyper: meanOf(parts.map(({ hyper }) => hyper)),
    };
  }

  /** The same for one batch. */
  outerOf(batch: B, w = this.w, lambda = this.lambda): OuterGradient {
    this.counts.gradients += 1;
    this.observe(this.pieces.outerGradient.program(w, lambda, batch));
    return this.pieces.outerGradient(w, lambda, batch);
  }

  /** ∂g/∂w for one inner batch. One gradient. */
  innerGradient(batch: B, w = this.w, lambda = this.lambda): Value {
    this.counts.gradients += 1;
    this.observe(this.pieces.innerGradient.program(w, lambda, batch));
    return this.pieces.innerGradient(w, lambda, batch);
  }

  /** ∂g/∂w, mean over the inner batches. */
  meanInnerGradient(w = this.w, lambda = this.lambda): Value {
    return meanOf(this.batches.inner.map((batch) => this.innerGradient(batch, w, lambda)));
  }

  /** ∂g/∂λ, mean over the mixed batches. One gradient a batch, or less. */
  innerHyperGradient(w = this.w, lambda = this.lambda): Value {
    const batches = this.batches.mixed ?? this.batches.inner;
    this.counts.gradients += batches.length;
    this.observe(this.pieces.innerHyperGradient.program(w, lambda, batches[0]!));
    return meanOf(batches.map((batch) => this.pieces.innerHyperGradient(w, lambda, batch)));
  }

  /** H = ∂²g/∂w², weight decay included, mean over the inner batches. */
  hessian(): LinearOperator {
    return averageOperator(
      this.batches.inner.length,
      (i) => this.hessianOf(i),
      () => this.#second.residualBytes,
    );
  }

  /** H of one inner batch. About 2 gradients to linearize (kept, within the budget), 2 a product. */
  hessianOf(index: number): LinearOperator {
    return symmetricOperator(this.w.size, (v) => {
      const at = this.#second.get(index).in(0);
      this.counts.hessianProducts += 1;
      this.observe(at.programs.tangent);
      return at.jvp(v);
    });
  }

  /**
   * ∂g/∂w, H·v and Cᵀ·v of one inner batch at once: H is symmetric, so that one pullback through ∂g/∂w gives both. About 2 gradients to
   * linearize (kept, within the budget) and 2 for the pullback.
   */
  secondOf(index: number, v: Value): SecondOrder {
    const at = this.#second.get(index);
    this.counts.hessianProducts += 1;
    this.counts.mixedProducts += 1;
    this.observe(at.programs.transposed);
    const [hessian, mixed] = at.vjp(v);
    return { gradient: at.value, hessian, mixed };
  }

  /**
   * The Gauss–Newton matrix in H's place, weight decay included. 4/3 gradients a product.
   * @throws {ConfigError} if the problem does not say what its head is.
   */
  gaussNewton(): LinearOperator {
    const { head, weightDecay = 0 } = this.problem;
    if (!head)
      throw new ConfigError('gauss-newton: the problem must name its `head`, the outputs and the loss of them');
    const composite = compositeOf(head);
    const parts = new Budgeted(
      this.batches.inner.length,
      (i) => {
        this.counts.gradients += 1;
        return gaussNewtonOperator(composite, this.params, this.batches.inner[i]!, this.hyper);
      },
      this.#budget,
    );
    const mean = this.#countedMean(parts, { definite: 'semidefinite' });
    return shiftOperator(mean, weightDecay);
  }

  /** ∂²f/∂w², mean over the outer batches. About 2 gradients to linearize (kept, within the budget), 2 a product. */
  outerHessian(): LinearOperator {
    const { outer } = this.batches;
    const make = (i: number): LinearOperator => {
      this.counts.gradients += 1;
      return hessianOperator(this.problem.outer, this.params, this.hyper, outer[i]!);
    };
    return this.#countedMean(new Budgeted(outer.length, make, this.#budget));
  }

  /** C = ∂²g/∂w∂λ, from λ [m] to w [p], mean over the mixed batches. */
  mixed(): LinearOperator {
    const store = this.#mixedStore();
    const part = (i: number): LinearOperator =>
      operator({
        rows: this.w.size,
        columns: this.lambda.size,
        apply: (v) => {
          this.counts.mixedProducts += 1;
          return store.get(i).in(1).jvp(v);
        },
        applyTransposed: (u) => {
          this.counts.mixedProducts += 1;
          const at = store.get(i).in(1);
          this.observe(at.programs.transposed);
          return at.vjp(u);
        },
      });
    return averageOperator(store.count, part, () => store.residualBytes);
  }

  /** The mean of operators on w that do not count for themselves. */
  #countedMean(parts: Budgeted<LinearOperator>, options: SymmetricOptions = {}): LinearOperator {
    const counted = (i: number): LinearOperator =>
      symmetricOperator(
        this.w.size,
        (v) => {
          const part = parts.get(i);
          this.counts.hessianProducts += 1;
          this.#peak = Math.max(this.#peak, this.#kept + parts.residualBytes);
          return part.apply(v);
        },
        options,
      );
    return averageOperator(parts.count, counted, () => parts.residualBytes);
  }

  #mixedStore(): Budgeted<Second<B>> {
    const { mixed, inner } = this.batches;
    if (!mixed || mixed === inner) return this.#second;
    this.#mixedOnly ??= this.#linearizations(mixed);
    return this.#mixedOnly;
  }

  #linearizations(batches: readonly B[]): Budgeted<Second<B>> {
    return new Budgeted(
      batches.length,
      (i) => {
        this.counts.gradients += 1;
        const at = this.pieces.second(this.w, this.lambda, batches[i]!);
        this.observe(at.programs.primal);
        return at;
      },
      this.#budget,
    );
  }

  /** Counts bytes that a method keeps by itself, such as a trajectory; a negative number when it lets go of them. */
  hold(bytes: number): void {
    this.#held += bytes;
    this.#peak = Math.max(this.#peak, this.#kept);
  }

  /** Takes note of the memory that a program needs beside what is kept. */
  observe(program: Program): void {
    const results = program.outputs.reduce((bytes, { aval }) => bytes + sizeOf(aval.shape) * bytesOf(aval.dtype), 0);
    this.#peak = Math.max(this.#peak, this.#kept + results + executableFor(program).stats().arenaBytes);
  }

  get #kept(): number {
    return this.#held + (this.#second?.residualBytes ?? 0) + (this.#mixedOnly?.residualBytes ?? 0);
  }
}

type Head<W, L, B> = NonNullable<BilevelProblem<W, L, B>['head']>;
type HeadComposite<W, L, B> = Composite<W, [batch: B, hyper: L]>;

const composites = new WeakMap<object, unknown>();

/** The head with batch and λ as context, one object a head, so that what is traced of it is found again. */
const compositeOf = <W, L, B>(head: Head<W, L, B>): HeadComposite<W, L, B> =>
  memo(composites, head, () => ({
    outputs: (params: W, batch: B, hyper: L) => head.outputs(params, batch, hyper),
    loss: (outputs: Value, batch: B, hyper: L) => head.loss(outputs, hyper, batch),
  })) as HeadComposite<W, L, B>;
