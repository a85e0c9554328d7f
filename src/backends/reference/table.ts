import { BackendError, type Primitive } from '../../ir/index.js';
import { type ParamsOf, type PrimitiveName, primitives } from '../../ops/index.js';
import { conv2d, conv2dFilterGrad, conv2dInputGrad } from './conv.js';
import { dot } from './dot.js';
import { elementwise } from './elementwise.js';
import { addRows, planePut, planeTake, takeRows } from './gather.js';
import type { Kernel } from './kernel.js';
import { broadcast, concatenate, iota, pad, reshape, reverse, slice, transpose } from './movement.js';
import { argmax, max, sum } from './reduce.js';
import { windowArgmax, windowSpread, windowSum } from './window.js';

/** Primitives that are a function of one element; every other one must have a kernel below. */
type ElementwiseName =
  | ('add' | 'sub' | 'mul' | 'div' | 'neg' | 'maximum' | 'minimum' | 'pow')
  | ('equal' | 'less' | 'lessEqual' | 'and' | 'or' | 'not' | 'select')
  | ('abs' | 'sign' | 'floor' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'rsqrt')
  | ('tanh' | 'sigmoid' | 'softplus' | 'sin' | 'cos' | 'stopGradient' | 'convert');

const kernels: { readonly [N in Exclude<PrimitiveName, ElementwiseName>]: Kernel<ParamsOf<N>> } = {
  broadcast,
  sum,
  reshape,
  transpose,
  slice,
  pad,
  concatenate,
  reverse,
  iota,
  max,
  argmax,
  dot,
  conv2d,
  conv2dInputGrad,
  conv2dFilterGrad,
  windowArgmax,
  planeTake,
  planePut,
  windowSum,
  windowSpread,
  takeRows,
  addRows,
};

const byName: { readonly [name: string]: Kernel | undefined } = kernels;

const known = new Map<Primitive, Kernel>(
  Object.entries<Primitive>(primitives).map(([name, primitive]) => [primitive, byName[name] ?? elementwise(primitive)]),
);

/** The kernel of a primitive. @throws {BackendError} if it is not one of the language's. */
export function kernelOf(primitive: Primitive): Kernel {
  const kernel = known.get(primitive);
  if (!kernel) {
    throw new BackendError(`typescript: there is no kernel for ${primitive.name}; add one to src/backends/reference`);
  }
  return kernel;
}
