import { type Role, roles } from '../../compile/tape.js';
import { type DType, isFloat } from '../../ir/index.js';
import type { PrimitiveName } from '../../ops/index.js';
import { type Body, isNotNumber } from './body.js';
import * as functions from './functions.js';

/** Primitives that are a function of one element. */
export type ElementwiseName =
  | ('add' | 'sub' | 'mul' | 'div' | 'neg' | 'maximum' | 'minimum' | 'pow')
  | ('equal' | 'less' | 'lessEqual' | 'and' | 'or' | 'not' | 'select')
  | ('abs' | 'sign' | 'floor' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'rsqrt')
  | ('tanh' | 'sigmoid' | 'softplus' | 'sin' | 'cos' | 'stopGradient' | 'convert');

/** An expression of one element from the names of its operands; what does not fit into one is written into the body before. */
type Write = (body: Body, x: string, y: string, z: string, dtype: DType) => string;

/** A function that is exact enough in some modes, and is brought along in the others. */
const brought =
  (own: (x: string, y: string) => string, inline: (body: Body, x: string, y: string) => string): Write =>
  (body, x, y) => {
    if (body.limits.exactMath) return own(x, y);
    // Under names, which a literal has not.
    return inline(body, body.set(x), y && body.set(y));
  };

const math =
  (name: string): ((x: string) => string) =>
  (x) =>
    `Math.${name}(${x})`;

const truth = (condition: string): string => `((${condition}) ? 1 : 0)`;

/** Numbers stand for everything: bool is 0 or 1, whole numbers are floats without a fraction. */
const expressions: { readonly [N in ElementwiseName]: Write } = {
  add: (_, x, y) => `${x} + ${y}`,
  sub: (_, x, y) => `${x} - ${y}`,
  mul: (_, x, y) => `${x} * ${y}`,
  div: (_, x, y) => `${x} / ${y}`,
  neg: (_, x) => `-${x}`,
  // A NaN is unequal to itself, and on either side it is the result.
  maximum: (_, x, y) => `((${x} > ${y} || ${isNotNumber(x)}) ? ${x} : ${y})`,
  minimum: (_, x, y) => `((${x} < ${y} || ${isNotNumber(x)}) ? ${x} : ${y})`,
  pow: brought((x, y) => `Math.pow(${x}, ${y})`, functions.pow),
  equal: (_, x, y) => truth(`${x} == ${y}`),
  less: (_, x, y) => truth(`${x} < ${y}`),
  lessEqual: (_, x, y) => truth(`${x} <= ${y}`),
  and: (_, x, y) => `${x} * ${y}`,
  or: (_, x, y) => `Math.max(${x}, ${y})`,
  not: (_, x) => `1 - ${x}`,
  select: (_, p, x, y) => `((${p} != 0) ? ${x} : ${y})`,
  abs: (_, x) => `Math.abs(${x})`,
  sign: (_, x) => `((${x} > 0) ? 1 : ((${x} < 0) ? -1 : ${x}))`,
  floor: (_, x) => `Math.floor(${x})`,
  exp: brought(math('exp'), functions.exp),
  expm1: brought(math('expm1'), functions.expm1),
  log: brought(math('log'), functions.log),
  log1p: brought(math('log1p'), functions.log1p),
  sqrt: (_, x) => `Math.sqrt(${x})`,
  rsqrt: (_, x) => `1 / Math.sqrt(${x})`,
  tanh: brought(math('tanh'), functions.tanh),
  sigmoid: brought((x) => `1 / (1 + Math.exp(-${x}))`, functions.sigmoid),
  softplus: brought((x) => `(((${x} > 0) ? ${x} : 0) + Math.log1p(Math.exp(-Math.abs(${x}))))`, functions.softplus),
  sin: brought(math('sin'), functions.sin),
  cos: brought(math('cos'), functions.cos),
  stopGradient: (_, x) => x,
  convert: (_, x, __, ___, dtype) =>
    dtype === 'bool' ? truth(`!(${x} == 0)`) : isFloat(dtype) ? x : `Math.trunc(${x})`,
};

/** Names of steps and folds by their codes, which is what a fused group holds. */
const namesOf = (as: 'step' | 'fold'): ReadonlyMap<number, string> =>
  new Map(
    (Object.entries(roles) as [PrimitiveName, Role][]).flatMap(([name, role]) =>
      role.as === as ? [[role.code, name] as const] : [],
    ),
  );

const steps = namesOf('step');
export const folds = namesOf('fold');

/** The step with this code: an expression of its result, whose dtype is given, from the names of its operands. */
export function expressionOf(code: number, body: Body, operands: readonly string[], dtype: DType): string {
  const write = expressions[steps.get(code) as ElementwiseName];
  return write(body, operands[0] ?? '', operands[1] ?? '', operands[2] ?? '', dtype);
}
