import {
  broadcastShapes,
  type DType,
  DTypeError,
  formatAval,
  formatShape,
  normalizeAxis,
  type Primitive,
  type Shape,
  ShapeError,
  sameShape,
  scalar,
  sizeOf,
  type Value,
} from '../ir/index.js';
import { type AxesParams, apply, broadcastPrimitive, liftAxes, shifted } from './calculus.js';
import { constant, linear } from './define.js';

export type ReshapeParams = { readonly shape: Shape };

/** The same elements in the same order under another shape. */
export const reshapePrimitive: Primitive<ReshapeParams> = linear('reshape', {
  category: 'view',
  infer([x], { shape }) {
    if (sizeOf(shape) !== sizeOf(x!.shape)) {
      throw new ShapeError(
        `reshape: ${formatAval(x!)} has ${sizeOf(x!.shape)} elements, ${formatShape(shape)} needs ${sizeOf(shape)}`,
      );
    }
    return { shape, dtype: x!.dtype };
  },
  transpose: (ct, { avals: [x] }) => [reshape(ct, x!.shape)],
  lift: ({ shape }, size) => ({ shape: [size, ...shape] }),
});

export type PermutationParams = { readonly permutation: Shape };

/** Output axis i is input axis `permutation[i]`. */
export const transposePrimitive: Primitive<PermutationParams> = linear('transpose', {
  infer([x], { permutation }) {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (sorted.length !== x!.shape.length || sorted.some((axis, i) => axis !== i)) {
      throw new ShapeError(`transpose: ${formatShape(permutation)} is no permutation of the axes of ${formatAval(x!)}`);
    }
    return { shape: permutation.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
  },
  transpose(ct, { params: { permutation } }) {
    return [
      transpose(
        ct,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ];
  },
  lift: ({ permutation }) => ({ permutation: [0, ...shifted(permutation)] }),
});

export type SliceParams = { readonly start: Shape; readonly limit: Shape; readonly stride: Shape };

const sliceExtent = (start: number, limit: number, stride: number): number => Math.ceil((limit - start) / stride);

/** Elements `start, start + stride, … < limit` along each axis. Adjoint: zero padding with gaps. */
export const slicePrimitive: Primitive<SliceParams> = linear('slice', {
  infer([x], { start, limit, stride }) {
    const fits = [start, limit, stride].every((list) => list.length === x!.shape.length);
    if (
      !fits ||
      x!.shape.some((extent, i) => start[i]! < 0 || start[i]! > limit[i]! || limit[i]! > extent || stride[i]! < 1)
    ) {
      throw new ShapeError(
        `slice: needs 0 ≤ start ≤ limit ≤ extent and stride ≥ 1 on each axis of ${formatAval(x!)}, got start ` +
          `${formatShape(start)}, limit ${formatShape(limit)}, stride ${formatShape(stride)}`,
      );
    }
    return { shape: start.map((from, i) => sliceExtent(from, limit[i]!, stride[i]!)), dtype: x!.dtype };
  },
  transpose(ct, { avals: [x], params: { start, limit, stride } }) {
    const span = start.map((from, i) => {
      const extent = sliceExtent(from, limit[i]!, stride[i]!);
      return extent === 0 ? 0 : (extent - 1) * stride[i]! + 1;
    });
    const high = x!.shape.map((extent, i) => extent - start[i]! - span[i]!);
    return [apply(padPrimitive, [ct], { low: start, high, interior: stride.map((s) => s - 1) })];
  },
  lift: ({ start, limit, stride }, size) => ({ start: [0, ...start], limit: [size, ...limit], stride: [1, ...stride] }),
});

export type PadParams = { readonly low: Shape; readonly high: Shape; readonly interior: Shape };

/** Zeros before (`low`), after (`high`) and between (`interior`) the elements along each axis. Adjoint: the slice that undoes it. */
export const padPrimitive: Primitive<PadParams> = linear('pad', {
  infer([x], { low, high, interior }) {
    const lists = [low, high, interior];
    if (lists.some((list) => list.length !== x!.shape.length || list.some((amount) => amount < 0))) {
      throw new ShapeError(
        `pad: needs a non-negative low, high and interior for each axis of ${formatAval(x!)}, got ${lists.map(formatShape)}`,
      );
    }
    const shape = x!.shape.map((extent, i) => low[i]! + extent + Math.max(0, extent - 1) * interior[i]! + high[i]!);
    return { shape, dtype: x!.dtype };
  },
  transpose(ct, { avals: [x], params: { low, high, interior } }) {
    const stride = interior.map((gap) => gap + 1);
    const limit = ct.shape.map((extent, i) => Math.max(low[i]!, extent - high[i]!));
    const inner = apply(slicePrimitive, [ct], { start: low, limit, stride });
    return [reshape(inner, x!.shape)];
  },
  lift: ({ low, high, interior }) => ({ low: [0, ...low], high: [0, ...high], interior: [0, ...interior] }),
});

export type AxisParams = { readonly axis: number };

/** The same axis with one more in front. */
export const liftAxis = ({ axis }: AxisParams): AxisParams => ({ axis: axis + 1 });

/** Joins along one axis. Adjoint: the slices. */
export const concatenatePrimitive: Primitive<AxisParams> = linear('concatenate', {
  infer(inputs, { axis }) {
    const first = inputs[0]!;
    let extent = 0;
    for (const input of inputs) {
      if (input.dtype !== first.dtype) {
        throw new DTypeError(`concatenate: parts must have one dtype, got ${inputs.map(formatAval).join(', ')}`);
      }
      const alike =
        input.shape.length === first.shape.length && input.shape.every((e, i) => i === axis || e === first.shape[i]);
      if (!alike || axis >= first.shape.length) {
        throw new ShapeError(
          `concatenate: parts may differ along axis ${axis} only, got ${inputs.map(formatAval).join(', ')}`,
        );
      }
      extent += input.shape[axis]!;
    }
    return { shape: first.shape.map((e, i) => (i === axis ? extent : e)), dtype: first.dtype };
  },
  transpose(ct, { avals, inputs, params: { axis } }) {
    let offset = 0;
    return avals.map((aval, i) => {
      const from = offset;
      offset += aval.shape[axis]!;
      return inputs[i]
        ? null
        : slice(
            ct,
            aval.shape.map((_, a) => (a === axis ? from : 0)),
            ct.shape.map((e, a) => (a === axis ? offset : e)),
          );
    });
  },
  lift: liftAxis,
});

/** The order of the elements along `axes` turned round; its own adjoint. */
export const reversePrimitive: Primitive<AxesParams> = linear('reverse', {
  infer: ([x], { axes }) => {
    for (const axis of axes) normalizeAxis('reverse', axis, x!.shape.length);
    return x!;
  },
  transpose: (ct, { params }) => [apply(reversePrimitive, [ct], params)],
  lift: liftAxes,
});

export type IotaParams = { readonly shape: Shape; readonly axis: number; readonly dtype: string };

/** Counts 0, 1, 2, … along one axis. */
export const iotaPrimitive: Primitive<IotaParams> = constant('iota', {
  infer: (_, { shape, axis, dtype }) => {
    normalizeAxis('iota', axis, shape.length);
    return { shape, dtype: dtype as DType };
  },
  lift: ({ shape, axis, dtype }, size) => ({ shape: [size, ...shape], axis: axis + 1, dtype }),
});

/** One extent may be −1 and is worked out. */
export function reshape(x: Value, shape: Shape): Value {
  const known = shape.filter((extent) => extent !== -1);
  const missing = sizeOf(known) === 0 ? 0 : x.size / sizeOf(known);
  if (shape.length - known.length > 1 || (known.length < shape.length && !Number.isInteger(missing))) {
    throw new ShapeError(
      `reshape: ${formatAval(x.aval)} does not divide into ${formatShape(shape)}; at most one extent may be -1`,
    );
  }
  const target = shape.map((extent) => (extent === -1 ? missing : extent));
  return sameShape(x.shape, target) ? x : apply(reshapePrimitive, [x], { shape: target });
}

/** Reverses the axes unless told a permutation. */
export function transpose(x: Value, permutation?: Shape): Value {
  const order = permutation ?? x.shape.map((_, axis) => x.rank - 1 - axis);
  return order.every((axis, i) => axis === i) && order.length === x.rank
    ? x
    : apply(transposePrimitive, [x], { permutation: order });
}

/** NumPy broadcasting: missing leading axes and extents of 1 are repeated. */
export function broadcastTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const joint = broadcastShapes('broadcast', x.shape, shape);
  if (!sameShape(joint, shape)) {
    throw new ShapeError(`broadcast: ${formatAval(x.aval)} does not broadcast to ${formatShape(shape)}`);
  }
  const lead = shape.length - x.rank;
  const kept = x.shape.map((_, i) => i).filter((i) => x.shape[i] === shape[lead + i]);
  const squeezed = reshape(
    x,
    kept.map((i) => x.shape[i]!),
  );
  return apply(broadcastPrimitive, [squeezed], { shape, axes: kept.map((i) => lead + i) });
}

/** Both operands at their common shape. */
export function broadcastTogether(name: string, x: Value, y: Value): [Value, Value] {
  if (sameShape(x.shape, y.shape)) return [x, y];
  const shape = broadcastShapes(name, x.shape, y.shape);
  return [broadcastTo(x, shape), broadcastTo(y, shape)];
}

/** What arithmetic accepts: a value, or a plain number that takes the other operand's dtype. */
export type Operand = Value | number;

/** Brings two operands to one dtype (numbers take the tensor's) and one shape (NumPy broadcasting). */
export function pair(name: string, x: Operand, y: Operand): [Value, Value] {
  if (typeof x === 'number') {
    if (typeof y === 'number') {
      throw new ShapeError(
        `${name}: one operand must be a tensor, got the numbers ${x} and ${y}; compute them in JavaScript`,
      );
    }
    return broadcastTogether(name, scalar(x, y.dtype), y);
  }
  return broadcastTogether(name, x, typeof y === 'number' ? scalar(y, x.dtype) : y);
}

/** Elements from `start` up to `limit` in steps of `stride` (1), all given per axis. */
export const slice = (x: Value, start: Shape, limit: Shape, stride?: Shape): Value =>
  apply(slicePrimitive, [x], { start, limit, stride: stride ?? start.map(() => 1) });

/** Zero padding before and after the elements of each axis, and optionally between them. */
export const pad = (x: Value, low: Shape, high: Shape, interior?: Shape): Value =>
  apply(padPrimitive, [x], { low, high, interior: interior ?? low.map(() => 0) });

/** Joins values along `axis`. @throws {ShapeError} if there are none. */
export function concatenate(parts: readonly Value[], axis = 0): Value {
  const first = parts[0];
  if (!first) throw new ShapeError('concatenate: needs at least one part, got none');
  return apply(concatenatePrimitive, parts, { axis: normalizeAxis('concatenate', axis, first.rank) });
}

/** Turns round the order of the elements along `axes`. */
export const reverse = (x: Value, axes: Shape): Value =>
  apply(reversePrimitive, [x], { axes: axes.map((axis) => normalizeAxis('reverse', axis, x.rank)) });

/** 0, 1, … along `axis` of `shape`. */
export const iota = (shape: Shape, axis = 0, dtype: DType = 'i32'): Value =>
  apply(iotaPrimitive, [], { shape, axis, dtype });
