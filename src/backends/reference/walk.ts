import { type Shape, sizeOf } from '../../ir/index.js';

/** Where to begin in an array and how far apart its elements are along each axis; a stride may be 0 or negative. */
export interface Layout {
  readonly offset: number;
  readonly strides: readonly number[];
}

/**
 * Walks two arrays over one index space in row-major order. `visit` gets the offset in each at the start of every run along the last
 * axis, the number of elements in the run, and the two steps between them.
 */
export function walkRuns(
  shape: Shape,
  a: Layout,
  b: Layout,
  visit: (offsetA: number, offsetB: number, count: number, stepA: number, stepB: number) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const last = shape.length - 1;
  const count = shape[last] ?? 1;
  const stepA = a.strides[last] ?? 0;
  const stepB = b.strides[last] ?? 0;
  const index = new Array<number>(shape.length).fill(0);
  let offsetA = a.offset;
  let offsetB = b.offset;
  for (;;) {
    visit(offsetA, offsetB, count, stepA, stepB);
    let axis = last - 1;
    // Counts like an odometer: an axis that is full goes back to its start and the next one outward moves on.
    for (; axis >= 0; axis--) {
      index[axis]!++;
      offsetA += a.strides[axis]!;
      offsetB += b.strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      offsetA -= shape[axis]! * a.strides[axis]!;
      offsetB -= shape[axis]! * b.strides[axis]!;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}
