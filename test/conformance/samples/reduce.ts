import { type Shape, sizeOf, type Tensor } from '../../../src/ir/index.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { type Draw, distinct, fixed, uniform, whole } from '../../support/tensors.js';
import type { Jet } from '../jet.js';
import {
  FLOATS,
  NUMERIC,
  reader,
  repeated,
  type Sample,
  SIZES,
  type Source,
  source,
  tabulate,
  turned,
} from '../sample.js';
import { type Family, SUMMED } from './family.js';

const { NaN: nan, NEGATIVE_INFINITY: lowest, POSITIVE_INFINITY: inf } = Number;

/** Folds, for each output index, the elements whose index agrees with it on the axes that stay. */
const folding =
  (initial: number, step: (accumulated: number, element: number) => number) =>
  ([x]: readonly Tensor[], { axes }: { readonly axes: Shape }, shape: Shape): number[] => {
    const kept = x!.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const folded = axes.map((axis) => x!.shape[axis]!);
    return tabulate(shape, (...outer) => {
      const elements = tabulate(folded, (...innermost) => {
        const index = x!.shape.map((_, axis) =>
          kept.includes(axis) ? outer[kept.indexOf(axis)]! : innermost[axes.indexOf(axis)]!,
        );
        return reader(x!)(...index);
      });
      return elements.reduce(step, initial);
    });
  };

interface Case {
  readonly name: string;
  readonly shape: Shape;
  readonly axes: Shape;
}

const CASES: readonly Case[] = [
  { name: 'everything', shape: [3, 4], axes: [0, 1] },
  { name: 'columns', shape: [3, 5], axes: [0] },
  { name: 'rows', shape: [3, 5], axes: [1] },
  { name: 'middle', shape: [2, 3, 4], axes: [1] },
  { name: 'ends', shape: [2, 3, 4], axes: [0, 2] },
  { name: 'all but channels', shape: [2, 2, 3, 3], axes: [0, 1, 2] },
  { name: 'one element', shape: [1], axes: [0] },
  { name: 'no axes', shape: [2, 2], axes: [] },
  // Equal extents: wrong axes would still fit.
  { name: 'columns of a square', shape: [3, 3], axes: [0] },
  { name: 'rows of a square', shape: [3, 3], axes: [1] },
];

const reduction = (
  expected: NonNullable<Sample<ParamsOf<'sum'>>['expected']>,
  special: readonly Sample<ParamsOf<'sum'>>[],
): readonly Sample<ParamsOf<'sum'>>[] => {
  const sample = (name: string, shape: Shape, axes: Shape, draw: Draw, dtypes = FLOATS): Sample<ParamsOf<'sum'>> => ({
    name,
    params: { axes },
    inputs: [source(shape, draw)],
    dtypes,
    expected,
  });
  const smooth = (name: string, operand: Source, axes: Shape): Sample<ParamsOf<'sum'>> => ({
    ...sample(name, [], axes, distinct()),
    inputs: [operand],
    differentiable: [0],
  });
  return [
    ...CASES.map(({ name, shape, axes }) => smooth(name, source(shape, distinct()), axes)),
    smooth('rows, turned', turned([3, 5], distinct()), [1]),
    smooth('rows, each repeated', repeated([5], [3, 5], distinct()), [1]),
    ...CASES.map(({ name, shape, axes }) => sample(`${name}, integers`, shape, axes, whole(0, 99), ['i32', 'u8'])),
    ...SIZES.filter((n) => n > 0).flatMap((n) => [
      smooth(`a vector of ${n}`, source([n], distinct()), [0]),
      smooth(`${n} rows of 3`, source([n, 3], distinct()), [1]),
      smooth(`${n} columns of 3`, source([3, n], distinct()), [0]),
    ]),
    sample('long vector', [5000], [0], uniform(-1, 1)),
    sample('tall matrix', [1000, 5], [0], uniform(-1, 1)),
    sample('wide matrix', [3, 1111], [1], uniform(-1, 1)),
    ...special,
  ];
};

const sumOfAll = folding(0, (a, b) => a + b);
const maxOfAll = folding(lowest, (a, b) => (Number.isNaN(a) || a > b ? a : b));

const empty = (shape: Shape, axes: Shape): Sample<ParamsOf<'sum'>> => ({
  name: `empty ${shape.join('×')} over ${axes}`,
  params: { axes },
  inputs: [source(shape, uniform(-1, 1))],
  dtypes: NUMERIC,
  differentiable: [0],
  expected: (_, __, shape) => new Array<number>(sizeOf(shape)).fill(0),
});

