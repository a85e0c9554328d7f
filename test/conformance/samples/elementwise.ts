import type { DType, Params, Tensor } from '../../../src/ir/index.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { awayFromZero, type Draw, fixed, uniform, whole } from '../../support/tensors.js';
import { ANY, FLOATS, type Sample, SIZES, source } from '../sample.js';
import type { Family } from './family.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const SPECIAL = [0, -0, 1, -1, 1e-30, -1e-30, 1e-7, -1e-7, 20, -20, 100, -100, 1e4, -1e4, 1e30, -1e30, nan, inf, -inf];

interface UnaryOptions {
  /** Where to differentiate: inside the domain, away from kinks. */
  readonly smooth: Draw;
  /** Where the bound on the error is claimed. */
  readonly sweep: Draw;
  readonly special?: readonly number[];
}

function unary(fn: (x: number) => number, { smooth, sweep, special = SPECIAL }: UnaryOptions): Family<Params> {
  const expected = ([x]: readonly Tensor[]): number[] => Array.from(x!.data(), fn);
  const values = (name: string, n: number, draw: Draw): Sample => ({
    name,
    params: {},
    inputs: [source([n], draw)],
    dtypes: FLOATS,
    expected,
  });
  return {
    domain: FLOATS,
    accuracy: 'ulps',
    samples: [
      { ...values('smooth', 13, smooth), differentiable: [0] },
      values('sweep', 1999, sweep),
      values('special', special.length, fixed(...special)),
      ...SIZES.map((n) => values(`${n} elements`, n, smooth)),
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

export const abs = unary((x) => (x < 0 ? -x : x), { smooth: awayFromZero(0.2, 3), sweep: bothSigns(1e-30, 1e30) });
export const sign = unary((x) => (x > 0 ? 1 : x < 0 ? -1 : x), {
  smooth: awayFromZero(0.2, 3),
  sweep: bothSigns(1e-30, 1e30),
});
export const floor = unary(Math.floor, {
  smooth: betweenIntegers,
  sweep: betweenIntegers,
  special: [0, -0, 1, -1, -0.5, 0.5, 2 ** 23 + 1, -(2 ** 24), 1e30, -1e30, nan, inf, -inf],
});
export const exp = unary(Math.exp, { smooth: anywhere, sweep: uniform(-87, 88) });
export const expm1 = unary(Math.expm1, {
  smooth: anywhere,
  sweep: (random, count) => [
    ...bothSigns(1e-20, 80)(random, Math.floor(count / 2)),
    ...uniform(-80, 80)(random, Math.ceil(count / 2)),
  ],
});
export const log = unary(Math.log, { smooth: positive, sweep: logUniform(1e-37, 1e37) });
export const log1p = unary(Math.log1p, {
  smooth: anywhereAboveMinusOne(),
  sweep: (random, count) => [
    ...logUniform(1e-20, 1e30)(random, Math.floor(count / 2)),
    ...uniform(-0.99, 0.5)(random, Math.ceil(count / 2)),
  ],
});
export const sqrt = unary(Math.sqrt, { smooth: positive, sweep: logUniform(1e-37, 1e37) });
export const rsqrt = unary((x) => 1 / Math.sqrt(x), {
  smooth: positive,
  sweep: logUniform(1e-37, 1e37),
  special: [0, 1, -1, 1e-30, 1e30, nan, inf, -inf],
});
export const tanh = unary(Math.tanh, { smooth: anywhere, sweep: bothSigns(1e-20, 30) });
export const sigmoid = unary((x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))), {
  smooth: anywhere,
  sweep: uniform(-85, 85),
});
export const softplus = unary((x) => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))), {
  smooth: anywhere,
  sweep: uniform(-85, 85),
});
export const sin = unary(Math.sin, { smooth: anywhere, sweep: uniform(-100, 100), special: SPECIAL.filter(isModest) });
export const cos = unary(Math.cos, { smooth: anywhere, sweep: uniform(-100, 100), special: SPECIAL.filter(isModest) });

