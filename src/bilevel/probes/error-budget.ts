import { mapTrees, type Value } from '../../ir/index.js';
import { convert } from '../../ops/index.js';
import { type HypergradientMethod, type HypergradientOptions, hypergradient } from '../hypergradient.js';
import type { Batches, PointOptions } from '../point.js';
import type { BilevelProblem } from '../problem.js';
import type { SolverStatus } from '../solvers/solver.js';
import { type Agreement, agreement, meanOf, normOf, numbersOf } from './agreement.js';
import { exactHypergradient } from './compare.js';

/** What is given up, one at a time. Leave out what is not of interest. */
export interface Compromises<W, B> {
  /** Parameters before the inner problem is solved: after k steps, say. */
  readonly inner?: readonly { readonly name: string; readonly params: W }[];
  /** Methods instead of the exact one. */
  readonly solver?: readonly HypergradientMethod<unknown>[];
  /** Minibatches instead of everything; each name stands for several draws, of which root mean squares are taken. */
  readonly batch?: readonly { readonly name: string; readonly draws: readonly Batches<B>[] }[];
  /** f32 instead of f64, throughout. Constants that the problem closes over stay what they are, so pass data through the batches. */
  readonly precision?: boolean;
}

/** Options at the reference point: parameters that solve the inner problem, all data, f64. */
export interface ErrorBudgetOptions<W, L, B> extends PointOptions<W, L, B> {
  readonly compromises: Compromises<W, B>;
  /** Default {@link exactHypergradient}. */
  readonly exact?: HypergradientMethod<unknown>;
}

export type ErrorSource = 'inner' | 'solver' | 'batch' | 'precision';

export interface BudgetEntry extends Pick<Agreement, 'cosine' | 'relativeError'> {
  readonly source: ErrorSource;
  readonly name: string;
  /** The worst of its solves. */
  readonly status: SolverStatus;
  readonly hessianProducts: number;
}

export interface ErrorBudget {
  /** The reference itself; believe the budget only if it converged. */
  readonly exact: { readonly norm: number; readonly status: SolverStatus; readonly residual: number };
  readonly entries: readonly BudgetEntry[];
  /** All of it, the reference included, in products for one batch. */
  readonly hessianProducts: number;
}

/**
 * Which compromise costs how much: from a reference (inner problem solved, exact solve, all data, f64) one thing is varied at a time. The errors
 * need not add up, but the largest says where effort is worth it.
 *
 * Cost in Hessian products, with N inner batches and X products of an exact solve (p, or MINRES' iterations): N·X for the reference, for each
 * entry of `inner`, and for `precision`; N·J for each of `solver`; n·X for each draw of n inner batches.
 */
export async function errorBudget<W, L, B>(
  problem: BilevelProblem<W, L, B>,
  options: ErrorBudgetOptions<W, L, B>,
): Promise<ErrorBudget> {
  const { compromises, exact: method = exactHypergradient(), ...at } = options;
  const { inner = [], solver = [], batch = [], precision = false } = compromises;
  const solve = async (changed: Partial<HypergradientOptions<W, L, B, unknown>>): Promise<Solved> => {
    const { gradient, status, residuals, counts } = await hypergradient(problem, { ...at, method, ...changed });
    return { gradient: numbersOf(gradient), status, residuals, hessianProducts: counts.hessianProducts };
  };
  const reference = await solve({});
  const entries: BudgetEntry[] = [];
  const add = (source: ErrorSource, name: string, results: readonly Solved[]): void => {
    entries.push({ source, name, ...summarise(results, reference.gradient) });
  };
  for (const { name, params } of inner) add('inner', name, [await solve({ params })]);
  for (const other of solver) add('solver', other.name, [await solve({ method: other })]);
  for (const { name, draws } of batch) {
    const results: Solved[] = [];
    for (const batches of draws) results.push(await solve({ batches }));
    add('batch', name, results);
  }
  if (precision) {
    add('precision', 'f32', [
      await solve({ params: single(at.params), hyper: single(at.hyper), batches: single(at.batches) }),
    ]);
  }
  return {
    exact: {
      norm: normOf(reference.gradient),
      status: reference.status,
      residual: reference.residuals.at(-1) ?? Number.NaN,
    },
    entries,
    hessianProducts: entries.reduce((total, entry) => total + entry.hessianProducts, reference.hessianProducts),
  };
}

interface Solved {
  readonly gradient: readonly number[];
  readonly status: SolverStatus;
  readonly residuals: readonly number[];
  readonly hessianProducts: number;
}

/** From good to bad. */
const STATUSES: readonly SolverStatus[] = ['converged', 'truncated', 'negative-curvature', 'diverged'];

function summarise(results: readonly Solved[], exact: readonly number[]): Omit<BudgetEntry, 'source' | 'name'> {
  const all = results.map(({ gradient }) => agreement(gradient, exact));
  const worst = Math.max(...results.map(({ status }) => STATUSES.indexOf(status)));
  return {
    cosine: meanOf(all.map(({ cosine }) => cosine)),
    relativeError: Math.sqrt(meanOf(all.map(({ relativeError }) => relativeError ** 2))),
    status: STATUSES[worst]!,
    hessianProducts: results.reduce((total, result) => total + result.hessianProducts, 0),
  };
}

/** A tree with its f64 leaves rounded to f32. */
const single = <T>(tree: T): T => mapTrees((leaf: Value) => (leaf.dtype === 'f64' ? convert(leaf, 'f32') : leaf), tree);
