import {
  type Aval,
  callProgram,
  flatten,
  formatAval,
  isDifferentiable,
  leafCount,
  type Program,
  requireSameStructure,
  ShapeError,
  type Structure,
  scalar,
  simplify,
  type Traced,
  TraceError,
  trace,
  unflatten,
  type Value,
} from '../ir/index.js';
import { instantiate } from '../ops/calculus.js';
import { linearizeProgram } from './linearize.js';
import { pullBack } from './transpose.js';

/** A user function as a program over the leaves of its arguments. */
export interface TracedFunction extends Traced {
  /** Leaves of the arguments, in order; the program takes these, then `captured`. */
  readonly leaves: readonly Value[];
  readonly inputs: readonly Structure[];
  readonly output: Structure;
}

/** Traces `fn` at the shapes and dtypes of `args` (trees). */
export function traceFunction(fn: (...args: never[]) => unknown, args: readonly unknown[]): TracedFunction {
  const flat = args.map((arg) => flatten(arg));
  const leaves = flat.flatMap(({ leaves }) => leaves);
  const inputs = flat.map(({ structure }) => structure);
  const avals = leaves.map((leaf) => leaf.aval);
  return { ...traceStructured(fn, inputs, avals), leaves, inputs };
}

/** Traces `fn` at arguments of which only structure, shapes and dtypes are known. */
export function traceStructured(
  fn: (...args: never[]) => unknown,
  inputs: readonly Structure[],
  avals: readonly Aval[],
): Traced & { readonly output: Structure } {
  let output: Structure | undefined;
  const traced = trace((...values) => {
    const result = flatten((fn as (...args: unknown[]) => unknown)(...splitLeaves(values, inputs)));
    output = result.structure;
    return result.leaves;
  }, avals);
  return { ...traced, output: output! };
}

/** Which of the program's inputs belong to the chosen arguments. @throws {TraceError} if one of those is not a float. */
export function activeInputs(operation: string, traced: TracedFunction, argnums: readonly number[]): boolean[] {
  const active = traced.inputs.flatMap((structure, i) =>
    new Array<boolean>(leafCount(structure)).fill(argnums.includes(i)),
  );
  active.forEach((isActive, i) => {
    const { aval } = traced.program.inputs[i]!;
    if (isActive && !isDifferentiable(aval)) {
      throw new TraceError(
        `${operation}: cannot differentiate in a ${formatAval(aval)} (leaf ${i}); choose other arguments with argnums, or convert it`,
      );
    }
  });
  return [...active, ...traced.captured.map(() => false)];
}

/**
 * The program of a scalar function and its gradient. Inputs: the program's. Outputs: the program's (value first), then a gradient for
 * each active input. Costs about three times the function.
 */
export function gradientProgram(program: Program, active: readonly boolean[]): Program {
  const { primal, tangent, residuals, moving } = linearizeProgram(program, active);
  const count = program.outputs.length;
  const traced = trace(
    (...inputs) => {
      const results = callProgram(primal, inputs);
      const value = results[0]!;
      const seeds = moving.flatMap((moves, i) => (moves ? [i === 0 ? scalar(1, value.dtype) : null] : []));
      const gradients = pullBack(tangent, results.slice(results.length - residuals), seeds);
      const variables = tangent.inputs.slice(residuals);
      return [...results.slice(0, count), ...gradients.map((g, i) => instantiate(g, variables[i]!.aval))];
    },
    program.inputs.map((variable) => variable.aval),
  );
  return simplify(traced.program);
}

function requireScalar(operation: string, aval: Aval): void {
  if (aval.shape.length !== 0 || !isDifferentiable(aval)) {
    throw new ShapeError(
      `${operation}: the function must return a float scalar, got ${formatAval(aval)}; reduce it with sum or mean`,
    );
  }
}

export interface GradOptions<N extends number | readonly number[] = number> {
  /** Which arguments to differentiate in: one index (its gradient is returned) or a list (a list of gradients). Default 0. */
  readonly argnums?: N;
}

/** The gradients' type: that of the argument, or a list for a list of argnums. */
export type GradientOf<A extends readonly unknown[], N> = N extends readonly number[]
  ? A[number][]
  : N extends number
    ? A[N]
    : never;

/**
 * `fn` and its gradient together. `fn` returns a scalar, or `[scalar, extra]` where `extra` is a tree that is handed through (new
 * batch-norm statistics, logits). Arguments are trees; the gradient has the structure of the argument it belongs to.
 * Cost: about 3 evaluations of `fn`. @throws {ShapeError} if `fn` does not return a float scalar first.
 */
export function valueAndGrad<A extends readonly unknown[], R, const N extends number | readonly number[] = 0>(
  fn: (...args: A) => R,
  options: GradOptions<N> = {},
): (...args: A) => { value: R; grad: GradientOf<A, N> } {
  const argnums: number | readonly number[] = options.argnums ?? 0;
  const list = typeof argnums === 'number' ? [argnums] : argnums;
  return (...args) => {
    const traced = traceFunction(fn as (...args: never[]) => unknown, args);
    const outputs = traced.program.outputs;
    requireScalar('grad', outputs[0]!.aval);
    const program = gradientProgram(traced.program, activeInputs('grad', traced, list));
    const results = callProgram(program, [...traced.leaves, ...traced.captured]);
    const gradients = splitLeaves(
      results.slice(outputs.length),
      [...list].sort((a, b) => a - b).map((i) => traced.inputs[i]!),
    );
    const ordered = list.map((i) => gradients[[...list].sort((a, b) => a - b).indexOf(i)]);
    return {
      value: unflatten<R>(traced.output, results.slice(0, outputs.length)),
      grad: (typeof argnums === 'number' ? ordered[0] : ordered) as GradientOf<A, N>,
    };
  };
}

/** The gradient alone; see {@link valueAndGrad}. */
export function grad<A extends readonly unknown[], const N extends number | readonly number[] = 0>(
  fn: (...args: A) => unknown,
  options: GradOptions<N> = {},
): (...args: A) => GradientOf<A, N> {
  const both = valueAndGrad(fn, options);
  return (...args) => both(...args).grad;
}

/** Deals leaves out to one tree per structure. */
export function splitLeaves(leaves: readonly Value[], structures: readonly Structure[]): unknown[] {
  let next = 0;
  return structures.map((structure) => {
    const from = next;
    next += leafCount(structure);
    return unflatten(structure, leaves.slice(from, next));
  });
}

/** The leaves of trees that must match what a traced function takes or returns. @throws {TraceError|ShapeError} if they do not. */
export function matchLeaves(
  operation: string,
  trees: readonly unknown[],
  structures: readonly Structure[],
  avals: readonly Aval[],
): Value[] {
  if (trees.length !== structures.length) {
    throw new TraceError(`${operation}: expected ${structures.length} trees, got ${trees.length}`);
  }
  const leaves = trees.flatMap((tree, i) => {
    const flat = flatten(tree, avals[0]?.dtype);
    requireSameStructure(operation, structures[i]!, flat.structure);
    return flat.leaves;
  });
  leaves.forEach((leaf, i) => {
    if (formatAval(leaf.aval) !== formatAval(avals[i]!)) {
      throw new ShapeError(`${operation}: leaf ${i} must be ${formatAval(avals[i]!)}, got ${formatAval(leaf.aval)}`);
    }
  });
  return leaves;
}
