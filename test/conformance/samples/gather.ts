import type { Params, Shape, Tensor } from '../../../src/ir/index.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { type Draw, fixed, whole } from '../../support/tensors.js';
import { ANY, NUMERIC, reader, repeated, SIZES, type Source, source, tabulate, turned } from '../sample.js';
import { type Family, linearSamples, SUMMED } from './family.js';

type Rows = ParamsOf<'addRows'>;

interface RowCase {
  readonly name: string;
  readonly index: Shape;
  readonly rows: number;
  readonly rest: Shape;
  readonly draw: Draw;
  /** How the values come about. */
  readonly operand?: (shape: Shape, draw: Draw) => Source;
}

const ROWS: readonly RowCase[] = [
  { name: 'matrix rows', index: [5], rows: 4, rest: [3], draw: whole(0, 4) },
  { name: 'table of indices', index: [2, 3], rows: 3, rest: [2, 2], draw: whole(0, 3) },
  { name: 'numbers', index: [4], rows: 3, rest: [], draw: whole(0, 3) },
  { name: 'some outside', index: [6], rows: 2, rest: [3], draw: whole(-2, 4) },
  { name: 'one index', index: [], rows: 3, rest: [4], draw: whole(0, 3) },
  {
    name: 'far outside',
    index: [3],
    rows: 2,
    rest: [2],
    draw: fixed(2 ** 31 - 1, -(2 ** 31), 1),
  },
  { name: 'wide rows', index: [9], rows: 5, rest: [67], draw: whole(0, 5) },
  { name: 'no indices', index: [0], rows: 3, rest: [2], draw: whole(0, 1) },
  { name: 'no rows', index: [2], rows: 0, rest: [2], draw: whole(0, 1) },
  { name: 'all at one place', index: [4], rows: 3, rest: [2], draw: fixed(1) },
  { name: 'turned', index: [4], rows: 4, rest: [3], draw: whole(0, 4), operand: turned },
  {
    name: 'rows all the same',
    index: [4],
    rows: 3,
    rest: [3],
    draw: whole(0, 3),
    operand: (shape, draw) => repeated(shape.slice(1), shape, draw),
  },
  ...SIZES.slice(1).map((n) => ({ name: `${n} rows`, index: [3], rows: n, rest: [2], draw: whole(0, n) })),
  ...SIZES.slice(1).map((n) => ({ name: `${n} indices`, index: [n], rows: 3, rest: [2], draw: whole(0, 3) })),
];

const rowsTaken = ([index, x]: readonly Tensor[], _: Params, shape: Shape): number[] =>
  tabulate(shape, (...position) => {
    const row = reader(index!)(...position.slice(0, index!.rank));
    return reader(x!)(row, ...position.slice(index!.rank));
  });

export const takeRows: Family<Params> = {
  domain: ANY,
  accuracy: 'exact',
  slope: SUMMED,
  samples: ROWS.flatMap(({ name, index, rows, rest, draw, operand = source }) =>
    linearSamples({
      name,
      params: {},
      inputs: (values) => [source(index, draw, 'i32'), operand([rows, ...rest], values)],
      moving: 1,
      expected: rowsTaken,
      integers: ['i32', 'u8', 'bool'],
    }),
  ),
};

const rowsAdded = ([index, y]: readonly Tensor[], _: Rows, shape: Shape): number[] =>
  tabulate(shape, (row, ...rest) => {
    let sum = 0;
    tabulate(index!.shape, (...position) => {
      if (reader(index!)(...position) === row) sum += reader(y!)(...position, ...rest);
      return 0;
    });
    return sum;
  });

export const addRows: Family<Rows> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: ROWS.flatMap(({ name, index, rows, rest, draw, operand = source }) =>
    linearSamples({
      name,
      params: { rows },
      inputs: (values) => [source(index, draw, 'i32'), operand([...index, ...rest], values)],
      moving: 1,
      expected: rowsAdded,
    }),
  ),
};
