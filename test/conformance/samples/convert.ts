import type { DType, Params, Tensor } from '../../../src/ir/index.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { fixed, uniform, whole } from '../../support/tensors.js';
import { pointwise } from '../jet.js';
import { ANY, FLOATS, repeated, type Sample, SIZES, type Source, source, turned } from '../sample.js';
import { type Family, MOVED } from './family.js';
import { SPECIAL } from './tails.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const anywhere = uniform(-2, 2);

const identity = ([x]: readonly Tensor[]): number[] => Array.from(x!.data());

const same = (name: string, input: Source, dtypes: readonly DType[] = ANY): Sample => ({
  name,
  params: {},
  inputs: [input],
  dtypes,
  expected: identity,
});

export const stopGradient: Family<Params> = {
  domain: ANY,
  accuracy: 'exact',
  slope: 'zero',
  samples: [
    same('special', source([SPECIAL.length], fixed(...SPECIAL)), FLOATS),
    same('scalar', source([], whole(0, 2))),
    same('images', source([2, 3, 2, 5], whole(0, 2))),
    same('a row repeated', repeated([5], [3, 5], whole(0, 2))),
    same('turned', turned([3, 5], whole(0, 2))),
    ...SIZES.map((n) => same(`${n} elements`, source([n], whole(0, 2)))),
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

const widening = (name: string, input: Source): Sample<ParamsOf<'convert'>> => ({
  name: `${name}, to f64`,
  params: { dtype: 'f64' },
  inputs: [input],
  dtypes: FLOATS,
  differentiable: [0],
  expected: identity,
});

/** To f32, which rounds: no differences there, but the derivative converts. */
const narrowing = (name: string, input: Source): Sample<ParamsOf<'convert'>> => ({
  name: `${name}, to f32`,
  params: { dtype: 'f32' },
  inputs: [input],
  dtypes: FLOATS,
  jet: pointwise([0], () => ({ first: [1] })),
  expected: identity,
});

export const convert: Family<ParamsOf<'convert'>> = {
  domain: ANY,
  accuracy: 'exact',
  slope: MOVED,
  samples: [
    widening('images', source([2, 2, 3, 2], anywhere)),
    widening('turned', turned([3, 5], anywhere)),
    widening('a number repeated', repeated([], [7], anywhere)),
    widening('a row repeated', repeated([5], [3, 5], anywhere)),
    ...[widening, narrowing].flatMap((of) => [
      of('scalar', source([], anywhere)),
      ...SIZES.map((n) => of(`${n} elements`, source([n], anywhere))),
    ]),
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
        name: `${n} bits`,
        params: { dtype: 'f32' },
        inputs: [source([n], whole(0, 2))],
        dtypes: ['i32', 'u8', 'bool'],
        expected: identity,
      }),
    ),
  ],
};
