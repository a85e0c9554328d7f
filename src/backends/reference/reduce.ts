import { type Shape, stridesOf } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { accumulate, type Kernel, widen } from './kernel.js';
import { type Layout, walkRuns } from './walk.js';

/** Where each element of `shape` ends up when `axes` are folded away. */
function foldedLayout(shape: Shape, axes: Shape): Layout {
  const kept = stridesOf(shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)));
  return { offset: 0, strides: kept.map((stride, axis) => (axes.includes(axis) ? 0 : stride)) };
}

const packed = (shape: Shape): Layout => ({ offset: 0, strides: stridesOf(shape) });

export const sum: Kernel<ParamsOf<'sum'>> = ([x], { axes }, output) => {
  const source = widen(x!.data);
  accumulate(output, (total) => {
    walkRuns(x!.shape, packed(x!.shape), foldedLayout(x!.shape, axes), (from, to, count, _, step) => {
      for (let i = 0; i < count; i++) total[to + i * step]! += source[from + i]!;
    });
  });
};

/** Whether `candidate` displaces `best`: it is larger, or it is the first NaN. */
export const beats = (candidate: number, best: number): boolean =>
  candidate > best || (Number.isNaN(candidate) && !Number.isNaN(best));

export const max: Kernel<ParamsOf<'max'>> = ([x], { axes }, output) => {
  const source = widen(x!.data);
  accumulate(output, (best) => {
    best.fill(Number.NEGATIVE_INFINITY);
    walkRuns(x!.shape, packed(x!.shape), foldedLayout(x!.shape, axes), (from, to, count, _, step) => {
      for (let i = 0; i < count; i++) {
        if (beats(source[from + i]!, best[to + i * step]!)) best[to + i * step] = source[from + i]!;
      }
    });
  });
};

export const argmax: Kernel<ParamsOf<'argmax'>> = ([x], { axis }, { data }) => {
  const source = widen(x!.data);
  const extent = x!.shape[axis]!;
  const stride = stridesOf(x!.shape)[axis]!;
  for (let i = 0; i < data.length; i++) {
    const start = Math.floor(i / stride) * stride * extent + (i % stride);
    let first = 0;
    for (let k = 1; k < extent; k++) {
      if (beats(source[start + k * stride]!, source[start + first * stride]!)) first = k;
    }
    data[i] = first;
  }
};
