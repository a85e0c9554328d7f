import { scalar, type Value } from '../../src/ir/index.js';
import { sumOf } from '../../src/ops/calculus.js';
import {
  add,
  convert,
  cos,
  div,
  equal,
  exp,
  greater,
  greaterEqual,
  log,
  logicalNot,
  maximum,
  mul,
  neg,
  pow,
  select,
  sigmoid,
  sin,
  stopGradient,
  sub,
} from '../../src/ops/index.js';
import { type Mutant, mutant, slope } from './mutant.js';

const bits = (predicate: Value, like: Value): Value => convert(predicate, like.dtype);

/** Faults in the rules of functions that work element by element. */
export const elementwise: readonly Mutant[] = [
  slope('exp', 'the factor is missing', (t) => t),
  slope('exp', 'only the second derivative is wrong', (t, _, y) => mul(t, stopGradient(y))),
  slope('exp', 'the tangent is lost', () => null),
  slope('expm1', 'takes the result for eˣ', (t, _, y) => mul(t, y)),
  slope('log', 'divides by the result', (t, _, y) => div(t, y)),
  slope('log1p', 'forgets the 1', (t, x) => div(t, x)),
  slope('sqrt', 'the ½ is missing', (t, _, y) => div(t, y)),
  slope('rsqrt', 'wrong sign', (t, x, y) => mul(t, div(mul(y, 0.5), x))),
  slope('tanh', 'loses digits in the tails: 1 − tanh²', (t, _, y) => mul(t, sub(1, mul(y, y)))),
  slope('tanh', 'only the second derivative is wrong', (t, x) =>
    mul(t, stopGradient(mul(mul(sigmoid(mul(x, 2)), sigmoid(mul(x, -2))), 4))),
  ),
  slope('sigmoid', 'loses digits in the upper tail: y·(1 − y)', (t, _, y) => mul(t, mul(y, sub(1, y)))),
  slope('sigmoid', 'a residual of the wrong sign', (t, x, y) => mul(t, mul(y, sigmoid(x)))),
  slope('softplus', 'loses digits in the lower tail: 1 − σ(−x)', (t, x) => mul(t, sub(1, sigmoid(neg(x))))),
  slope('softplus', 'only the second derivative is wrong', (t, x) => mul(t, stopGradient(sigmoid(x)))),
  slope('sin', 'wrong sign', (t, x) => neg(mul(t, cos(x)))),
  slope('cos', 'the sign is lost', (t, x) => mul(t, sin(x))),
  slope('abs', 'derivative 1 at 0', (t, x) => select(greaterEqual(x, 0), t, neg(t))),
  slope('sign', 'hands the tangent on', (t) => t),
  slope('floor', 'hands the tangent on', (t) => t),
  slope('stopGradient', 'hands the tangent on', (t) => t),
  mutant('add', 'the second tangent is dropped', () => ({ jvp: ({ tangents: [dx, dy] }) => [dx ?? dy!] })),
  mutant('add', 'the adjoint reaches one input only', (right) => ({
    transpose: (context) =>
      right.transpose(context).map((ct, i) => (i === 1 && context.inputs[0] === null ? null : ct)),
  })),
  mutant('sub', 'the sign of the second tangent is lost', () => ({ jvp: ({ tangents }) => [sumOf(tangents)] })),
  mutant('sub', 'the sign of the second adjoint is lost', () => ({
    transpose: ({ cotangents: [ct], inputs }) => inputs.map((input) => (input === null ? ct! : null)),
  })),
  mutant('neg', 'the sign of the adjoint is lost', () => ({ transpose: ({ cotangents: [ct] }) => [ct!] })),
  mutant('mul', 'a term of the product rule is dropped', () => ({
    jvp: ({ primals: [x, y], tangents: [dx, dy] }) => [dx ? mul(dx, y!) : mul(x!, dy!)],
  })),
  mutant('mul', 'the factor of the adjoint is missing', () => ({
    transpose: ({ cotangents: [ct], inputs }) => inputs.map((input) => (input === null ? ct! : null)),
  })),
  mutant('mul', 'only the second derivative is wrong', (right) => ({
    jvp: (context) => right.jvp({ ...context, primals: context.primals.map(stopGradient) }),
  })),
  mutant('div', 'the term of the denominator is dropped', () => ({
    jvp: ({ primals: [, y], tangents: [dx, dy] }) => [dx ? div(dx, y!) : mul(dy!, 0)],
  })),
  mutant('div', 'the numerator stands for the quotient', () => ({
    jvp: ({ primals: [x, y], tangents: [dx, dy] }) => [sumOf([dx && div(dx, y!), dy && neg(div(mul(x!, dy), y!))])],
  })),
  mutant('div', 'the sign of the denominator’s term is lost', () => ({
    jvp: ({ primals: [, y], tangents: [dx, dy], outputs: [z] }) => [
      sumOf([dx && div(dx, y!), dy && div(mul(z!, dy), y!)]),
    ],
  })),
  mutant('div', 'the adjoint multiplies', () => ({
    transpose: ({ cotangents: [ct], inputs: [, y] }) => [mul(ct!, y!), null],
  })),
  mutant('maximum', 'a tie gives the whole tangent to each side', () => ({
    jvp: ({ primals: [x, y], tangents: [dx, dy] }) => [
      sumOf([dx && mul(dx, bits(greaterEqual(x!, y!), dx)), dy && mul(dy, bits(greaterEqual(y!, x!), dy))]),
    ],
  })),
  mutant('maximum', 'a tie gives everything to the first', () => ({
    jvp: ({ primals: [x, y], tangents: [dx, dy] }) => [
      sumOf([dx && mul(dx, bits(greaterEqual(x!, y!), dx)), dy && mul(dy, bits(greater(y!, x!), dy))]),
    ],
  })),
  mutant('minimum', 'follows the larger one', () => ({
    jvp: ({ primals: [x, y], tangents: [dx, dy] }) => [
      sumOf([
        dx && mul(dx, bits(equal(x!, maximum(x!, y!)), dx)),
        dy && mul(dy, bits(logicalNot(equal(x!, maximum(x!, y!))), dy)),
      ]),
    ],
  })),
  mutant('pow', 'the factor y is missing', () => ({
    jvp: ({ primals: [x, y], tangents: [dx], outputs: [z] }) => [dx ? mul(dx, pow(x!, sub(y!, 1))) : mul(z!, 0)],
  })),
  mutant('pow', 'the exponent is not lowered', (right) => ({
    jvp: (context) => {
      const { primals, tangents, outputs } = context;
      const [dx, dy] = tangents;
      return [
        sumOf([
          dx ? mul(dx, mul(primals[1]!, outputs[0]!)) : null,
          dy ? right.jvp({ ...context, tangents: [null, dy] })[0]! : null,
        ]),
      ];
    },
  })),
  mutant('pow', 'no guard where the base is 0', (right) => ({
    jvp: (context) => {
      const { primals, tangents, outputs } = context;
      const [dx, dy] = tangents;
      return [
        sumOf([
          dx ? right.jvp({ ...context, tangents: [dx, null] })[0]! : null,
          dy ? mul(dy, mul(outputs[0]!, log(primals[0]!))) : null,
        ]),
      ];
    },
  })),
  mutant('pow', 'no guard where the exponent is 0', (right) => ({
    jvp: (context) => {
      const [x, y] = context.primals;
      const [dx, dy] = context.tangents;
      return [
        sumOf([
          dx ? mul(dx, mul(y!, pow(x!, sub(y!, 1)))) : null,
          dy ? right.jvp({ ...context, tangents: [null, dy] })[0]! : null,
        ]),
      ];
    },
  })),
  mutant('select', 'a product in its tangent: NaN leaks from the branch not taken', () => ({
    jvp: ({ primals: [p], tangents: [, dx, dy] }) => [
      sumOf([dx && mul(dx, bits(p!, dx)), dy && mul(dy, bits(logicalNot(p!), dy))]),
    ],
  })),
  mutant('select', 'a product in its adjoint: NaN leaks into the branch not taken', () => ({
    transpose: ({ cotangents: [ct], inputs: [p, x, y] }) => [
      null,
      x ? null : mul(ct!, bits(p!, ct!)),
      y ? null : mul(ct!, bits(logicalNot(p!), ct!)),
    ],
  })),
  mutant('select', 'the branches are swapped in the adjoint', () => ({
    transpose: ({ cotangents: [ct], inputs: [p, x, y] }) => {
      const zero = scalar(0, ct!.dtype);
      return [null, x ? null : select(p!, zero, ct!), y ? null : select(p!, ct!, zero)];
    },
  })),
  mutant('convert', 'is taken for a constant', () => ({ jvp: () => [null] })),
  mutant('convert', 'the tangent passes through f32', (right) => ({
    jvp: (context) => right.jvp(context).map((t) => t && convert(mul(convert(t, 'f32'), 1 / 3), t.dtype)),
  })),
  // The value is right and so is the first derivative; what is kept for the second is not.
  slope('log', 'the residual is of another point', (t, x) => div(t, add(stopGradient(sub(x, exp(x))), exp(x)))),
];
