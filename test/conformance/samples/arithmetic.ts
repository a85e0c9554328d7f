import type { DType, Params, Tensor } from '../../../src/ir/index.js';
import { awayFromZero, type Draw, distinct, fixed, uniform } from '../../support/tensors.js';
import { FLOATS, NUMERIC, type Sample, SIZES, source } from '../sample.js';
import type { Family } from './family.js';

type Binary = (x: number, y: number) => number;
type BinaryInteger = (x: bigint, y: bigint) => bigint;

const wrap = (dtype: DType, value: bigint): number =>
  Number(dtype === 'i32' ? BigInt.asIntN(32, value) : BigInt.asUintN(8, value));

/** Element by element, in f64 or in integers of unlimited size that wrap at the end. */
const zip =
  (float: Binary, integer: BinaryInteger) =>
  ([x, y]: readonly Tensor[]): number[] => {
    const right = y!.data();
    const numbers = Array.from(x!.data());
    if (FLOATS.includes(x!.dtype)) return numbers.map((value, i) => float(value, right[i]!));
    return numbers.map((value, i) => wrap(x!.dtype, integer(BigInt(value), BigInt(right[i]!))));
  };

/** Draws that make every pair of the values together. */
function pairs(values: readonly number[]): [left: Draw, right: Draw, count: number] {
  const left = values.flatMap((x) => values.map(() => x));
  return [fixed(...left), fixed(...values), left.length];
}

const SPECIAL = [
  0,
  -0,
  1,
  -1,
  0.5,
  3,
  -7,
  1e-30,
  -1e30,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const I32 = [0, 1, -1, 2, -3, 7, 46341, -65537, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1];
const U8 = [0, 1, 2, 3, 7, 16, 127, 128, 200, 255];

interface BinaryOptions {
  readonly smooth: readonly [Draw, Draw];
  readonly accuracy?: 'exact' | 'ulps';
  readonly special?: readonly number[];
}

function binary(
  float: Binary,
  integer: BinaryInteger,
  { smooth: [left, right], accuracy = 'exact', special = SPECIAL }: BinaryOptions,
): Family<Params> {
  const expected = zip(float, integer);
  const all = (name: string, values: readonly number[], dtypes: readonly DType[]): Sample => {
    const [x, y, count] = pairs(values);
    return { name, params: {}, inputs: [source([count], x), source([count], y)], dtypes, expected };
  };
  return {
    domain: NUMERIC,
    accuracy,
    samples: [
      {
        name: 'smooth',
        params: {},
        inputs: [source([3, 5], left), source([3, 5], right)],
        dtypes: FLOATS,
        differentiable: [0, 1],
        expected,
      },
      { name: 'scalar', params: {}, inputs: [source([], left), source([], right)], dtypes: FLOATS, expected },
      ...SIZES.map(
        (n): Sample => ({
          name: `${n} elements`,
          params: {},
          inputs: [source([n], left), source([n], right)],
          dtypes: FLOATS,
          expected,
        }),
      ),
      all('special', special, FLOATS),
      all('i32 extremes', I32, ['i32']),
      all('u8 extremes', U8, ['u8']),
    ],
  };
}

const plain: readonly [Draw, Draw] = [uniform(-3, 3), uniform(-3, 3)];

export const add = binary(
  (x, y) => x + y,
  (x, y) => x + y,
  { smooth: plain },
);

export const sub = binary(
  (x, y) => x - y,
  (x, y) => x - y,
  { smooth: plain },
);

export const mul = binary(
  (x, y) => x * y,
  (x, y) => x * y,
  { smooth: plain },
);

export const div = binary(
  (x, y) => x / y,
  (x, y) => (y === 0n ? 0n : x / y),
  { smooth: [uniform(-3, 3), awayFromZero(0.5, 2)] },
);

const ascending = (x: bigint, y: bigint): number => Number(x - y);

export const maximum = binary(
  (x, y) => (Number.isNaN(x) || x > y ? x : y),
  (x, y) => [x, y].toSorted(ascending)[1]!,
  { smooth: [distinct(0), distinct(0.5)] },
);

export const minimum = binary(
  (x, y) => (Number.isNaN(x) || x < y ? x : y),
  (x, y) => [x, y].toSorted(ascending)[0]!,
  { smooth: [distinct(0), distinct(0.5)] },
);

const powers = binary(
  (x, y) => Math.exp(y * Math.log(x)),
  (x, y) => x ** y,
  { smooth: [uniform(0.3, 3), uniform(-2, 2)], accuracy: 'ulps' },
);

export const pow: Family<Params> = {
  ...powers,
  samples: [
    ...powers.samples.filter(({ name }) => !name.includes('extremes') && name !== 'special'),
    {
      name: 'small integers',
      params: {},
      inputs: [
        source([8, 6], fixed(...[0, 1, 2, 3, 5, 7, 11, 13].flatMap((x) => new Array<number>(6).fill(x)))),
        source([8, 6], fixed(0, 1, 2, 3, 4, 5)),
      ],
      dtypes: ['i32', 'u8'],
      expected: zip(Math.pow, (x, y) => x ** y),
    },
    {
      name: 'wide',
      params: {},
      inputs: [source([997], uniform(0, 50)), source([997], uniform(-20, 20))],
      dtypes: FLOATS,
      expected: zip(Math.pow, (x, y) => x ** y),
    },
    {
      name: 'special',
      params: {},
      inputs: [
        source([16], fixed(0, 0, 0, 0, -2, -2, -2, -1.5, 1, 2, 2, Number.NaN, Number.POSITIVE_INFINITY, 4, 5, 0.25)),
        source([16], fixed(0, 1, 2.5, -1, 3, 2, -1, 0, 1e4, 200, -200, 2, 0.5, 0.5, 0, -0.5)),
      ],
      dtypes: FLOATS,
      expected: zip(Math.pow, (x, y) => x ** y),
    },
    {
      name: 'whole powers of either sign',
      params: {},
      inputs: [source([4, 3], awayFromZero(0.5, 2)), source([4, 3], fixed(2, 3, -1))],
      dtypes: FLOATS,
      differentiable: [0],
      expected: zip(Math.pow, (x, y) => x ** y),
    },
  ],
};

const negate = ([x]: readonly Tensor[]): number[] =>
  Array.from(x!.data(), (value) => (FLOATS.includes(x!.dtype) ? -value : wrap(x!.dtype, -BigInt(value))));

export const neg: Family<Params> = {
  domain: NUMERIC,
  accuracy: 'exact',
  samples: [
    {
      name: 'smooth',
      params: {},
      inputs: [source([4, 3], uniform(-3, 3))],
      dtypes: FLOATS,
      differentiable: [0],
      expected: negate,
    },
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
    ...SIZES.map((n) => ({
      name: `${n} elements`,
      params: {},
      inputs: [source([n], uniform(-3, 3))],
      dtypes: FLOATS,
      expected: negate,
    })),
  ],
};