export const sum: Family<ParamsOf<'sum'>> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: reduction(sumOfAll, [
    empty([0], [0]),
    empty([0, 3], [0]),
    empty([3, 0], [0]),
    {
      name: 'NaN and infinities',
      params: { axes: [1] },
      inputs: [source([4, 3], fixed(1, nan, 2, inf, 1, 1, inf, -inf, 0, 1, 2, 3))],
      dtypes: FLOATS,
      expected: sumOfAll,
    },
    {
      name: 'i32 wraps',
      params: { axes: [0] },
      inputs: [source([3], fixed(2 ** 31 - 1, 2 ** 31 - 1, 5))],
      dtypes: ['i32'],
      expected: () => [3],
    },
  ]),
};

/** Equal maxima share the tangent equally. */
const shared: Jet<ParamsOf<'max'>> = {
  active: [0],
  first(x, v, params, shape) {
    const largest = maxOfAll(x, params, shape);
    const kept = x[0]!.shape.map((_, axis) => axis).filter((axis) => !params.axes.includes(axis));
    return tabulate(shape, (...outer) => {
      const at = largest[outer.reduce((offset, i, k) => offset * shape[k]! + i, 0)]!;
      const moved: number[] = [];
      tabulate(x[0]!.shape, (...index) => {
        const inside = kept.every((axis, k) => index[axis] === outer[k]);
        if (inside && reader(x[0]!)(...index) === at) moved.push(reader(v[0]!)(...index));
        return 0;
      });
      return moved.reduce((a, b) => a + b, 0) / moved.length;
    });
  },
};

const tied = (name: string, shape: Shape, axes: Shape, draw: Draw): Sample<ParamsOf<'max'>> => ({
  name,
  params: { axes },
  inputs: [source(shape, draw)],
  dtypes: FLOATS,
  jet: shared,
  expected: maxOfAll,
});

export const max: Family<ParamsOf<'max'>> = {
  domain: NUMERIC,
  accuracy: 'exact',
  slope: { first: 32, second: 32 },
  samples: reduction(maxOfAll, [
    empty([3, 0], [0]),
    {
      name: 'ties, NaN and infinities',
      params: { axes: [1] },
      inputs: [source([5, 3], fixed(1, 1, 1, nan, 5, 6, 6, nan, 5, -inf, -inf, -inf, inf, 3, inf))],
      dtypes: FLOATS,
      expected: maxOfAll,
    },
    tied(
      'ties along rows',
      [6, 3],
      [1],
      fixed(1, 1, 1, 5, 6, 6, 7, 2, 7, lowest, lowest, lowest, inf, 3, inf, 0, -0, -1),
    ),
    tied('ties along columns', [4, 5], [0], whole(0, 3)),
    tied('ties throughout', [2, 3], [0, 1], fixed(4)),
    tied('ties at the ends', [2, 3, 4], [0, 2], whole(0, 2)),
  ]),
};

const firstLargest = ([x]: readonly Tensor[], { axis }: ParamsOf<'argmax'>, shape: Shape): number[] =>
  tabulate(shape, (...index) => {
    const row = Array.from({ length: x!.shape[axis]! }, (_, k) => reader(x!)(...index.toSpliced(axis, 0, k)));
    const missing = row.findIndex(Number.isNaN);
    return missing >= 0 ? missing : row.indexOf(Math.max(...row));
  });

const argmaxSample = (
  name: string,
  shape: Shape,
  axis: number,
  draw: Draw,
  dtypes = FLOATS,
  operand = source(shape, draw),
): Sample<ParamsOf<'argmax'>> => ({
  name,
  params: { axis },
  inputs: [operand],
  dtypes,
  expected: firstLargest,
});

export const argmax: Family<ParamsOf<'argmax'>> = {
  domain: NUMERIC,
  accuracy: 'exact',
  slope: 'zero',
  samples: [
    argmaxSample('rows', [5, 7], 1, distinct()),
    argmaxSample('columns', [5, 7], 0, distinct()),
    argmaxSample('middle', [2, 3, 4], 1, distinct()),
    argmaxSample('ties', [9, 4], 1, whole(0, 3), NUMERIC),
    argmaxSample('NaN and infinities', [4, 3], 1, fixed(1, nan, nan, inf, nan, 1, -inf, -inf, -inf, 2, inf, inf)),
    argmaxSample('no rows', [0, 3], 1, distinct()),
    argmaxSample('rows, turned', [3, 5], 1, distinct(), FLOATS, turned([3, 5], distinct())),
    argmaxSample('rows, each repeated', [3, 5], 1, distinct(), FLOATS, repeated([5], [3, 5], distinct())),
    ...SIZES.filter((n) => n > 0).map((n) => argmaxSample(`a vector of ${n}`, [n], 0, distinct())),
  ],
};
