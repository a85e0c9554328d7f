import {
  type Aval,
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
};

export type AxesParams = { readonly axes: Shape };

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
