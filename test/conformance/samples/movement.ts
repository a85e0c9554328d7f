import type { Shape, Tensor } from '../../../src/ir/index.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { type Draw, distinct, uniform, whole } from '../../support/tensors.js';
import {
  ANY,
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
import { type Family, MOVED, SUMMED } from './family.js';

interface Case<P> {
  readonly name: string;
  readonly shape: Shape;
  readonly params: P;
  /** How the operand comes about. */
  readonly operand?: (shape: Shape, draw: Draw) => Source;
}

/** A vector or the rows of a matrix, all the same. */
const rows = (shape: Shape, draw: Draw): Source => repeated(shape.slice(1), shape, draw);

/** The family of a movement: told by where each output element comes from. */
function movement<P extends ParamsOf<'broadcast' | 'reshape' | 'transpose' | 'slice' | 'pad' | 'reverse'>>(
  cases: readonly Case<P>[],
  origin: (x: (...index: number[]) => number, index: readonly number[], params: P, shape: Shape) => number,
  slope = MOVED,
): Family<P> {
  const expected = ([x]: readonly Tensor[], params: P, shape: Shape): number[] =>
    tabulate(shape, (...index) => origin(reader(x!), index, params, x!.shape));
  return {
    domain: ANY,
    accuracy: 'exact',
    slope,
    samples: cases.flatMap(({ name, shape, params, operand = source }): Sample<P>[] => [
      { name, params, inputs: [operand(shape, distinct())], dtypes: FLOATS, differentiable: [0], expected },
      {
        name: `${name}, small integers`,
        params,
        inputs: [operand(shape, whole(0, 2))],
        dtypes: ['i32', 'u8', 'bool'],
        expected,
      },
    ]),
  };
}

export const broadcast: Family<ParamsOf<'broadcast'>> = movement(
  [
    { name: 'scalar to matrix', shape: [], params: { shape: [3, 5], axes: [] } },
    { name: 'row to matrix', shape: [5], params: { shape: [3, 5], axes: [1] } },
    { name: 'column to matrix', shape: [3], params: { shape: [3, 5], axes: [0] } },
    { name: 'middle axis', shape: [2, 3], params: { shape: [2, 4, 3], axes: [0, 2] } },
    { name: 'channels of images', shape: [7], params: { shape: [2, 3, 2, 7], axes: [3] } },
    { name: 'nothing new', shape: [2, 3], params: { shape: [2, 3], axes: [0, 1] } },
    { name: 'to an empty shape', shape: [3], params: { shape: [0, 3], axes: [1] } },
    // Equal extents: wrong axes would still fit.
    { name: 'row to square', shape: [3], params: { shape: [3, 3], axes: [1] } },
    { name: 'column to square', shape: [3], params: { shape: [3, 3], axes: [0] } },
    { name: 'turned', shape: [2, 3], operand: turned, params: { shape: [2, 3, 4], axes: [0, 1] } },
    { name: 'rows repeated', shape: [2, 3], operand: rows, params: { shape: [4, 2, 3], axes: [1, 2] } },
    ...SIZES.map((n) => ({ name: `scalar to ${n}`, shape: [], params: { shape: [n], axes: [] } })),
    ...SIZES.map((n) => ({ name: `${n} columns`, shape: [2], params: { shape: [2, n], axes: [0] } })),
  ],
  (x, index, { axes }) => x(...axes.map((axis) => index[axis]!)),
  SUMMED,
);

export const reshape: Family<ParamsOf<'reshape'>> = movement(
  [
    { name: 'split', shape: [12], params: { shape: [3, 2, 2] } },
    { name: 'merge', shape: [3, 4], params: { shape: [12] } },
    { name: 'scalar to vector', shape: [], params: { shape: [1, 1] } },
    { name: 'empty', shape: [0, 3], params: { shape: [5, 0] } },
    { name: 'the same number of axes', shape: [2, 6], params: { shape: [4, 3] } },
    { name: 'turned', shape: [4, 3], operand: turned, params: { shape: [2, 6] } },
    { name: 'rows repeated', shape: [3, 4], operand: rows, params: { shape: [2, 6] } },
    ...SIZES.map((n) => ({ name: `${n} elements`, shape: [n], params: { shape: [n, 1] } })),
  ],
  (x, index, { shape }, from) => {
    let offset = index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
    const position = from.map(() => 0);
    for (let axis = from.length - 1; axis >= 0; axis--) {
      position[axis] = offset % from[axis]!;
      offset = Math.floor(offset / from[axis]!);
    }
    return x(...position);
  },
);

export const transpose: Family<ParamsOf<'transpose'>> = movement(
  [
    { name: 'matrix', shape: [3, 5], params: { permutation: [1, 0] } },
    { name: 'ragged tiles', shape: [17, 9], params: { permutation: [1, 0] } },
    { name: 'NHWC to NCHW', shape: [2, 3, 2, 4], params: { permutation: [0, 3, 1, 2] } },
    { name: 'rotation', shape: [2, 3, 4], params: { permutation: [1, 2, 0] } },
    { name: 'identity', shape: [2, 3], params: { permutation: [0, 1] } },
    { name: 'scalar', shape: [], params: { permutation: [] } },
    { name: 'empty', shape: [0, 3], params: { permutation: [1, 0] } },
    // Equal extents: the permutation itself, where its inverse is meant, would still fit.
    { name: 'rotation of a cube', shape: [2, 2, 2], params: { permutation: [1, 2, 0] } },
    { name: 'square', shape: [3, 3], params: { permutation: [1, 0] } },
    { name: 'turned', shape: [4, 3], operand: turned, params: { permutation: [1, 0] } },
    { name: 'rows repeated', shape: [3, 4], operand: rows, params: { permutation: [1, 0] } },
    ...SIZES.slice(1).map((n) => ({ name: `${n} rows`, shape: [n, 2], params: { permutation: [1, 0] } })),
  ],
  (x, index, { permutation }) => x(...permutation.map((_, axis) => index[permutation.indexOf(axis)]!)),
);

export const slice: Family<ParamsOf<'slice'>> = movement(
  [
    { name: 'inner block', shape: [5, 6], params: { start: [1, 2], limit: [4, 5], stride: [1, 1] } },
    { name: 'steps', shape: [5, 7], params: { start: [1, 0], limit: [5, 7], stride: [2, 3] } },
    { name: 'steps that end early', shape: [8], params: { start: [1], limit: [7], stride: [4] } },
    { name: 'all', shape: [2, 3], params: { start: [0, 0], limit: [2, 3], stride: [1, 1] } },
    { name: 'nothing', shape: [4, 2], params: { start: [2, 0], limit: [2, 2], stride: [1, 1] } },
    { name: 'scalar', shape: [], params: { start: [], limit: [], stride: [] } },
    {
      name: 'turned',
      shape: [4, 5],
      operand: turned,
      params: { start: [0, 1], limit: [4, 4], stride: [2, 1] },
    },
    { name: 'rows repeated', shape: [4, 5], operand: rows, params: { start: [1, 1], limit: [3, 5], stride: [1, 3] } },
    ...SIZES.map((n) => ({
      name: `${n} of more`,
      shape: [n + 3],
      params: { start: [1], limit: [n + 1], stride: [1] },
    })),
  ],
  (x, index, { start, stride }) => x(...index.map((i, axis) => start[axis]! + i * stride[axis]!)),
);

export const pad: Family<ParamsOf<'pad'>> = movement(
  [
    { name: 'borders', shape: [2, 3], params: { low: [1, 0], high: [0, 2], interior: [0, 0] } },
    { name: 'gaps', shape: [3, 2], params: { low: [0, 1], high: [1, 0], interior: [1, 2] } },
    { name: 'one element with gaps', shape: [1], params: { low: [1], high: [1], interior: [3] } },
    { name: 'nothing to pad', shape: [0], params: { low: [1], high: [2], interior: [1] } },
    { name: 'no padding', shape: [2, 2], params: { low: [0, 0], high: [0, 0], interior: [0, 0] } },
    { name: 'scalar', shape: [], params: { low: [], high: [], interior: [] } },
    { name: 'turned', shape: [4, 3], operand: turned, params: { low: [1, 0], high: [0, 2], interior: [0, 1] } },
    { name: 'rows repeated', shape: [2, 3], operand: rows, params: { low: [0, 2], high: [1, 1], interior: [1, 0] } },
    ...SIZES.map((n) => ({
      name: `${n} elements`,
      shape: [n],
      params: { low: [2], high: [1], interior: [n % 2] },
    })),
  ],
  (x, index, { low, interior }, shape) => {
    const steps = index.map((i, axis) => (i - low[axis]!) / (interior[axis]! + 1));
    return steps.every((step, axis) => Number.isInteger(step) && step < shape[axis]!) ? x(...steps) : 0;
  },
);

export const reverse: Family<ParamsOf<'reverse'>> = movement(
  [
    { name: 'vector', shape: [5], params: { axes: [0] } },
    { name: 'one axis', shape: [2, 3, 2], params: { axes: [1] } },
    { name: 'both axes', shape: [3, 4], params: { axes: [0, 1] } },
    { name: 'filter', shape: [3, 2, 2, 2], params: { axes: [0, 1] } },
    { name: 'no axes', shape: [3], params: { axes: [] } },
    { name: 'empty', shape: [0, 2], params: { axes: [0] } },
    { name: 'turned', shape: [4, 3], operand: turned, params: { axes: [1] } },
    { name: 'rows repeated', shape: [2, 3], operand: rows, params: { axes: [1] } },
    ...SIZES.map((n) => ({ name: `${n} elements`, shape: [n], params: { axes: [0] } })),
  ],
  (x, index, { axes }, shape) => x(...index.map((i, axis) => (axes.includes(axis) ? shape[axis]! - 1 - i : i))),
);

const joined = (parts: readonly Tensor[], { axis }: ParamsOf<'concatenate'>, shape: Shape): number[] =>
  tabulate(shape, (...index) => {
    let position = index[axis]!;
    for (const part of parts) {
      if (position < part.shape[axis]!) return reader(part)(...index.with(axis, position));
      position -= part.shape[axis]!;
    }
    return Number.NaN;
  });

const concatenation = (
  name: string,
  axis: number,
  ...parts: readonly ((draw: Draw) => Source)[]
): Sample<ParamsOf<'concatenate'>>[] => [
  {
    name,
    params: { axis },
    inputs: parts.map((part) => part(uniform(-2, 2))),
    dtypes: FLOATS,
    differentiable: parts.map((_, i) => i),
    expected: joined,
  },
  {
    name: `${name}, small integers`,
    params: { axis },
    inputs: parts.map((part) => part(whole(0, 2))),
    dtypes: ['i32', 'u8', 'bool'],
    expected: joined,
  },
];

const plain =
  (...shape: Shape) =>
  (draw: Draw): Source =>
    source(shape, draw);

export const concatenate: Family<ParamsOf<'concatenate'>> = {
  domain: ANY,
  accuracy: 'exact',
  slope: MOVED,
  samples: [
    ...concatenation('two vectors', 0, plain(3), plain(4)),
    ...concatenation('two alike', 0, plain(3), plain(3)),
    ...concatenation('one part', 1, plain(2, 3)),
    ...concatenation('three along the last axis', 1, plain(2, 1), plain(2, 3), plain(2, 2)),
    ...concatenation('two along the middle axis', 1, plain(2, 1, 3), plain(2, 2, 3)),
    ...concatenation('an empty part', 0, plain(2), plain(0), plain(1)),
    ...concatenation(
      'one turned, one repeated',
      0,
      (draw) => turned([2, 3], draw),
      (draw) => repeated([3], [2, 3], draw),
    ),
    ...SIZES.flatMap((n) => concatenation(`${n} and 3`, 0, plain(n), plain(3))),
  ],
};

const count = (
  name: string,
  shape: Shape,
  axis: number,
  dtypes: ParamsOf<'iota'>['dtype'][],
): Sample<ParamsOf<'iota'>>[] =>
  dtypes.map((dtype) => ({
    name: `${name}, ${dtype}`,
    params: { shape, axis, dtype },
    inputs: [],
    dtypes: ['f64'],
    expected: () => tabulate(shape, (...index) => index[axis]!),
  }));

export const iota: Family<ParamsOf<'iota'>> = {
  domain: NUMERIC,
  accuracy: 'exact',
  slope: 'zero',
  samples: [
    ...SIZES.flatMap((n) => count(`${n} elements`, [n], 0, [...NUMERIC])),
    ...count('outer axis', [3, 4], 0, [...NUMERIC]),
    ...count('middle axis', [2, 3, 4], 1, [...NUMERIC]),
  ],
};
