import { ConfigError, mapTrees, type Value } from '../../ir/index.js';
import { zeros } from '../../tensor/index.js';
import { breathe } from '../breathe.js';
import type { HypergradientMethod } from '../hypergradient.js';
import {
  bytesOfTree,
  InnerSteps,
  type Iterate,
  type LinearStep,
  type UnrolledOptions,
  type UnrolledState,
} from '../inner-steps.js';
import type { Point } from '../point.js';
import { requireCount } from '../require.js';
import { axpy, scale } from '../vector.js';

export interface UnrolledReverseOptions<S> extends UnrolledOptions<S> {
  /**
   * `stored` keeps every step's residuals; `checkpointed` (default) keeps an iterate every √T steps and the residuals of √T steps at a time,
   * for one more gradient a step.
   */
  readonly storage?: 'stored' | 'checkpointed';
  /** k: go back through the last k steps only (truncated backpropagation, Shaban et al. 2019). Default all. */
  readonly truncate?: number;
}

/**
 * Reverse-mode differentiation through T steps Φ of the inner optimiser from `params`, s its state (Maclaurin et al. 2015; Franceschi et al.
 * 2017, algorithm 1):
 *
 *     (w, s)_{t+1} = Φ((w, s)_t, λ, batch t mod n);      (w̄, s̄)_T = (∂f/∂w, 0),  (w̄, s̄)_t = (∂Φ/∂(w, s))ᵀ (w̄, s̄)_{t+1}
 *     gradient = ∂f/∂λ(w_T, λ) + Σ_t (∂Φ/∂λ)ᵀ (w̄, s̄)_{t+1}
 *
 * `params` and the optimiser's state are constants. `params` of the result is w_T. `mixed` batches and the memory budget are not looked at.
 * Costs, in gradients: T to step, about 2k to linearize and pull back the last k, 1 for the last residual and 1 per outer batch;
 * `checkpointed` up to k more.
 * Residuals: ‖∂g/∂w‖ on the batch of each step, and of the one that would follow, relative to the largest at the beginning of a call so far.
 * `diverged` if one exceeds 1000, or anything is not finite; the next call then starts afresh.
 * @throws {ConfigError} on options out of range.
 */
export function unrolledReverse<S>(options: UnrolledReverseOptions<S>): HypergradientMethod<UnrolledState<S>> {
  const { steps, optimiser, storage = 'checkpointed', truncate = steps } = options;
  requireCount('unrolled reverse', 'steps', steps);
  requireCount('unrolled reverse', 'truncate', truncate);
  if (storage !== 'stored' && storage !== 'checkpointed') {
    throw new ConfigError(`unrolled reverse: storage must be stored or checkpointed, got ${storage}`);
  }
  const back = Math.min(truncate, steps);
  const segments = cut(steps - back, steps, storage === 'stored' ? back : Math.ceil(Math.sqrt(back)));
  return {
    name: `unrolled reverse ${optimiser.name}, ${steps} steps`,
    async estimate(point, state) {
      const inner = new InnerSteps(point, options, state);
      const starts: Iterate<S>[] = [];
      let at: Iterate<S> = inner.start;
      for (let t = 0; t < segments.at(-1)!.from; t++) {
        if (segments[starts.length]!.from === t) starts.push(keep(point, at));
        const next = await inner.run(at, t);
        if (!inner.note(next)) return inner.failed(next);
        at = next;
      }
      const tape = await record(point, inner, segments.at(-1)!, at, (step) => inner.note(step));
      const end = tape.at(-1)!.value;
      if (inner.watch.status === 'diverged' || !inner.noteEnd(end, steps)) return inner.failed(end);

      const { value, params, hyper: direct } = point.outer(end.w);
      let pulled: Pulled<S> = {
        w: params,
        state: mapTrees((leaf) => zeros(leaf.shape, leaf.dtype), end.state),
        hyper: scale(0, point.lambda),
      };
      pulled = await pullBack(point, tape, pulled);
      for (let i = segments.length - 2; i >= 0; i--) {
        const again = await record(point, inner, segments[i]!, starts[i]!);
        pulled = await pullBack(point, again, pulled);
        point.hold(-bytesOfTree(starts[i]));
      }
      return { direct, indirect: pulled.hyper, outer: value, ...inner.report(end, steps) };
    },
  };
}

interface Segment {
  readonly from: number;
  readonly to: number;
}

/** [from, to) in pieces of `length`, the last of which may be shorter. */
const cut = (from: number, to: number, length: number): Segment[] =>
  Array.from({ length: Math.ceil((to - from) / length) }, (_, i) => {
    const start = from + i * length;
    return { from: start, to: Math.min(start + length, to) };
  });

interface Pulled<S> extends Iterate<S> {
  /** What the steps so far say of λ. */
  readonly hyper: Value;
}

function keep<W, L, B, S>(point: Point<W, L, B>, { w, state }: Iterate<S>): Iterate<S> {
  const kept = { w, state };
  point.hold(bytesOfTree(kept));
  return kept;
}

/** Linearizes the steps of a segment one after another and keeps them, as long as `goOn` agrees. */
async function record<W, L, B, S>(
  point: Point<W, L, B>,
  inner: InnerSteps<W, L, B, S>,
  { from, to }: Segment,
  start: Iterate<S>,
  goOn: (step: LinearStep<S>['value']) => boolean = () => true,
): Promise<LinearStep<S>[]> {
  const tape: LinearStep<S>[] = [];
  for (let t = from; t < to; t++) {
    const step = await inner.linearize(tape.at(-1)?.value ?? start, t);
    point.hold(step.bytes);
    tape.push(step);
    if (!goOn(step.value)) break;
  }
  return tape;
}

/** Goes back over a tape and lets go of it step by step. */
async function pullBack<W, L, B, S>(point: Point<W, L, B>, tape: LinearStep<S>[], from: Pulled<S>): Promise<Pulled<S>> {
  let pulled = from;
  for (let step = tape.pop(); step; step = tape.pop()) {
    await breathe();
    const { w, state, hyper } = step.pull(pulled.w, pulled.state);
    pulled = { w, state, hyper: axpy(1, hyper, pulled.hyper) };
    point.hold(-step.bytes);
  }
  return pulled;
}
