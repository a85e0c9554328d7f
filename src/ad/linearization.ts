import { bytesOf, callProgram, type Program, type Structure, sizeOf, unflatten, type Value } from '../ir/index.js';
import { instantiate } from '../ops/calculus.js';
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
  /** Bytes of the residuals this linearization keeps alive. */
  readonly residualBytes: number;
}

export interface LinearizeOptions<N extends readonly number[] | undefined = undefined> {
  /** Arguments to differentiate in, ascending; all of them if absent. The others may be of any dtype. */
  readonly argnums?: N;
}

/** What one signature needs, made once. */
interface Prepared {
  readonly traced: TracedFunction;
  readonly linear: LinearizedProgram;
  readonly transposed: Program;
  readonly activeStructures: readonly Structure[];
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
  return { traced, linear, transposed, activeStructures: argnums.map((i) => traced.inputs[i]!) };
}

function applyLinearization<T extends readonly unknown[], R>(
  prepared: Prepared,
  leaves: readonly Value[],
): Linearization<T, R> {
  const { traced, linear, transposed, activeStructures } = prepared;
  const outputAvals = traced.program.outputs.map((atom) => atom.aval);
  const tangentAvals = linear.tangent.inputs.slice(linear.residuals).map((variable) => variable.aval);
  const results = callProgram(linear.primal, [...leaves, ...traced.captured]);
  const residuals = results.slice(outputAvals.length);
  return {
    value: unflatten<R>(traced.output, results.slice(0, outputAvals.length)),
    jvp(...tangents) {
      const moved = callProgram(linear.tangent, [
        ...residuals,
        ...matchLeaves('jvp', tangents, activeStructures, tangentAvals),
      ]);
      let next = 0;
      const all = outputAvals.map((aval, i) => instantiate(linear.moving[i] ? moved[next++]! : null, aval));
      return unflatten<R>(traced.output, all);
    },
    vjp(cotangent) {
      const given = matchLeaves('vjp', [cotangent], [traced.output], outputAvals);
      const pulled = callProgram(transposed, [...residuals, ...given.filter((_, i) => linear.moving[i])]);
      return splitLeaves(pulled, activeStructures) as unknown as T;
    },
    residualBytes: linear.primal.outputs
      .slice(outputAvals.length)
      .reduce((n, { aval }) => n + sizeOf(aval.shape) * bytesOf(aval.dtype), 0),
  };
}
