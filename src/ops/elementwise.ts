import { type DType, isFloat, type Primitive, type Value } from '../ir/index.js';
import { add, div, mul, neg, sub } from './arithmetic.js';
import { apply, batchAll, sumOf } from './calculus.js';
import { equal, greater, lessEqual, logicalAnd, select } from './compare.js';
import { binary, constant, unary } from './define.js';
import { type Operand, pair } from './movement.js';

/** Derivative at 0 is 0. */
export const absPrimitive: Primitive = unary('abs', { evaluate: Math.abs, ulps: 0, jvp: (t, x) => mul(t, sign(x)) });

/** −1, 0 or 1; NaN stays NaN. */
export const signPrimitive: Primitive = unary('sign', { evaluate: Math.sign, ulps: 0 });

/** The largest whole number not above x. */
export const floorPrimitive: Primitive = unary('floor', { evaluate: Math.floor, ulps: 0 });

export const expPrimitive: Primitive = unary('exp', { evaluate: Math.exp, jvp: (t, _, y) => mul(t, y) });

/** eˣ − 1 without cancellation near 0. */
export const expm1Primitive: Primitive = unary('expm1', {
  evaluate: Math.expm1,
  ulps: 4,
  jvp: (t, x) => mul(t, exp(x)),
});

/** Natural logarithm; −∞ at 0, NaN below. */
export const logPrimitive: Primitive = unary('log', { evaluate: Math.log, jvp: (t, x) => div(t, x) });

/** log(1 + x) without cancellation near 0. */
export const log1pPrimitive: Primitive = unary('log1p', {
  evaluate: Math.log1p,
  ulps: 4,
  jvp: (t, x) => div(t, add(x, 1)),
});

export const sqrtPrimitive: Primitive = unary('sqrt', {
  evaluate: Math.sqrt,
  ulps: 1,
  jvp: (t, _, y) => div(mul(t, 0.5), y),
});

/** 1/√x. */
export const rsqrtPrimitive: Primitive = unary('rsqrt', {
  evaluate: (x) => 1 / Math.sqrt(x),
  jvp: (t, x, y) => mul(t, div(mul(y, -0.5), x)),
});

/** The derivative is written 4·σ(2x)·σ(−2x): 1 − tanh² loses 11 % near |x| = 8 in f32. */
export const tanhPrimitive: Primitive = unary('tanh', {
  evaluate: Math.tanh,
  ulps: 4,
  jvp: (t, x) => mul(t, mul(mul(sigmoid(mul(x, 2)), sigmoid(mul(x, -2))), 4)),
});

/** 1/(1 + e⁻ˣ), right in both tails; the derivative σ(x)·σ(−x) is too. */
export const sigmoidPrimitive: Primitive = unary('sigmoid', {
  evaluate: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  ulps: 4,
  jvp: (t, x, y) => mul(t, mul(y, sigmoid(neg(x)))),
});

/** log(1 + eˣ), without overflow for large x and without loss for very negative x. */
export const softplusPrimitive: Primitive = unary('softplus', {
  evaluate: (x) => (Number.isNaN(x) ? x : Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
  ulps: 4,
  jvp: (t, x) => mul(t, sigmoid(x)),
});

export const sinPrimitive: Primitive = unary('sin', { evaluate: Math.sin, ulps: 4, jvp: (t, x) => mul(t, cos(x)) });
export const cosPrimitive: Primitive = unary('cos', {
  evaluate: Math.cos,
  ulps: 4,
  jvp: (t, x) => neg(mul(t, sin(x))),
});

/** x^y for x ≥ 0, or any x with a whole y; NaN elsewhere. */
export const powPrimitive: Primitive = binary('pow', {
  evaluate: (x, y) => x ** y,
  ulps: 16,
  jvp: ({ x, y, z, dx, dy }) =>
    sumOf([
      // 0⁰ is constant in x, where 0 · 0^(−1) would be NaN; no order of derivative may meet that, so the exponent itself steps aside.
      dx && mul(dx, mul(y, pow(x, select(logicalAnd(equal(x, 0), equal(y, 0)), 1, sub(y, 1))))),
      // At x = 0 the power is 0 for every y > 0: its derivative in y is 0, not 0 · log 0.
      dy && mul(dy, select(greater(x, 0), mul(z, log(select(greater(x, 0), x, 1))), 0)),
    ]),
});

/** The same value, treated as a constant by every derivative. */
export const stopGradientPrimitive: Primitive = constant('stopGradient', {
  category: 'elementwise',
  transparent: true,
  evaluate: (x) => x!,
  infer: ([x]) => x!,
});

export type ConvertParams = { readonly dtype: string };

/** Changes the dtype: to i32 and u8 towards zero (out of range it wraps, NaN and ∞ give 0), to bool by `≠ 0`. Linear between floats, constant otherwise. */
export const convertPrimitive: Primitive<ConvertParams> = {
  name: 'convert',
  category: 'elementwise',
  evaluate: (x) => x!,
  infer: ([x], { dtype }) => [{ shape: x!.shape, dtype: dtype as DType }],
  jvp: ({ tangents: [t], params: { dtype } }) => [isFloat(dtype as DType) ? convert(t!, dtype as DType) : null],
  transpose: ({ cotangents: [ct], avals: [x] }) => [convert(ct!, x!.dtype)],
  batch: (context) => batchAll(convertPrimitive, context, context.params),
};

const unaryFunction =
  (primitive: Primitive) =>
  (x: Value): Value =>
    apply(primitive, [x], {});

export const abs = unaryFunction(absPrimitive);
export const sign = unaryFunction(signPrimitive);
export const floor = unaryFunction(floorPrimitive);
export const exp = unaryFunction(expPrimitive);
export const expm1 = unaryFunction(expm1Primitive);
export const log = unaryFunction(logPrimitive);
export const log1p = unaryFunction(log1pPrimitive);
export const sqrt = unaryFunction(sqrtPrimitive);
export const rsqrt = unaryFunction(rsqrtPrimitive);
export const tanh = unaryFunction(tanhPrimitive);
export const sigmoid = unaryFunction(sigmoidPrimitive);
export const softplus = unaryFunction(softplusPrimitive);
export const sin = unaryFunction(sinPrimitive);
export const cos = unaryFunction(cosPrimitive);
export const stopGradient = unaryFunction(stopGradientPrimitive);
export const pow = (x: Operand, y: Operand): Value => apply(powPrimitive, pair('pow', x, y), {});
export const square = (x: Value): Value => mul(x, x);

/** max(x, 0) with derivative 0 at 0; NaN stays NaN. One bool is kept for the derivative, not a float. */
export const relu = (x: Value): Value => select(lessEqual(x, 0), 0, x);

/** `x` in another dtype; the value itself if it has it already. */
export const convert = (x: Value, dtype: DType): Value =>
  x.dtype === dtype ? x : apply(convertPrimitive, [x], { dtype });
