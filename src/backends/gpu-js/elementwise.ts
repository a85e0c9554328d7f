import { type Role, roles } from '../../compile/tape.js';
import { type DType, isFloat } from '../../ir/index.js';
import type { PrimitiveName } from '../../ops/index.js';
import type { Limits } from './launch.js';

/** Primitives that are a function of one element. */
export type ElementwiseName =
  | ('add' | 'sub' | 'mul' | 'div' | 'neg' | 'maximum' | 'minimum' | 'pow')
  | ('equal' | 'less' | 'lessEqual' | 'and' | 'or' | 'not' | 'select')
  | ('abs' | 'sign' | 'floor' | 'exp' | 'expm1' | 'log' | 'log1p' | 'sqrt' | 'rsqrt')
  | ('tanh' | 'sigmoid' | 'softplus' | 'sin' | 'cos' | 'stopGradient' | 'convert');

interface Context {
  readonly limits: Limits;
  /** The result's. */
  readonly dtype: DType;
}

/** An expression of one element from the names of its operands. */
type Write = (context: Context, x: string, y: string, z: string) => string;

/** A function that kernels either have or bring along (functions.ts). */
const named =
  (name: string, exact: (x: string, y: string) => string = (x) => `Math.${name}(${x})`): Write =>
  ({ limits }, x, y) =>
    limits.exactMath ? exact(x, y) : `${name}Of(${[x, y].filter(Boolean).join(', ')})`;

const truth = (condition: string): string => `((${condition}) ? 1 : 0)`;

/** Numbers stand for everything: bool is 0 or 1, whole numbers are floats without a fraction. */
const expressions: { readonly [N in ElementwiseName]: Write } = {
  add: (_, x, y) => `${x} + ${y}`,
  sub: (_, x, y) => `${x} - ${y}`,
  mul: (_, x, y) => `${x} * ${y}`,
  div: (_, x, y) => `${x} / ${y}`,
  neg: (_, x) => `-${x}`,
  // A NaN is unequal to itself, and on either side it is the result.
  maximum: (_, x, y) => `((${x} > ${y} || ${x} != ${x}) ? ${x} : ${y})`,
  minimum: (_, x, y) => `((${x} < ${y} || ${x} != ${x}) ? ${x} : ${y})`,
  pow: named('pow', (x, y) => `Math.pow(${x}, ${y})`),
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
  exp: named('exp'),
  expm1: named('expm1'),
  log: named('log'),
  log1p: named('log1p'),
  sqrt: (_, x) => `Math.sqrt(${x})`,
  rsqrt: (_, x) => `1 / Math.sqrt(${x})`,
  tanh: named('tanh'),
  sigmoid: named('sigmoid', (x) => `1 / (1 + Math.exp(-${x}))`),
  softplus: named('softplus', (x) => `(((${x} > 0) ? ${x} : 0) + Math.log1p(Math.exp(-Math.abs(${x}))))`),
  sin: named('sin'),
  cos: named('cos'),
  stopGradient: (_, x) => x,
  convert: ({ dtype }, x) => (dtype === 'bool' ? truth(`${x} != 0`) : isFloat(dtype) ? x : `Math.trunc(${x})`),
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

export function expressionOf(code: number, context: Context, operands: readonly string[]): string {
  const write = expressions[steps.get(code) as ElementwiseName];
  return write(context, operands[0] ?? '', operands[1] ?? '', operands[2] ?? '');
}
