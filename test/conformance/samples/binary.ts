import type { DType, Params, Tensor } from '../../../src/ir/index.js';
import { type Draw, fixed } from '../../support/tensors.js';
import type { Jet, Partials } from '../jet.js';
import { pointwise } from '../jet.js';
import { FLOATS, NUMERIC, repeated, type Sample, SIZES, type Source, source, turned } from '../sample.js';
import type { Family, Slope } from './family.js';

type Binary = (x: number, y: number) => number;
type BinaryInteger = (x: bigint, y: bigint) => bigint;

export const wrap = (dtype: DType, value: bigint): number =>
  Number(dtype === 'i32' ? BigInt.asIntN(32, value) : BigInt.asUintN(8, value));

/** Element by element, in f64 or in integers of unlimited size that wrap at the end. */
export const zip =
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

export const SPECIAL = [
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
export const I32 = [0, 1, -1, 2, -3, 7, 46341, -65537, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1];
export const U8 = [0, 1, 2, 3, 7, 16, 127, 128, 200, 255];

interface BinaryOptions {
  readonly smooth: readonly [Draw, Draw];
  readonly slope: Slope;
  readonly accuracy?: 'exact' | 'ulps';
  readonly special?: readonly number[];
  /** Ties, zeros, tails: pairs of numbers, and the derivatives there. */
  readonly edges?: readonly (readonly [x: number, y: number])[];
  readonly jet?: Jet;
}

/** The family of a function of two numbers. */
export function binary(
  float: Binary,
  integer: BinaryInteger,
  { smooth: [left, right], slope, accuracy = 'exact', special = SPECIAL, edges, jet }: BinaryOptions,
): Family<Params> {
  const expected = zip(float, integer);
  const all = (name: string, values: readonly number[], dtypes: readonly DType[]): Sample => {
    const [x, y, count] = pairs(values);
    return { name, params: {}, inputs: [source([count], x), source([count], y)], dtypes, expected };
  };
  const smooth = (name: string, x: Source, y: Source): Sample => ({
    name,
    params: {},
    inputs: [x, y],
    dtypes: FLOATS,
    differentiable: [0, 1],
    expected,
  });
  // Odd numbers of elements, so that two draws of `distinct` never tie.
  return {
    domain: NUMERIC,
    accuracy,
    slope,
    samples: [
      smooth('smooth', source([3, 5], left), source([3, 5], right)),
      smooth('scalar', source([], left), source([], right)),
      ...SIZES.map((n) => smooth(`${n} elements`, source([n], left), source([n], right))),
      smooth('row and column', repeated([5], [3, 5], left), repeated([3, 1], [3, 5], right)),
      smooth('one number and many', repeated([], [7], left), source([7], right)),
      smooth('the left operand turned', turned([3, 5], left), source([3, 5], right)),
      smooth('the right operand turned', source([3, 1, 5], left), turned([3, 1, 5], right)),
      all('special', special, FLOATS),
      all('i32 extremes', I32, ['i32']),
      all('u8 extremes', U8, ['u8']),
      ...(jet && edges ? [atEdges('edges', edges, jet, expected)] : []),
    ],
  };
}

export const atEdges = (
  name: string,
  edges: readonly (readonly [x: number, y: number])[],
  jet: Jet,
  expected: NonNullable<Sample['expected']>,
): Sample => ({
  name,
  params: {},
  inputs: [0, 1].map((k) => source([edges.length], fixed(...edges.map((edge) => edge[k]!)))),
  dtypes: FLOATS,
  jet,
  expected,
});

/** The jet of a function of two numbers, in both. */
export const jet = (partials: (x: number, y: number) => Partials): Jet =>
  pointwise([0, 1], partials as (...x: number[]) => Partials);
