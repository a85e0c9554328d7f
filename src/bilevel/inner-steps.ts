import { type Linearization, linearizer } from '../ad/index.js';
import { type Compiled, compile } from '../backends/portable.js';
import { type Aval, bytesOf, flatten, memo, sizeOf, type Value } from '../ir/index.js';
import { square, stopGradient, sum } from '../ops/index.js';
import { breathe } from './breathe.js';
import type { Estimate } from './hypergradient.js';
import type { InnerOptimiser } from './inner-optimiser.js';
import type { Pieces } from './pieces.js';
import type { Point } from './point.js';
import { Stationarity } from './stationarity.js';
import { norm, scale } from './vector.js';

/** What every unrolled method is told. */
export interface UnrolledOptions<S> {
  /** T, steps of the inner optimiser. */
  readonly steps: number;
  readonly optimiser: InnerOptimiser<S>;
  /** Relative ‖∂g/∂w‖, on the batch of the step, at which w counts as converged. Default 1e-6. */
  readonly tolerance?: number;
}

/** What the next call goes on from, with `params` of this one's result. */
export interface UnrolledState<S> {
  readonly optimiser?: S;
  /** Steps taken so far; the next takes inner batch `step` mod their number. */
  readonly step?: number;
  /** What residuals are relative to: the largest ‖∂g/∂w‖ at the beginning of a call so far. */
  readonly scale?: number;
}

/** Where the inner optimiser stands. */
export interface Iterate<S> {
  readonly w: Value;
  readonly state: S;
}

interface StepResult<S> extends Iterate<S> {
  /** ‖∂g/∂w‖² where the step began. */
  readonly squared: Value;
}

/** One step with its derivative in w, the optimiser's state, and λ. */
export interface LinearStep<S> {
  readonly value: StepResult<S>;
  /** Bytes that it keeps alive: its iterate, and its residuals but for those that are its arguments. */
  readonly bytes: number;
  push(w: Value, state: S, hyper: Value): Iterate<S>;
  pull(w: Value, state: S): { readonly w: Value; readonly state: S; readonly hyper: Value };
}

type StepFunction<S, B> = (w: Value, state: S, lambda: Value, batch: B) => StepResult<S>;
interface Programs<S, B> {
  readonly run: Compiled<Parameters<StepFunction<S, B>>, StepResult<S>>;
  readonly linearize: (
    ...args: Parameters<StepFunction<S, B>>
  ) => Linearization<readonly [Value, S, Value], StepResult<S>>;
}

const made = new WeakMap<object, WeakMap<object, unknown>>();

/** (w, state, λ, batch) ↦ (w′, state′), one step as one program; made once per problem and optimiser. */
function programsOf<S, B>(pieces: Pieces<B>, optimiser: InnerOptimiser<S>): Programs<S, B> {
  const byOptimiser = memo(made, pieces, () => new WeakMap<object, unknown>());
  return memo(byOptimiser, optimiser, () => {
    const step: StepFunction<S, B> = (w, state, lambda, batch) => {
      const gradient = pieces.innerGradient(w, lambda, batch);
      return { ...optimiser.step(w, gradient, state), squared: stopGradient(sum(square(gradient))) };
    };
    return { run: compile(step), linearize: linearizer(step, { argnums: [0, 1, 2] }) };
  }) as Programs<S, B>;
}

/** The inner optimiser on its way from a point. */
export class InnerSteps<W, L, B, S> {
  readonly start: Iterate<S>;
  readonly watch: Stationarity;
  readonly #point: Point<W, L, B>;
  readonly #programs: Programs<S, B>;
  readonly #first: number;

  constructor(
    point: Point<W, L, B>,
    { optimiser, tolerance = 1e-6 }: UnrolledOptions<S>,
    { optimiser: state, step = 0, scale: first }: UnrolledState<S> = {},
  ) {
    this.start = { w: point.w, state: state ?? optimiser.init(point.w) };
    this.watch = new Stationarity(tolerance, first);
    this.#point = point;
    this.#programs = programsOf(point.pieces, optimiser);
    this.#first = step;
  }

  /** Step t. One gradient. */
  async run({ w, state }: Iterate<S>, t: number): Promise<StepResult<S>> {
    await breathe();
    const args = [w, state, this.#point.lambda, this.#batch(t)] as const;
    this.#point.counts.gradients += 1;
    this.#point.observe(this.#programs.run.program(...args));
    return this.#programs.run(...args);
  }

  /** Step t and its derivative. About 2 gradients; a push or a pull costs a Hessian product and a mixed one, about 2. */
  async linearize({ w, state }: Iterate<S>, t: number): Promise<LinearStep<S>> {
    await breathe();
    const point = this.#point;
    const at = this.#programs.linearize(w, state, point.lambda, this.#batch(t));
    const { primal, tangent, transposed } = at.programs;
    const count = (program: typeof primal): void => {
      point.counts.hessianProducts += 1;
      point.counts.mixedProducts += 1;
      point.observe(program);
    };
    point.counts.gradients += 1;
    point.observe(primal);
    const given = new Set<unknown>(primal.inputs);
    return {
      value: at.value,
      bytes: bytesOfAll(primal.outputs.filter((output) => !given.has(output))),
      push(dw, dstate, hyper) {
        count(tangent);
        return at.jvp(dw, dstate, hyper);
      },
      pull(ofW, ofState) {
        count(transposed);
        const [forW, forState, hyper] = at.vjp({ w: ofW, state: ofState, squared: at.value.squared });
        return { w: forW, state: forState, hyper };
      },
    };
  }

  /** Takes note of where a step began. */
  note({ squared }: StepResult<S>): boolean {
    return this.watch.record(Math.sqrt(squared.item()));
  }

  /** The same for where step t would begin. One gradient. */
  noteEnd({ w }: Iterate<S>, t: number): boolean {
    return this.watch.record(norm(this.#point.innerGradient(this.#batch(t), w)));
  }

  /** What a result says of `steps` steps that ended here. */
  report({ w, state }: Iterate<S>, steps: number): Pick<Estimate<UnrolledState<S>>, Reported> {
    return {
      status: this.watch.status,
      residuals: this.watch.residuals,
      params: w,
      state: { optimiser: state, step: this.#first + steps, scale: this.watch.scale },
    };
  }

  /** The estimate after steps that diverged; the next call starts afresh. */
  failed({ w }: Iterate<S>): Estimate<UnrolledState<S>> {
    const nothing = scale(Number.NaN, this.#point.lambda);
    const { status, residuals } = this.watch;
    return { direct: nothing, indirect: nothing, outer: Number.NaN, status, residuals, params: w, state: {} };
  }

  #batch(t: number): B {
    const { inner } = this.#point.batches;
    return inner[(this.#first + t) % inner.length]!;
  }
}

type Reported = 'status' | 'residuals' | 'params' | 'state';

/** Bytes of an iterate, a column, or any other tree. */
export const bytesOfTree = (tree: unknown): number => bytesOfAll(flatten(tree).leaves);

const bytesOfAll = (values: Iterable<{ readonly aval: Aval }>): number => {
  let bytes = 0;
  for (const { aval } of new Set(values)) bytes += sizeOf(aval.shape) * bytesOf(aval.dtype);
  return bytes;
};
