import type { Params, Tensor } from '../../../src/ir/index.js';
import { distinct, fixed, uniform, whole } from '../../support/tensors.js';
import { ANY, FLOATS, NUMERIC, type Sample, SIZES, source } from '../sample.js';
import type { Family } from './family.js';

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
  const sized = SIZES.map(
    (n): Sample => ({
      name: `${n} elements`,
      params: {},
      inputs: [source([n], whole(0, 4)), source([n], whole(0, 4))],
      dtypes: NUMERIC,
      expected,
    }),
  );
  return { domain: ANY, accuracy: 'exact', samples: [special, bits, ...sized] };
}

export const equal = comparison((x, y) => x === y);
export const less = comparison((x, y) => x < y);
export const lessEqual = comparison((x, y) => x < y || x === y);

function logical(arity: 1 | 2, test: (x: boolean, y: boolean) => boolean): Family<Params> {
  const expected = ([x, y]: readonly Tensor[]): number[] =>
    Array.from(x!.data(), (value, i) => (test(value === 1, y?.data()[i] === 1) ? 1 : 0));
  const samples = SIZES.map((n): Sample => {
    const inputs = [source([n], fixed(0, 0, 1, 1)), source([n], fixed(0, 1))].slice(0, arity);
    return { name: `${n} elements`, params: {}, inputs, dtypes: ['bool'], expected };
  });
  return { domain: ['bool'], accuracy: 'exact', samples: [...samples].reverse() };
}

export const and = logical(2, (x, y) => x && y);
export const or = logical(2, (x, y) => x || y);
export const not = logical(1, (x) => !x);

const choose = ([p, x, y]: readonly Tensor[]): number[] =>
  Array.from(p!.data(), (bit, i) => (bit === 1 ? x : y)!.data()[i]!);

export const select: Family<Params> = {
  domain: ANY,
  accuracy: 'exact',
  samples: [
    {
      name: 'smooth',
      params: {},
      inputs: [source([3, 4], whole(0, 2), 'bool'), source([3, 4], uniform(-2, 2)), source([3, 4], distinct())],
      dtypes: FLOATS,
      differentiable: [1, 2],
      expected: choose,
    },
    {
      name: 'NaN and infinity where they are not taken',
      params: {},
      inputs: [
        source([4], fixed(1, 0, 1, 0), 'bool'),
        source([4], fixed(1, nan, -0, inf)),
        source([4], fixed(nan, 2, inf, 0)),
      ],
      dtypes: FLOATS,
      expected: choose,
    },
    ...SIZES.map(
      (n): Sample => ({
        name: `${n} elements`,
        params: {},
        inputs: [source([n], whole(0, 2), 'bool'), source([n], whole(0, 2)), source([n], whole(0, 2))],
        dtypes: ANY,
        expected: choose,
      }),
    ),
  ],
};
