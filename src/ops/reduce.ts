import {
  formatAval,
  normalizeAxes,
  normalizeAxis,
  type Primitive,
  type Shape,
  ShapeError,
  type Value,
} from '../ir/index.js';
import { add, div, mul, sub } from './arithmetic.js';
import {
  type AxesParams,
  apply,
  broadcastBack,
  inferNumeric,
  inferReduced,
  liftAxes,
  shapeWithout,
  sumPrimitive,
} from './calculus.js';
import { equal, select } from './compare.js';
import { constant, general } from './define.js';
import { convert, exp, log, stopGradient } from './elementwise.js';
import { type AxisParams, liftAxis, reshape } from './movement.js';

/** Axes to fold (all by default), and whether they stay with extent 1. */
export interface ReduceOptions {
  readonly axes?: number | Shape;
  readonly keepDims?: boolean;
}

/** Largest element over `axes`; NaN if there is one. Equal maxima share the tangent equally. */
export const maxPrimitive: Primitive<AxesParams> = general('max', {
  category: 'reduction',
  infer([x], { axes }) {
    if (axes.some((axis) => x!.shape[axis] === 0)) {
      throw new ShapeError(`max: ${formatAval(x!)} is empty along axes [${axes}]; there is no largest of nothing`);
    }
    return inferReduced('max', x!, axes);
  },
  jvp({ primals: [x], tangents: [t], outputs: [y], params: { axes } }) {
    const largest = convert(equal(x!, broadcastBack(y!, x!.shape, axes)), x!.dtype);
    return div(sum(mul(t!, largest), { axes }), sum(largest, { axes }));
  },
  lift: liftAxes,
});

/** Position (i32) of the first largest element along `axis`; a NaN counts as largest. */
export const argmaxPrimitive: Primitive<AxisParams> = constant('argmax', {
  infer([x], { axis }) {
    if (x!.shape[axis] === 0) throw new ShapeError(`argmax: ${formatAval(x!)} is empty along axis ${axis}`);
    inferNumeric('argmax', [x!]);
    return { shape: shapeWithout(x!.shape, [axis]), dtype: 'i32' };
  },
  lift: liftAxis,
});

function reduce(primitive: Primitive<AxesParams>, x: Value, { axes, keepDims = false }: ReduceOptions): Value {
  const list = normalizeAxes(primitive.name, axes, x.rank);
  const folded = list.length === 0 ? x : apply(primitive, [x], { axes: list });
  return keepDims
    ? reshape(
        folded,
        x.shape.map((extent, axis) => (list.includes(axis) ? 1 : extent)),
      )
    : folded;
}

export const sum = (x: Value, options: ReduceOptions = {}): Value => reduce(sumPrimitive, x, options);
export const max = (x: Value, options: ReduceOptions = {}): Value => reduce(maxPrimitive, x, options);

/** Arithmetic mean. @throws {ShapeError} over no elements. */
export function mean(x: Value, options: ReduceOptions = {}): Value {
  const count = normalizeAxes('mean', options.axes, x.rank).reduce((n, axis) => n * x.shape[axis]!, 1);
  if (count === 0) throw new ShapeError(`mean: ${formatAval(x.aval)} has no elements to average`);
  return mul(sum(x, options), 1 / count);
}

export const argmax = (x: Value, axis = -1): Value =>
  apply(argmaxPrimitive, [x], { axis: normalizeAxis('argmax', axis, x.rank) });

/** x − log Σ eˣ along `axis`. The shift by the maximum is a constant to every derivative: it cancels. */
export function logSoftmax(x: Value, axis = -1): Value {
  const shifted = sub(x, stopGradient(max(x, { axes: axis, keepDims: true })));
  return sub(shifted, log(sum(exp(shifted), { axes: axis, keepDims: true })));
}

/** eˣ / Σ eˣ along `axis`. */
export const softmax = (x: Value, axis = -1): Value => exp(logSoftmax(x, axis));

/** log Σ eˣ over `axes`, without overflow. A slice that is −∞ throughout gives −∞. */
export function logSumExp(x: Value, options: ReduceOptions = {}): Value {
  const largest = stopGradient(max(x, { ...options, keepDims: true }));
  // Where the maximum is infinite there is nothing to shift by: ∞ − ∞ would be NaN.
  const shift = select(equal(sub(largest, largest), 0), largest, 0);
  const total = log(sum(exp(sub(x, shift)), { ...options, keepDims: true }));
  const kept = add(total, shift);
  return options.keepDims
    ? kept
    : reshape(kept, shapeWithout(x.shape, normalizeAxes('logSumExp', options.axes, x.rank)));
}
