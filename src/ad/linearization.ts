import {
  bytesOf,
  callProgram,
  leafCount,
  memo,
  type Program,
  prune,
  type Structure,
  sizeOf,
  unflatten,
  type Value,
} from '../ir/index.js';
import { instantiate } from '../ops/calculus.js';
import { deal } from './call.js';
import { activeInputs, matchLeaves, splitLeaves, type TracedFunction, traceFunction } from './grad.js';
import { type LinearizedProgram, linearizeProgram } from './linearize.js';
import { bySignature } from './signature.js';
import { transposeProgram } from './transpose.js';

/** The arguments that `argnums` chooses; all of them if it is absent. */
export type ActiveArguments<A extends readonly unknown[], N> = N extends readonly number[]
  ? { -readonly [K in keyof N]: N[K] extends number ? A[N[K]] : never }
  : A;

/** The derivative of a function at a point, ready to be applied many times; the residuals are kept with it. */
export interface Linearization<T extends readonly unknown[], R> {
  readonly value: R;
  /** J·v: a tangent tree per active argument → a tangent of the value's structure. At most 2 evaluations of the function. */
  jvp(...tangents: T): R;
  /** Jᵀ·u: a cotangent of the value's structure → a tree per active argument. */
  vjp(cotangent: R): T;
  /** The derivative in one of the active arguments alone, with nothing computed for the others; the residuals are shared. */
  in<const I extends number & keyof T>(position: I): PartialLinearization<T[I], R>;
  /** What is kept of the primal run; the first inputs of `tangent` and `transposed`. */
  readonly residuals: readonly Value[];
  /** Their bytes. */
  readonly residualBytes: number;
  /** What runs: `primal` once, `tangent` for each jvp, `transposed` for each vjp. */
  readonly programs: { readonly primal: Program; readonly tangent: Program; readonly transposed: Program };
}

/** A linearization in one argument of several. */
export interface PartialLinearization<X, R> {
  jvp(tangent: X): R;
  vjp(cotangent: R): X;
  readonly programs: { readonly tangent: Program; readonly transposed: Program };
}

export interface LinearizeOptions<N extends readonly number[] | undefined = undefined> {
  /** Arguments to differentiate in, ascending; all of them if absent. The others may be of any dtype. */
  readonly argnums?: N;
}

/** A linear map and its adjoint; the residuals come first in both. */
interface LinearPair {
  readonly tangent: Program;
  readonly transposed: Program;
}

/** What one signature needs, made once. */
interface Prepared extends LinearPair {
  readonly traced: TracedFunction;
  readonly linear: LinearizedProgram;
  readonly activeStructures: readonly Structure[];
  /** The pair for one active argument alone. */
  part(position: number): LinearPair;
}

/**
 * Linearizes `fn` at `primals` in all of its arguments: the function is run once and its residuals kept; each product then costs only the
 * linear part. @throws {TraceError} if an argument is not a float.
 */
export const linearize = <A extends readonly unknown[], R>(fn: (...args: A) => R, ...primals: A): Linearization<A, R> =>
  linearizer(fn)(...primals);

/**
 * {@link linearize} for repeated use at points of one signature (shapes, dtypes, structure): traced and transformed once per signature.
 * Tensors that `fn` closes over are fixed at the first call, so pass what changes as an argument and leave it out of `argnums`.
 */
export function linearizer<A extends readonly unknown[], R, const N extends readonly number[] | undefined = undefined>(
  fn: (...args: A) => R,
  { argnums }: LinearizeOptions<N> = {},
): (...primals: A) => Linearization<ActiveArguments<A, N>, R> {
  const preparedFor = bySignature((primals: A) => {
    const prepared = prepare(fn, primals, argnums ?? primals.map((_, i) => i));
    return { prepared, captured: prepared.traced.captured };
  });
  return (...primals) => {
    const { made, leaves } = preparedFor(primals);
    return applyLinearization(made.prepared, leaves);
  };
}

function prepare(fn: (...args: never[]) => unknown, primals: readonly unknown[], argnums: readonly number[]): Prepared {
  const traced = traceFunction(fn, primals);
  const active = activeInputs('linearize', traced, argnums);
  const linear = linearizeProgram(traced.program, active);
  const transposed = transposeProgram(linear.tangent, linear.residuals);
  const activeStructures = argnums.map((i) => traced.inputs[i]!);
  const parts = new Map<number, LinearPair>();
  const part = (position: number): LinearPair =>
    memo(parts, position, () => {
      const from = activeStructures.slice(0, position).reduce((n, structure) => n + leafCount(structure), 0);
      const outputs = transposed.outputs.slice(from, from + leafCount(activeStructures[position]!));
      const own = prune({ ...transposed, outputs });
      // The other arguments' tangents are zero, and the transpose of what is left of the transpose knows it.
      return { transposed: own, tangent: transposeProgram(own, linear.residuals) };
    });
  return { traced, linear, tangent: linear.tangent, transposed, activeStructures, part };
}

function applyLinearization<T extends readonly unknown[], R>(
  prepared: Prepared,
  leaves: readonly Value[],
): Linearization<T, R> {
  const { traced, linear, activeStructures } = prepared;
  const outputAvals = traced.program.outputs.map((atom) => atom.aval);
  const results = callProgram(linear.primal, [...leaves, ...traced.captured]);
  const residuals = results.slice(outputAvals.length);
  const push = ({ tangent }: LinearPair, structures: readonly Structure[], tangents: readonly unknown[]): R => {
    const avals = tangent.inputs.slice(linear.residuals).map((variable) => variable.aval);
    const moved = callProgram(tangent, [...residuals, ...matchLeaves('jvp', tangents, structures, avals)]);
    const all = deal(moved, linear.moving).map((value, i) => instantiate(value, outputAvals[i]!));
    return unflatten<R>(traced.output, all);
  };
  const pull = ({ transposed }: LinearPair, structures: readonly Structure[], cotangent: R): unknown[] => {
    const given = matchLeaves('vjp', [cotangent], [traced.output], outputAvals);
    const pulled = callProgram(transposed, [...residuals, ...given.filter((_, i) => linear.moving[i])]);
    return splitLeaves(pulled, structures);
  };
  return {
    value: unflatten<R>(traced.output, results.slice(0, outputAvals.length)),
    jvp: (...tangents) => push(prepared, activeStructures, tangents),
    vjp: (cotangent) => pull(prepared, activeStructures, cotangent) as unknown as T,
    in<const I extends number & keyof T>(position: I): PartialLinearization<T[I], R> {
      const pair = prepared.part(position);
      const structures = [activeStructures[position]!];
      return {
        jvp: (tangent) => push(pair, structures, [tangent]),
        vjp: (cotangent) => pull(pair, structures, cotangent)[0] as T[I],
        programs: pair,
      };
    },
    residuals,
    residualBytes: linear.primal.outputs
      .slice(outputAvals.length)
      .reduce((n, { aval }) => n + sizeOf(aval.shape) * bytesOf(aval.dtype), 0),
    programs: { primal: linear.primal, tangent: linear.tangent, transposed: prepared.transposed },
  };
}
