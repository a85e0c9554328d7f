import type { Params, Tensor } from '../../../src/ir/index.js';
import { awayFromZero, type Draw, fixed, uniform, whole } from '../../support/tensors.js';
import { FLOATS, repeated, type Sample, SIZES, type Source, source, turned } from '../sample.js';
import type { Family, Slope } from './family.js';
import { SPECIAL, type Tail, tails } from './tails.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

interface UnaryOptions {
  /** Where to differentiate: inside the domain, away from kinks. */
  readonly smooth: Draw;
  /** Where the bound on the error is claimed. */
  readonly sweep: Draw;
  readonly special?: readonly number[];
  readonly slope: Slope | 'zero';
  /** Where differences tell nothing, with the derivatives. */
  readonly tail?: Tail;
}

const within = (first: number, second: number): Slope => ({ first, second });

function unary(fn: (x: number) => number, options: UnaryOptions): Family<Params> {
  const { smooth, sweep, special = SPECIAL, slope, tail } = options;
  const expected = ([x]: readonly Tensor[]): number[] => Array.from(x!.data(), fn);
  const values = (name: string, input: Source): Sample => ({
    name,
    params: {},
    inputs: [input],
    dtypes: FLOATS,
    expected,
  });
  const differentiable = (name: string, input: Source): Sample =>
    slope === 'zero' ? values(name, input) : { ...values(name, input), differentiable: [0] };
  return {
    domain: FLOATS,
    accuracy: 'ulps',
    slope,
    samples: [
      differentiable('smooth', source([13], smooth)),
      differentiable('scalar', source([], smooth)),
      differentiable('images', source([2, 2, 3, 2], smooth)),
      differentiable('a row repeated', repeated([5], [3, 5], smooth)),
      differentiable('a number repeated', repeated([], [7], smooth)),
      differentiable('turned', turned([3, 5], smooth)),
      ...SIZES.map((n) => differentiable(`${n} elements`, source([n], smooth))),
      values('sweep', source([1999], sweep)),
      values('special', source([special.length], fixed(...special))),
      ...(tail ? [{ ...values('tails', source([tail.at.length], fixed(...tail.at))), jet: tail.jet }] : []),
    ],
  };
}

/** Positive numbers, their logarithms uniform. */
const logUniform =
  (low: number, high: number): Draw =>
  (random, count) =>
    uniform(Math.log(low), Math.log(high))(random, count).map(Math.exp);

/** Both signs, magnitudes log-uniform. */
const bothSigns =
  (low: number, high: number): Draw =>
  (random, count) =>
    logUniform(low, high)(random, count).map((x, i) => (i % 2 === 0 ? x : -x));

/** Between whole numbers, never near one. */
const betweenIntegers: Draw = (random, count) =>
  whole(-4, 4)(random, count).map((k) => k + 0.2 + 0.6 * random.uniform());

const anywhere = uniform(-2, 2);
const positive = uniform(0.3, 3);

export const abs = unary((x) => (x < 0 ? -x : x), {
  smooth: awayFromZero(0.2, 3),
  sweep: bothSigns(1e-30, 1e30),
  slope: within(0, 0),
  tail: tails.abs,
});
export const sign = unary((x) => (x > 0 ? 1 : x < 0 ? -1 : x), {
  smooth: awayFromZero(0.2, 3),
  sweep: bothSigns(1e-30, 1e30),
  slope: 'zero',
});
export const floor = unary(Math.floor, {
  smooth: betweenIntegers,
  sweep: betweenIntegers,
  slope: 'zero',
  special: [0, -0, 1, -1, -0.5, 0.5, 2 ** 23 + 1, -(2 ** 24), 1e30, -1e30, nan, inf, -inf],
});
export const exp = unary(Math.exp, { smooth: anywhere, sweep: uniform(-87, 88), slope: within(4, 8), tail: tails.exp });
export const expm1 = unary(Math.expm1, {
  smooth: anywhere,
  sweep: (random, count) => [
    ...bothSigns(1e-20, 80)(random, Math.floor(count / 2)),
    ...uniform(-80, 80)(random, Math.ceil(count / 2)),
  ],
  slope: within(4, 8),
  tail: tails.expm1,
});
export const log = unary(Math.log, {
  smooth: positive,
  sweep: logUniform(1e-37, 1e37),
  slope: within(2, 6),
  tail: tails.log,
});
export const log1p = unary(Math.log1p, {
  smooth: anywhereAboveMinusOne(),
  sweep: (random, count) => [
    ...logUniform(1e-20, 1e30)(random, Math.floor(count / 2)),
    ...uniform(-0.99, 0.5)(random, Math.ceil(count / 2)),
  ],
  slope: within(3, 8),
  tail: tails.log1p,
});
export const sqrt = unary(Math.sqrt, {
  smooth: positive,
  sweep: logUniform(1e-37, 1e37),
  slope: within(3, 8),
  tail: tails.sqrt,
});
export const rsqrt = unary((x) => 1 / Math.sqrt(x), {
  smooth: positive,
  sweep: logUniform(1e-37, 1e37),
  special: [0, 1, -1, 1e-30, 1e30, nan, inf, -inf],
  slope: within(5, 12),
  tail: tails.rsqrt,
});
export const tanh = unary(Math.tanh, {
  smooth: anywhere,
  sweep: bothSigns(1e-20, 30),
  slope: within(12, 32),
  tail: tails.tanh,
});
export const sigmoid = unary((x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))), {
  smooth: anywhere,
  sweep: uniform(-85, 85),
  slope: within(10, 24),
  tail: tails.sigmoid,
});
export const softplus = unary((x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))), {
  smooth: anywhere,
  sweep: uniform(-85, 85),
  slope: within(6, 12),
  tail: tails.softplus,
});
export const sin = unary(Math.sin, {
  smooth: anywhere,
  sweep: uniform(-100, 100),
  special: SPECIAL.filter(isModest),
  slope: within(6, 10),
  tail: tails.sin,
});
export const cos = unary(Math.cos, {
  smooth: anywhere,
  sweep: uniform(-100, 100),
  special: SPECIAL.filter(isModest),
  slope: within(6, 10),
  tail: tails.cos,
});

/** An angle that needs no more than a few digits of π, or is none at all. */
function isModest(x: number): boolean {
  return Math.abs(x) <= 1e4 || !Number.isFinite(x);
}

function anywhereAboveMinusOne(): Draw {
  return uniform(-0.6, 2);
}
