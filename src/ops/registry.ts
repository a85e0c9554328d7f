import type { Params, Primitive } from '../ir/index.js';
import * as arithmetic from './arithmetic.js';
import * as calculus from './calculus.js';
import * as compare from './compare.js';
import * as conv from './conv.js';
import * as dot from './dot.js';
import * as elementwise from './elementwise.js';
import * as gather from './gather.js';
import * as movement from './movement.js';
import * as reduce from './reduce.js';
import * as window from './window.js';

/** Every primitive of the language under its name. Backends and tests are typed over this object, so that none can be forgotten. */
export const primitives = {
  add: calculus.addPrimitive,
  broadcast: calculus.broadcastPrimitive,
  sum: calculus.sumPrimitive,
  neg: arithmetic.negPrimitive,
  sub: arithmetic.subPrimitive,
  mul: arithmetic.mulPrimitive,
  div: arithmetic.divPrimitive,
  maximum: arithmetic.maximumPrimitive,
  minimum: arithmetic.minimumPrimitive,
  equal: compare.equalPrimitive,
  less: compare.lessPrimitive,
  lessEqual: compare.lessEqualPrimitive,
  and: compare.andPrimitive,
  or: compare.orPrimitive,
  not: compare.notPrimitive,
  select: compare.selectPrimitive,
  abs: elementwise.absPrimitive,
  sign: elementwise.signPrimitive,
  floor: elementwise.floorPrimitive,
  exp: elementwise.expPrimitive,
  expm1: elementwise.expm1Primitive,
  log: elementwise.logPrimitive,
  log1p: elementwise.log1pPrimitive,
  sqrt: elementwise.sqrtPrimitive,
  rsqrt: elementwise.rsqrtPrimitive,
  tanh: elementwise.tanhPrimitive,
  sigmoid: elementwise.sigmoidPrimitive,
  softplus: elementwise.softplusPrimitive,
  sin: elementwise.sinPrimitive,
  cos: elementwise.cosPrimitive,
  pow: elementwise.powPrimitive,
  stopGradient: elementwise.stopGradientPrimitive,
  convert: elementwise.convertPrimitive,
  reshape: movement.reshapePrimitive,
  transpose: movement.transposePrimitive,
  slice: movement.slicePrimitive,
  pad: movement.padPrimitive,
  concatenate: movement.concatenatePrimitive,
  reverse: movement.reversePrimitive,
  iota: movement.iotaPrimitive,
  max: reduce.maxPrimitive,
  argmax: reduce.argmaxPrimitive,
  dot: dot.dotPrimitive,
  conv2d: conv.convPrimitive,
  conv2dInputGrad: conv.convInputGradPrimitive,
  conv2dFilterGrad: conv.convFilterGradPrimitive,
  windowArgmax: window.windowArgmaxPrimitive,
  planeTake: window.planeTakePrimitive,
  planePut: window.planePutPrimitive,
  windowSum: window.windowSumPrimitive,
  windowSpread: window.windowSpreadPrimitive,
  takeRows: gather.takeRowsPrimitive,
  addRows: gather.addRowsPrimitive,
} as const;

export type PrimitiveName = keyof typeof primitives;

/** The params of the primitive of that name. */
export type ParamsOf<N extends PrimitiveName> =
  (typeof primitives)[N] extends Primitive<infer P extends Params> ? P : never;
