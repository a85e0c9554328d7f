import { allocateArray, flatten, type Structure, sizeOf, Tensor, unflatten, type Value } from '../ir/index.js';
import { full } from '../ops/calculus.js';
import { concatenate, reshape } from '../ops/movement.js';
import { grad } from './grad.js';
import { type Linearization, linearize } from './linearization.js';

/** Forward mode: `fn` at `primals` and its derivative along `tangents` (one tree per argument). About 2–3 evaluations of `fn`. */
export function jvp<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  primals: A,
  tangents: A,
): { value: R; tangent: R } {
  const at = linearize(fn, ...primals);
  return { value: at.value, tangent: at.jvp(...tangents) };
}

/** Reverse mode: `fn` at `primals` and the map from a cotangent of its value to one tree per argument. */
export function vjp<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  ...primals: A
): { value: R; pullback: (cotangent: R) => A } {
  const at = linearize(fn, ...primals);
  return { value: at.value, pullback: (cotangent) => at.vjp(cotangent) };
}

/** Hessian of a scalar function of one tree, times a tangent of its structure. Forward over reverse; about 5 gradients at most. */
export const hvp = <T>(fn: (x: T) => Value, primal: T, tangent: T): T => linearize(grad(fn), primal).jvp(tangent);

/**
 * All derivatives of `fn`, a function of one tree: for each leaf of the result, a tree of the argument's structure whose leaves are
 * [...result leaf, ...argument leaf]. Costs one product per element of the smaller side, from one linearization.
 */
export function jacobian<T, R>(fn: (x: T) => R): (x: T) => unknown {
  return (x) => {
    const at = linearize(fn, x);
    const input = flatten(x);
    const output = flatten(at.value);
    const count = (leaves: readonly Value[]): number => leaves.reduce((n, leaf) => n + leaf.size, 0);
    const blocks =
      count(input.leaves) <= count(output.leaves) ? byColumns(at, input, output) : byRows(at, input, output);
    // A leaf of the result's structure now holds a tree.
    return unflatten(output.structure, blocks as Value[]);
  };
}

interface Side {
  readonly leaves: readonly Value[];
  readonly structure: Structure;
}

/** Trees that are 1 in one element and 0 elsewhere, leaf by leaf. */
function* basis({ leaves, structure }: Side): Generator<{ leaf: number; tree: unknown }> {
  const zeros = leaves.map((leaf) => full(leaf.shape, 0, leaf.dtype));
  for (const [i, { aval, size }] of leaves.entries()) {
    for (let element = 0; element < size; element++) {
      const array = allocateArray(aval.dtype, size);
      array[element] = 1;
      const unit = zeros.with(i, Tensor.of(array, aval.shape, aval.dtype));
      yield { leaf: i, tree: unflatten(structure, unit) };
    }
  }
}

/** Reverse mode: element by element of the result. */
function byRows<T, R>(at: Linearization<[T], R>, input: Side, output: Side): unknown[] {
  const rows = output.leaves.map(() => input.leaves.map((): Value[] => []));
  for (const { leaf, tree } of basis(output)) {
    flatten(at.vjp(tree as R)[0]).leaves.forEach((row, j) => {
      rows[leaf]![j]!.push(reshape(row, [1, ...row.shape]));
    });
  }
  return output.leaves.map((to, i) =>
    unflatten(
      input.structure,
      input.leaves.map((from, j) => stack(rows[i]![j]!, 0, [...to.shape, ...from.shape], to)),
    ),
  );
}

/** Forward mode: element by element of the argument. */
function byColumns<T, R>(at: Linearization<[T], R>, input: Side, output: Side): unknown[] {
  const columns = output.leaves.map(() => input.leaves.map((): Value[] => []));
  for (const { leaf, tree } of basis(input)) {
    flatten(at.jvp(tree as T)).leaves.forEach((column, i) => {
      columns[i]![leaf]!.push(reshape(column, [...column.shape, 1]));
    });
  }
  return output.leaves.map((to, i) =>
    unflatten(
      input.structure,
      input.leaves.map((from, j) => stack(columns[i]![j]!, -1, [...to.shape, ...from.shape], to)),
    ),
  );
}

const stack = (parts: readonly Value[], axis: number, shape: readonly number[], like: Value): Value =>
  sizeOf(shape) === 0 || parts.length === 0 ? full(shape, 0, like.dtype) : reshape(concatenate(parts, axis), shape);

/** The matrix of second derivatives of a scalar function of one tensor x: [...x, ...x]. One Hessian product per element of x. */
export const hessian = (fn: (x: Value) => Value): ((x: Value) => Value) => jacobian(grad(fn)) as (x: Value) => Value;
