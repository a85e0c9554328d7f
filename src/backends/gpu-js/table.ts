import type { Kernel } from '../../compile/instructions.js';
import { BackendError } from '../../ir/index.js';
import type { ParamsOf, PrimitiveName } from '../../ops/index.js';
import { conv2d, conv2dFilterGrad, conv2dInputGrad } from './conv.js';
import { dot } from './dot.js';
import type { ElementwiseName } from './elementwise.js';
import { addRows, argmax, takeRows } from './gather.js';
import type { Launch, Limits } from './launch.js';
import type { Lower } from './lower.js';
import { concatenate, iota, pad, reverse, slice, transpose } from './movement.js';
import { planePut, planeTake, windowArgmax, windowSpread, windowSum } from './window.js';

/** Groups run these; every other primitive must have a kernel of its own below. */
type FusedName = ElementwiseName | 'sum' | 'max' | 'broadcast' | 'reshape';

const kernels: { readonly [N in Exclude<PrimitiveName, FusedName>]: Lower<ParamsOf<N>> } = {
  transpose,
  slice,
  pad,
  concatenate,
  reverse,
  iota,
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

const byName: { readonly [name: string]: Lower | undefined } = kernels;

/** The launches of an instruction that is no group. @throws {BackendError} if its primitive is not one of the language's. */
export function lower({ equation, inputs, output }: Kernel, limits: Limits): Launch[] {
  const { primitive, params } = equation;
  const kernel = byName[primitive.name];
  if (!kernel)
    throw new BackendError(`gpu.js: there is no kernel for ${primitive.name}; add one to src/backends/gpu-js`);
  // The shape of an operand is the equation's: the array may have been made under another one.
  const operands = inputs.map((place, i) => ({ place, shape: equation.inputs[i]!.aval.shape }));
  return kernel(operands, params, { place: output, shape: output.aval.shape }, limits);
}
