import type { Params, Tensor } from '../../../src/ir/index.js';
import { distinct, fixed, uniform, whole } from '../../support/tensors.js';
import { pointwise } from '../jet.js';
import { ANY, FLOATS, NUMERIC, repeated, type Sample, SIZES, type Source, source, turned } from '../sample.js';
import { type Family, MOVED } from './family.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

function comparison(test: (x: number, y: number) => boolean): Family<Params> {
  const expected = ([x, y]: readonly Tensor[]): number[] =>
    Array.from(x!.data(), (value, i) => (test(value, y!.data()[i]!) ? 1 : 0));
  const bits: Sample = {
    name: 'bits',
    params: {},
    inputs: [source([4], fixed(0, 0, 1, 1)), source([4], fixed(0, 1))],
    dtypes: ['bool'],
    expected,
  };
  const special: Sample = {
    name: 'ties, zeros and NaN',
    params: {},
    inputs: [
      source([9], fixed(0, -0, 1, nan, nan, inf, -inf, 2, -1)),
      source([9], fixed(-0, 0, 1, nan, 1, inf, inf, 3, -2)),
    ],
    dtypes: FLOATS,
    expected,
  };
  const few = whole(0, 4);
  const compared = (name: string, ...inputs: Source[]): Sample => ({
    name,
    params: {},
    inputs,
    dtypes: NUMERIC,
    expected,
  });
  return {
    domain: ANY,
    accuracy: 'exact',
    slope: 'zero',
    samples: [
      special,
      bits,
      ...SIZES.map((n) => compared(`${n} elements`, source([n], few), source([n], few))),
      compared('scalars', source([], few), source([], few)),
      compared('row and column', repeated([5], [3, 5], few), repeated([3, 1], [3, 5], few)),
      compared('one number and many', source([7], few), repeated([], [7], few)),
      compared('turned', turned([3, 5], few), source([3, 5], few)),
    ],
  };
}

export const equal = comparison((x, y) => x === y);
export const less = comparison((x, y) => x < y);
export const lessEqual = comparison((x, y) => x < y || x === y);

function logical(arity: 1 | 2, test: (x: boolean, y: boolean) => boolean): Family<Params> {
  const expected = ([x, y]: readonly Tensor[]): number[] =>
    Array.from(x!.data(), (value, i) => (test(value === 1, y?.data()[i] === 1) ? 1 : 0));
  const bits = (name: string, ...inputs: Source[]): Sample => ({
    name,
    params: {},
    inputs: inputs.slice(0, arity),
    dtypes: ['bool'],
    expected,
  });
  const [first, second, either] = [fixed(0, 0, 1, 1), fixed(0, 1), whole(0, 2)];
  return {
    domain: ['bool'],
    accuracy: 'exact',
    slope: 'zero',
    samples: [
      bits('every pair', source([4], first), source([4], second)),
      ...SIZES.map((n) => bits(`${n} elements`, source([n], first), source([n], second))),
      bits('scalars', source([], either), source([], either)),
      bits('images', source([2, 3, 2, 5], either), source([2, 3, 2, 5], either)),
      bits('row and column', repeated([5], [3, 5], either), repeated([3, 1], [3, 5], either)),
      bits('turned', turned([3, 5], either), source([3, 5], either)),
    ],
  };
}

export const and = logical(2, (x, y) => x && y);
export const or = logical(2, (x, y) => x || y);
export const not = logical(1, (x) => !x);

const choose = ([p, x, y]: readonly Tensor[]): number[] =>
  Array.from(p!.data(), (bit, i) => (bit === 1 ? x : y)!.data()[i]!);

const chosen = (name: string, bits: Source, x: Source, y: Source): Sample => ({
  name,
  params: {},
  inputs: [bits, x, y],
  dtypes: FLOATS,
  differentiable: [1, 2],
  expected: choose,
});
const either = whole(0, 2);

export const select: Family<Params> = {
  domain: ANY,
  accuracy: 'exact',
  slope: MOVED,
  samples: [
    chosen('smooth', source([3, 4], either, 'bool'), source([3, 4], uniform(-2, 2)), source([3, 4], distinct())),
    chosen('scalars', source([], either, 'bool'), source([], distinct()), source([], distinct())),
    chosen(
      'bits by row',
      repeated([3, 1], [3, 4], either, 'bool'),
      source([3, 4], distinct()),
      source([3, 4], distinct()),
    ),
    chosen('one number and many', source([7], either, 'bool'), repeated([], [7], distinct()), source([7], distinct())),
    chosen('turned', turned([3, 4], either, 'bool'), turned([3, 4], distinct()), source([3, 4], distinct())),
    {
      name: 'NaN and infinity where they are not taken',
      params: {},
      inputs: [
        source([4], fixed(1, 0, 1, 0), 'bool'),
        source([4], fixed(1, nan, -0, inf)),
        source([4], fixed(nan, 2, inf, 0)),
      ],
      dtypes: FLOATS,
      // Directions of this kind come from other operations at such numbers; the branch not taken must be exactly 0 all the same.
      jet: { ...pointwise([1, 2], (bit) => ({ first: [0, bit, 1 - bit] })), draw: fixed(0.5, nan, -0.25, inf) },
      expected: choose,
    },
    ...SIZES.flatMap((n): Sample[] => [
      chosen(`${n} elements`, source([n], either, 'bool'), source([n], distinct()), source([n], distinct())),
      {
        name: `${n} elements, small integers`,
        params: {},
        inputs: [source([n], either, 'bool'), source([n], either), source([n], either)],
        dtypes: ['i32', 'u8', 'bool'],
        expected: choose,
      },
    ]),
  ],
};
