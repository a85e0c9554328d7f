import { stridesOf, type TypedArray } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import type { Kernel } from './kernel.js';
import { type Layout, walkRuns } from './walk.js';

/** Every movement is one copy between two layouts. */
export function copy(source: TypedArray, from: Layout, target: TypedArray, to: Layout, shape: readonly number[]): void {
  walkRuns(shape, from, to, (a, b, count, stepA, stepB) => {
    for (let i = 0; i < count; i++) target[b + i * stepB] = source[a + i * stepA]!;
  });
}

const packed = (shape: readonly number[]): Layout => ({ offset: 0, strides: stridesOf(shape) });

export const broadcast: Kernel<ParamsOf<'broadcast'>> = ([x], { shape, axes }, output) => {
  const strides = shape.map(() => 0);
  stridesOf(x!.shape).forEach((stride, i) => {
    strides[axes[i]!] = stride;
  });
  copy(x!.data, { offset: 0, strides }, output.data, packed(shape), shape);
};

export const reshape: Kernel<ParamsOf<'reshape'>> = ([x], _, output) => {
  output.data.set(x!.data);
};

export const transpose: Kernel<ParamsOf<'transpose'>> = ([x], { permutation }, output) => {
  const strides = stridesOf(x!.shape);
  const from = { offset: 0, strides: permutation.map((axis) => strides[axis]!) };
  copy(x!.data, from, output.data, packed(output.shape), output.shape);
};

export const slice: Kernel<ParamsOf<'slice'>> = ([x], { start, stride }, output) => {
  copy(x!.data, window(x!.shape, start, stride), output.data, packed(output.shape), output.shape);
};

export const pad: Kernel<ParamsOf<'pad'>> = ([x], { low, interior }, output) => {
  const spacing = interior.map((gap) => gap + 1);
  copy(x!.data, packed(x!.shape), output.data, window(output.shape, low, spacing), x!.shape);
};

/** Every `spacing`th element of an array of `shape` from `start`. */
function window(shape: readonly number[], start: readonly number[], spacing: readonly number[]): Layout {
  const strides = stridesOf(shape);
  return {
    offset: strides.reduce((sum, stride, axis) => sum + stride * start[axis]!, 0),
    strides: strides.map((stride, axis) => stride * spacing[axis]!),
  };
}

export const concatenate: Kernel<ParamsOf<'concatenate'>> = (parts, { axis }, output) => {
  const strides = stridesOf(output.shape);
  let offset = 0;
  for (const { data, shape } of parts) {
    copy(data, packed(shape), output.data, { offset, strides }, shape);
    offset += shape[axis]! * strides[axis]!;
  }
};

export const reverse: Kernel<ParamsOf<'reverse'>> = ([x], { axes }, output) => {
  const strides = stridesOf(x!.shape);
  const from = {
    offset: axes.reduce((sum, axis) => sum + (x!.shape[axis]! - 1) * strides[axis]!, 0),
    strides: strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride)),
  };
  copy(x!.data, from, output.data, packed(x!.shape), x!.shape);
};

export const iota: Kernel<ParamsOf<'iota'>> = (_, { shape, axis }, { data }) => {
  const stride = stridesOf(shape)[axis]!;
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(i / stride) % shape[axis]!;
};
