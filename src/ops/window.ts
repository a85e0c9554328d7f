import {
  type Aval,
  DTypeError,
  formatAval,
  formatShape,
  type Primitive,
  type Shape,
  ShapeError,
  type Value,
} from '../ir/index.js';
import { mul } from './arithmetic.js';
import { batchImages } from './batch.js';
import { apply, inferNumeric } from './calculus.js';
import { both, convExtent, resolvePadding, type WindowOptions } from './conv.js';
import { constant, linear } from './define.js';

/**
 * Pooling. Maximum pooling is a gather at indices that derivatives treat as constants, so it survives any order: `windowArgmax` finds the
 * indices, `planeTake` reads there, `planePut` (its adjoint) writes back. Sum pooling and its adjoint `windowSpread` are a linear pair.
 */
export type WindowParams = {
  readonly window: Shape;
  readonly strides: Shape;
  readonly padding: readonly [Shape, Shape];
};
export type WindowSpreadParams = WindowParams & { readonly inputSize: Shape };
export type PlanePutParams = { readonly size: Shape };

function pooledShape(name: string, [n, h, w, c]: Shape, { window, strides, padding }: WindowParams): Shape {
  if ([...window, ...strides].some((v) => !Number.isSafeInteger(v) || v < 1) || padding.flat().some((v) => v < 0)) {
    throw new ShapeError(
      `${name}: window and strides must be at least 1, padding at least 0, got ${formatShape(window)}, ${formatShape(strides)}, ${padding.map(formatShape)}`,
    );
  }
  // A window that lies in the padding altogether would have no maximum.
  if (padding.some((sides, i) => sides.some((side) => side >= window[i]!))) {
    throw new ShapeError(
      `${name}: padding ${padding.map(formatShape)} must be smaller than the window ${formatShape(window)}`,
    );
  }
  const extent = (i: number, input: number): number => convExtent(input, window[i]!, strides[i]!, padding[i]!, 1);
  return [n!, extent(0, h!), extent(1, w!), c!];
}

function requireImages(name: string, x: Aval): Shape {
  if (x.shape.length !== 4) throw new ShapeError(`${name}: images must be [N, H, W, C], got ${formatAval(x)}`);
  inferNumeric(name, [x]);
  return x.shape;
}

/** Position h·W + w (i32) of the first largest element in each window; padding never wins; a NaN counts as largest. */
export const windowArgmaxPrimitive: Primitive<WindowParams> = constant('windowArgmax', {
  infer: ([x], params) => ({
    shape: pooledShape('windowArgmax', requireImages('windowArgmax', x!), params),
    dtype: 'i32',
  }),
  batch: (context) => batchImages(windowArgmaxPrimitive, context),
});

function requirePositions(name: string, index: Aval): void {
  if (index.dtype !== 'i32' || index.shape.length !== 4) {
    throw new DTypeError(`${name}: positions must be i32 [N, OH, OW, C], got ${formatAval(index)}`);
  }
}

/** Inputs (index, x): y[n, p, q, c] = x[n, index, c] with the plane [H, W] flattened. Positions out of range read 0. */
export const planeTakePrimitive: Primitive = linear('planeTake', {
  fixed: 1,
  infer([index, x]) {
    requirePositions('planeTake', index!);
    const [n, , , c] = requireImages('planeTake', x!);
    if (index!.shape[0] !== n || index!.shape[3] !== c) {
      throw new ShapeError(
        `planeTake: positions ${formatAval(index!)} and images ${formatAval(x!)} must share N and C`,
      );
    }
    return { shape: index!.shape, dtype: x!.dtype };
  },
  transpose: (ct, { inputs: [index], avals: [, x] }) => [
    apply(planePutPrimitive, [index!, ct], { size: x!.shape.slice(1, 3) }),
  ],
  batch: (context) => batchImages(planeTakePrimitive, context),
});

/** Inputs (index, y): adds y[n, p, q, c] into x[n, index, c] of a zeroed [N, ...size, C], in the order of p, q. */
export const planePutPrimitive: Primitive<PlanePutParams> = linear('planePut', {
  fixed: 1,
  infer([index, y], { size }) {
    requirePositions('planePut', index!);
    const [n, , , c] = requireImages('planePut', y!);
    if (formatShape(index!.shape) !== formatShape(y!.shape)) {
      throw new ShapeError(
        `planePut: positions ${formatAval(index!)} and values ${formatAval(y!)} must have one shape`,
      );
    }
    return { shape: [n!, ...size, c!], dtype: y!.dtype };
  },
  transpose: (ct, { inputs: [index] }) => [apply(planeTakePrimitive, [index!, ct], {})],
  batch: (context) => batchImages(planePutPrimitive, context),
});

/** Sum over each window; padding counts as 0. */
export const windowSumPrimitive: Primitive<WindowParams> = linear('windowSum', {
  infer: ([x], params) => ({
    shape: pooledShape('windowSum', requireImages('windowSum', x!), params),
    dtype: x!.dtype,
  }),
  transpose: (ct, { avals: [x], params }) => [
    apply(windowSpreadPrimitive, [ct], { ...params, inputSize: x!.shape.slice(1, 3) }),
  ],
  batch: (context) => batchImages(windowSumPrimitive, context),
});

/** Adds each element to every input position of its window. */
export const windowSpreadPrimitive: Primitive<WindowSpreadParams> = linear('windowSpread', {
  infer([y], params) {
    const [n, , , c] = requireImages('windowSpread', y!);
    const shape = [n!, ...params.inputSize, c!];
    const expected = pooledShape('windowSpread', shape, params);
    if (formatShape(expected) !== formatShape(y!.shape)) {
      throw new ShapeError(
        `windowSpread: windows over ${formatShape(shape)} make ${formatShape(expected)}, got ${formatAval(y!)}`,
      );
    }
    return { shape, dtype: y!.dtype };
  },
  transpose: (ct, { params: { window, strides, padding } }) => [
    apply(windowSumPrimitive, [ct], { window, strides, padding }),
  ],
  batch: (context) => batchImages(windowSpreadPrimitive, context),
});

export interface PoolOptions extends WindowOptions {
  readonly window: number | Shape;
}

/** Strides default to the window, padding to none. */
function poolParams(x: Value, { window, strides, padding = 'valid' }: PoolOptions): WindowParams {
  const size = both(window);
  const steps = both(strides ?? size);
  return { window: size, strides: steps, padding: resolvePadding(padding, x.shape.slice(1, 3), size, steps, [1, 1]) };
}

/** Largest element of each window, x [N, H, W, C]. At a tie the first one takes the whole tangent. */
export function maxPool(x: Value, options: PoolOptions): Value {
  return takePixels(x, apply(windowArgmaxPrimitive, [x], poolParams(x, options)));
}

/**
 * The elements of x [N, H, W, C] at positions h·W + w in their own image and channel, i32 [N, OH, OW, C] → [N, OH, OW, C]. A position out of
 * range reads 0. Linear in x; its adjoint adds each element back where it came from.
 */
export const takePixels = (x: Value, positions: Value): Value => apply(planeTakePrimitive, [positions, x], {});

/** Mean of each window, x [N, H, W, C]; padding counts as zeros. */
export function averagePool(x: Value, options: PoolOptions): Value {
  const params = poolParams(x, options);
  return mul(apply(windowSumPrimitive, [x], params), 1 / (params.window[0]! * params.window[1]!));
}