/** An angle that needs no more than a few digits of π, or is none at all. */
function isModest(x: number): boolean {
  return Math.abs(x) <= 1e4 || !Number.isFinite(x);
}

function anywhereAboveMinusOne(): Draw {
  return uniform(-0.6, 2);
}

const identity = ([x]: readonly Tensor[]): number[] => Array.from(x!.data());

export const stopGradient: Family<Params> = {
  domain: ANY,
  accuracy: 'exact',
  samples: [
    {
      name: 'special',
      params: {},
      inputs: [source([SPECIAL.length], fixed(...SPECIAL))],
      dtypes: FLOATS,
      expected: identity,
    },
    { name: 'small', params: {}, inputs: [source([2, 3], whole(0, 2))], dtypes: ANY, expected: identity },
  ],
};

const conversion = (
  from: DType,
  to: DType,
  cases: readonly (readonly [number, number])[],
): Sample<ParamsOf<'convert'>> => ({
  name: `${from} to ${to}`,
  params: { dtype: to },
  inputs: [source([cases.length], fixed(...cases.map(([x]) => x)))],
  dtypes: [from],
  expected: () => cases.map(([, y]) => y),
});

const TRUNCATED = [
  [0, 0],
  [-0, 0],
  [0.99, 0],
  [1, 1],
  [2.5, 2],
  [200.75, 200],
] as const;

const NEGATIVE = [
  [-0.99, 0],
  [-1, -1],
  [-2.5, -2],
  [-123456.75, -123456],
] as const;

const TRUTH = [
  [0, 0],
  [-0, 0],
  [0.25, 1],
  [-3, 1],
  [nan, 1],
  [-inf, 1],
] as const;

const WHOLE = [0, 1, 5, 127, 128, 255].map((x) => [x, x] as const);

export const convert: Family<ParamsOf<'convert'>> = {
  domain: ANY,
  accuracy: 'exact',
  samples: [
    {
      name: 'f64 to f64',
      params: { dtype: 'f64' },
      inputs: [source([2, 3], anywhere)],
      dtypes: ['f64'],
      differentiable: [0],
      expected: identity,
    },
    conversion('f64', 'f32', [
      [1 + 2 ** -24, 1],
      [1 + 3 * 2 ** -24, 1 + 2 ** -22],
      [1e300, inf],
      [-1e300, -inf],
      [1e-300, 0],
      [nan, nan],
    ]),
    conversion('f32', 'f64', [
      [0.5, 0.5],
      [-(2 ** 100), -(2 ** 100)],
      [nan, nan],
      [inf, inf],
    ]),
    ...FLOATS.flatMap((from) => [
      conversion(from, 'i32', [...TRUNCATED, ...NEGATIVE]),
      conversion(from, 'u8', TRUNCATED),
      conversion(from, 'bool', TRUTH),
    ]),
    conversion('i32', 'f32', [
      [2 ** 24 + 1, 2 ** 24],
      [2 ** 24 + 3, 2 ** 24 + 4],
      [-7, -7],
    ]),
    conversion('i32', 'f64', [
      [2 ** 31 - 1, 2 ** 31 - 1],
      [-(2 ** 31), -(2 ** 31)],
    ]),
    conversion('i32', 'u8', WHOLE),
    conversion('i32', 'bool', [
      [0, 0],
      [256, 1],
      [-1, 1],
    ]),
    ...(['f32', 'f64', 'i32'] as const).map((to) => conversion('u8', to, WHOLE)),
    conversion('u8', 'bool', [
      [0, 0],
      [128, 1],
    ]),
    ...(['f32', 'f64', 'i32', 'u8'] as const).map((to) =>
      conversion('bool', to, [
        [0, 0],
        [1, 1],
      ]),
    ),
    ...SIZES.map(
      (n): Sample<ParamsOf<'convert'>> => ({
        name: `${n} elements`,
        params: { dtype: 'f32' },
        inputs: [source([n], whole(0, 2))],
        dtypes: ['f64', 'i32', 'u8', 'bool'],
        expected: identity,
      }),
    ),
  ],
};
