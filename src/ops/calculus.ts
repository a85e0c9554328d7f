import {
  type Aval,
  type BatchContext,
  bind,
  DTypeError,
  formatAval,
  type MaybeZero,
  type Params,
  type Primitive,
  type Shape,
  ShapeError,
  sameShape,
  scalar,
  type Value,
} from '../ir/index.js';

/**
 * The three operations that the calculus itself stands on: `add` (tangents meet in it), `broadcast` and `sum` (each other's
 * adjoint). They are written out; every other primitive goes through the definers.
 */

/** Applies a one-output primitive. */
export function apply<P extends Params>(primitive: Primitive<P>, inputs: readonly Value[], params: P): Value {
  return bind(primitive, inputs, params)[0]!;
}

/** Shape rule of elementwise operations: equal shapes and dtypes. */
export function inferSame(name: string, inputs: readonly Aval[]): Aval {
  const first = inputs[0]!;
  for (const other of inputs) {
    if (other.dtype !== first.dtype) {
      throw new DTypeError(
        `${name}: operands must have one dtype, got ${inputs.map(formatAval).join(' and ')}; convert one`,
      );
    }
    if (!sameShape(other.shape, first.shape)) {
      throw new ShapeError(
        `${name}: operands must have one shape, got ${inputs.map(formatAval).join(' and ')}; broadcast one`,
      );
    }
  }
  return first;
}

/** @throws {DTypeError} on bool, which has no arithmetic. */
export function inferNumeric(name: string, inputs: readonly Aval[]): Aval {
  const aval = inferSame(name, inputs);
  if (aval.dtype === 'bool') throw new DTypeError(`${name}: bool has no arithmetic; convert it first`);
  return aval;
}

/** [...shape] → [size, ...shape]: the same for every example of a batch. */
export const repeat = (x: Value, size: number): Value =>
  apply(broadcastPrimitive, [x], { shape: [size, ...x.shape], axes: shifted(x.shape.map((_, axis) => axis)) });

/** Where axes are once there is one more in front. */
export const shifted = (axes: Shape): number[] => axes.map((axis) => axis + 1);

/** The batch rule of operations that are the same with one more axis in front, under `params`: all inputs are given that axis. */
export const batchAll = <P extends Params>(
  primitive: Primitive<P>,
  { inputs, batched, size }: BatchContext<P>,
  params: P,
): Value[] =>
  bind(
    primitive,
    inputs.map((x, i) => (batched[i] ? x : repeat(x, size))),
    params,
  );

/** x + y. */
export const addPrimitive: Primitive = {
  name: 'add',
  category: 'elementwise',
  commutative: true,
  rightIdentity: 0,
  evaluate: (x, y) => x! + y!,
  infer: (inputs) => [inferNumeric('add', inputs)],
  jvp: ({ tangents }) => [sumOf(tangents)],
  transpose: ({ cotangents: [ct], inputs }) => inputs.map((input) => (input === null ? ct! : null)),
  batch: (context) => batchAll(addPrimitive, context, {}),
};

/** The sum of those terms that are not zero, `null` if there are none. */
export function sumOf(terms: readonly MaybeZero[]): MaybeZero {
  return terms.reduce<MaybeZero>((sum, term) => {
    if (sum === null) return term;
    return term === null ? sum : apply(addPrimitive, [sum, term], {});
  }, null);
}

export type BroadcastParams = { readonly shape: Shape; readonly axes: Shape };

/** Repeats `x` along new axes: input axis i becomes output axis `axes[i]`, extents unchanged. Adjoint: the sum over the new axes. */
export const broadcastPrimitive: Primitive<BroadcastParams> = {
  name: 'broadcast',
  category: 'broadcast',
  infer([x], { shape, axes }) {
    const fits =
      axes.length === x!.shape.length &&
      axes.every((axis, i) => shape[axis] === x!.shape[i] && (i === 0 || axis > axes[i - 1]!));
    if (!fits) {
      throw new ShapeError(
        `broadcast: ${formatAval(x!)} does not fit axes [${axes}] of [${shape}]; extents must agree and axes must increase`,
      );
    }
    return [{ shape, dtype: x!.dtype }];
  },
  jvp: ({ tangents: [t], params }) => [apply(broadcastPrimitive, [t!], params)],
  transpose({ cotangents: [ct], params: { shape, axes } }) {
    const added = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    return [apply(sumPrimitive, [ct!], { axes: added })];
  },
  batch(context) {
    const { shape, axes } = context.params;
    return batchAll(broadcastPrimitive, context, { shape: [context.size, ...shape], axes: [0, ...shifted(axes)] });
  },
};

export type AxesParams = { readonly axes: Shape };

/** The same axes with one more in front. */
export const liftAxes = ({ axes }: AxesParams): AxesParams => ({ axes: shifted(axes) });

/** The shape that is left when `axes` are folded away. */
export const shapeWithout = (shape: Shape, axes: Shape): Shape => shape.filter((_, axis) => !axes.includes(axis));

/** Shape rule of reductions. @throws {ShapeError} unless the axes are in range and increase. */
export function inferReduced(name: string, x: Aval, axes: Shape): Aval {
  if (axes.some((axis, i) => axis < 0 || axis >= x.shape.length || (i > 0 && axis <= axes[i - 1]!))) {
    throw new ShapeError(`${name}: axes must increase and lie within ${formatAval(x)}, got [${axes}]`);
  }
  return { shape: shapeWithout(x.shape, axes), dtype: inferNumeric(name, [x]).dtype };
}

/** Sum over `axes`, which are removed. Adjoint: broadcast along them. */
export const sumPrimitive: Primitive<AxesParams> = {
  name: 'sum',
  category: 'reduction',
  infer: ([x], { axes }) => [inferReduced('sum', x!, axes)],
  jvp: ({ tangents: [t], params }) => [apply(sumPrimitive, [t!], params)],
  transpose: ({ cotangents: [ct], avals: [x], params: { axes } }) => [broadcastBack(ct!, x!.shape, axes)],
  batch: (context) => batchAll(sumPrimitive, context, liftAxes(context.params)),
};

/** Repeats the result of a reduction along the axes it folded away. */
export function broadcastBack(reduced: Value, shape: Shape, axes: Shape): Value {
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  return apply(broadcastPrimitive, [reduced], { shape, axes: kept });
}

/** A value of one repeated number. */
export function full(shape: Shape, value: number, dtype: Aval['dtype']): Value {
  const number = scalar(value, dtype);
  return shape.length === 0 ? number : apply(broadcastPrimitive, [number], { shape, axes: [] });
}

/** The symbolic zero written out, for rules that cannot do without. */
export const instantiate = (value: MaybeZero, aval: Aval): Value => value ?? full(aval.shape, 0, aval.dtype);
