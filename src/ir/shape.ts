import { ShapeError } from './errors.js';

/** Extents by axis, outermost first (row-major). `[]` is a scalar. */
export type Shape = readonly number[];

/** Most axes a value may have; the native decoder refuses more. */
export const MAX_RANK = 8;

/** `[2, 3]` for messages. */
export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/**
 * Number of elements. This is the one place that multiplies extents, so it is also the one that checks them.
 * @throws {ShapeError} if an extent is not a non-negative integer, the rank exceeds {@link MAX_RANK}, or the product is not exact.
 */
export function sizeOf(shape: Shape): number {
  if (shape.length > MAX_RANK) {
    throw new ShapeError(`shape: at most ${MAX_RANK} axes, got ${shape.length} in ${formatShape(shape)}; merge axes`);
  }
  let size = 1;
  for (const extent of shape) {
    if (!Number.isSafeInteger(extent) || extent < 0) {
      throw new ShapeError(`shape: extents are non-negative integers, got ${formatShape(shape)}`);
    }
    size *= extent;
    if (size > Number.MAX_SAFE_INTEGER) {
      throw new ShapeError(`shape: ${formatShape(shape)} has more elements than a number can count exactly`);
    }
  }
  return size;
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, i) => extent === b[i]);

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** The index of `axis`, where negative axes count from the end. @throws {ShapeError} if it is out of range. */
export function normalizeAxis(operation: string, axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || index < 0 || index >= rank) {
    throw new ShapeError(`${operation}: axis ${axis} is out of range for rank ${rank}; use ${-rank} to ${rank - 1}`);
  }
  return index;
}

/** Sorted distinct axes; `undefined` means all of them. @throws {ShapeError} on a repeated or out-of-range axis. */
export function normalizeAxes(operation: string, axes: number | Shape | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = typeof axes === 'number' ? [axes] : axes;
  const result = list.map((axis) => normalizeAxis(operation, axis, rank)).sort((a, b) => a - b);
  if (new Set(result).size !== result.length) {
    throw new ShapeError(`${operation}: axes ${formatShape(list)} name one axis twice`);
  }
  return result;
}

/** The common shape under NumPy broadcasting. @throws {ShapeError} if two extents differ and neither is 1. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${operation}: ${formatShape(a)} and ${formatShape(b)} do not broadcast; extents ${x} and ${y} differ and neither is 1`,
      );
    }
    result[rank - i] = x === 1 ? y : x;
  }
  return result;
}
