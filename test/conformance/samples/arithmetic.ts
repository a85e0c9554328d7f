import type { Params, Tensor } from '../../../src/ir/index.js';
import { awayFromZero, type Draw, distinct, fixed, uniform } from '../../support/tensors.js';
import { pointwise } from '../jet.js';
import { FLOATS, NUMERIC, repeated, type Sample, SIZES, type Source, source, turned } from '../sample.js';
import { binary, I32, jet, SPECIAL, U8, wrap } from './binary.js';
import { type Family, MOVED } from './family.js';

const plain: readonly [Draw, Draw] = [uniform(-3, 3), uniform(-3, 3)];

/** Pairs of zeros of either sign, small, large, and infinite numbers. */
const ZEROS = [
  [0, -0],
  [-0, 0],
  [0, 1e-30],
  [-1e30, -0],
  [3, -2],
] as const;

export const add = binary(
  (x, y) => x + y,
  (x, y) => x + y,
  {
    smooth: plain,
    slope: { first: 1, second: 1, positive: true },
    edges: ZEROS,
    jet: jet(() => ({ first: [1, 1] })),
  },
);

export const sub = binary(
  (x, y) => x - y,
  (x, y) => x - y,
  { smooth: plain, slope: { first: 1, second: 1 }, edges: ZEROS, jet: jet(() => ({ first: [1, -1] })) },
);

export const mul = binary(
  (x, y) => x * y,
  (x, y) => x * y,
  {
    smooth: plain,
    slope: { first: 2, second: 2, positive: true },
    edges: ZEROS,
    jet: jet((x, y) => ({
      first: [y, x],
      second: [
        [0, 1],
        [1, 0],
      ],
    })),
  },
);

export const div = binary(
  (x, y) => x / y,
  (x, y) => (y === 0n ? 0n : x / y),
  {
    smooth: [uniform(-3, 3), awayFromZero(0.5, 2)],
    slope: { first: 6, second: 12 },
    edges: [
      [0, 2],
      [-0, -3],
      [3, 1e-6],
      [-5, -1e6],
      [1e9, 1e3],
    ],
    jet: jet((x, y) => {
      const [mixed, twice] = [-1 / y ** 2, (2 * x) / y ** 3];
      const [once, thrice] = [2 / y ** 3, (-6 * x) / y ** 4];
      return {
        first: [1 / y, -x / y ** 2],
        second: [
          [0, mixed],
          [mixed, twice],
        ],
        third: [
          [
            [0, 0],
            [0, once],
          ],
          [
            [0, once],
            [once, thrice],
          ],
        ],
      };
    }),
  },
);

const ascending = (x: bigint, y: bigint): number => Number(x - y);

/** Zeros of either sign tie. */
const TIES = [
  [1, 1],
  [-0, 0],
  [0, -0],
  [1e30, 1e30],
  [2, -1],
  [-1, 2],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [Number.NEGATIVE_INFINITY, 0],
] as const;

export const maximum = binary(
  (x, y) => (Number.isNaN(x) || x > y ? x : y),
  (x, y) => [x, y].toSorted(ascending)[1]!,
  {
    smooth: [distinct(0), distinct(0.5)],
    slope: { first: 1, second: 1 },
    edges: TIES,
    jet: jet((x, y) => ({ first: x === y ? [0.5, 0.5] : x > y ? [1, 0] : [0, 1] })),
  },
);

export const minimum = binary(
  (x, y) => (Number.isNaN(x) || x < y ? x : y),
  (x, y) => [x, y].toSorted(ascending)[0]!,
  {
    smooth: [distinct(0), distinct(0.5)],
    slope: { first: 1, second: 1 },
    edges: TIES,
    jet: jet((x, y) => ({ first: x === y ? [0.5, 0.5] : x < y ? [1, 0] : [0, 1] })),
  },
);

const negate = ([x]: readonly Tensor[]): number[] =>
  Array.from(x!.data(), (value) => (FLOATS.includes(x!.dtype) ? -value : wrap(x!.dtype, -BigInt(value))));

const negated = (name: string, input: Source): Sample => ({
  name,
  params: {},
  inputs: [input],
  dtypes: FLOATS,
  differentiable: [0],
  expected: negate,
});

export const neg: Family<Params> = {
  domain: NUMERIC,
  accuracy: 'exact',
  slope: { ...MOVED, positive: false },
  samples: [
    negated('smooth', source([4, 3], uniform(-3, 3))),
    negated('scalar', source([], uniform(-3, 3))),
    negated('a row repeated', repeated([5], [3, 5], uniform(-3, 3))),
    negated('turned', turned([3, 5], uniform(-3, 3))),
    negated('images', source([2, 3, 2, 3], uniform(-3, 3))),
    ...SIZES.map((n) => negated(`${n} elements`, source([n], uniform(-3, 3)))),
    ...[
      { name: 'special', values: SPECIAL, dtypes: FLOATS },
      { name: 'i32 extremes', values: I32, dtypes: ['i32'] as const },
      { name: 'u8 extremes', values: U8, dtypes: ['u8'] as const },
    ].map(({ name, values, dtypes }) => ({
      name,
      params: {},
      inputs: [source([values.length], fixed(...values))],
      dtypes,
      expected: negate,
    })),
    {
      name: 'edges',
      params: {},
      inputs: [source([4], fixed(0, -0, 1e30, Number.POSITIVE_INFINITY))],
      dtypes: FLOATS,
      jet: pointwise([0], () => ({ first: [-1] })),
      expected: negate,
    },
  ],
};
