import { compile } from '../../backends/portable.js';
import { ConfigError, type Value } from '../../ir/index.js';
import { add, mul, sub } from '../../ops/index.js';
import { tensor } from '../../tensor/index.js';
import { breathe } from '../breathe.js';
import type { HypergradientMethod } from '../hypergradient.js';
import { bytesOfTree } from '../inner-steps.js';
import type { Point } from '../point.js';
import {
  advance,
  begin,
  drawBatches,
  requireSingleLoop,
  type SingleLoopOptions,
  type SingleLoopState,
} from '../single-loop.js';
import { axpy, meanOf, scale } from '../vector.js';

/** The last value that each batch gave, and their mean. */
interface Table {
  readonly rows: readonly Value[];
  readonly mean: Value;
}

/** Of ∂g/∂w, H·v and Cᵀ·v over the inner batches, of ∂f/∂w and ∂f/∂λ over the outer ones. */
type Tables = Readonly<Record<'gradient' | 'hessian' | 'mixed' | 'outerParams' | 'outerHyper', Table>>;

export interface SabaState extends SingleLoopState {
  readonly tables: Tables;
}

/**
 * SABA (Dagréou et al. 2022): {@link soba} with the variance reduction of SAGA. Of every batch the last value of each direction is kept, and
 * a new sample x of batch i enters as x − (the old one) + (the mean of all), so that the noise vanishes where w, v and λ come to rest, and
 * constant rates lead to the solution itself, linearly if the problem is strongly convex. The first call looks at every batch and fills the
 * tables; its directions are exact. Every call must bring the same batches in the same order.
 *
 * Memory: n(2p + m) + n′(p + m) numbers for n inner and n′ outer batches, p parameters and m hyperparameters: 8 bytes each in f64, 4 in
 * f32. The first call linearizes every batch; a memory budget of 0 has it keep the residuals of none.
 * Costs as {@link soba}; the first call 4 gradients an inner and 1 an outer batch. `auto` rates are 1/(3 max λ_max(H_i)), SAGA's own bound
 * (Defazio et al. 2014). Everything else as {@link soba}.
 * @throws {ConfigError} on options out of range, and on estimating if the state belongs to another number of batches.
 */
export function saba(options: SingleLoopOptions = {}): HypergradientMethod<SabaState | undefined> {
  requireSingleLoop('saba', options);
  const { seed = 0, tolerance } = options;
  return {
    name: 'saba',
    async estimate(point, state) {
      await breathe();
      const before = state ?? (await begin(point, options, 1 / 3));
      const { value, ...parts } = state ? draw(point, state, seed) : fill(point, before.v);
      const tables: Tables = {
        gradient: parts.gradient.table,
        hessian: parts.hessian.table,
        mixed: parts.mixed.table,
        outerParams: parts.outerParams.table,
        outerHyper: parts.outerHyper.table,
      };
      const directions = {
        w: parts.gradient.direction,
        v: axpy(-1, parts.outerParams.direction, parts.hessian.direction),
        direct: parts.outerHyper.direction,
        indirect: scale(-1, parts.mixed.direction),
        outer: value,
      };
      const estimate = advance(point, directions, before, tolerance);
      return { ...estimate, state: estimate.state && { ...estimate.state, tables } };
    },
  };
}

interface Part {
  /** What a step moves along. */
  readonly direction: Value;
  /** The table after it. */
  readonly table: Table;
}

type Parts = Readonly<Record<keyof Tables, Part>> & { readonly value: number };

/** Every batch once. */
function fill<W, L, B>(point: Point<W, L, B>, v: Value): Parts {
  const inner = point.batches.inner.map((_, i) => point.secondOf(i, v));
  const outer = point.batches.outer.map((batch) => point.outerOf(batch));
  const part = (rows: readonly Value[]): Part => {
    const mean = meanOf(rows);
    point.hold(bytesOfTree([rows, mean]));
    return { direction: mean, table: { rows, mean } };
  };
  return {
    gradient: part(inner.map(({ gradient }) => gradient)),
    hessian: part(inner.map(({ hessian }) => hessian)),
    mixed: part(inner.map(({ mixed }) => mixed)),
    outerParams: part(outer.map(({ params }) => params)),
    outerHyper: part(outer.map(({ hyper }) => hyper)),
    value: outer.reduce((total, { value }) => total + value.item(), 0) / outer.length,
  };
}

/** One inner and one outer batch. */
function draw<W, L, B>(point: Point<W, L, B>, { v, step, tables }: SabaState, seed: number): Parts {
  const { inner, outer } = point.batches;
  const [n, m] = [tables.gradient.rows.length, tables.outerParams.rows.length];
  if (n !== inner.length || m !== outer.length) {
    throw new ConfigError(
      `saba: the state holds ${n} inner and ${m} outer batches, got ${inner.length} and ${outer.length}; give the same batches at every ` +
        'call, or start without a state',
    );
  }
  point.hold(bytesOfTree(tables));
  const [i, j] = drawBatches(point, seed, step);
  const { gradient, hessian, mixed } = point.secondOf(i, v);
  const { value, params, hyper } = point.outerOf(outer[j]!);
  return {
    gradient: reduceVariance(tables.gradient, i, gradient, step),
    hessian: reduceVariance(tables.hessian, i, hessian, step),
    mixed: reduceVariance(tables.mixed, i, mixed, step),
    outerParams: reduceVariance(tables.outerParams, j, params, step),
    outerHyper: reduceVariance(tables.outerHyper, j, hyper, step),
    value: value.item(),
  };
}

const sagaProgram = compile((fresh: Value, old: Value, mean: Value, share: Value) => {
  const change = sub(fresh, old);
  return { direction: add(change, mean), mean: add(mean, mul(share, change)) };
});

/** SAGA's direction for a new value of one row, and the table with that value in it. */
function reduceVariance({ rows, mean }: Table, index: number, fresh: Value, step: number): Part {
  const share = tensor(1 / rows.length, { dtype: fresh.dtype });
  const { direction, mean: moved } = sagaProgram(fresh, rows[index]!, mean, share);
  const next = rows.with(index, fresh);
  // Once a pass the mean is made anew, so that what rounding adds to it does not pile up.
  return { direction, table: { rows: next, mean: step % rows.length === 0 ? meanOf(next) : moved } };
}
