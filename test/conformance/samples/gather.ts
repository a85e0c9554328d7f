import type { Params, Shape, Tensor } from '../../../src/ir/index.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { type Draw, fixed, whole } from '../../support/tensors.js';
import { ANY, NUMERIC, reader, source, tabulate } from '../sample.js';
import { type Family, linearSamples } from './family.js';

type Rows = ParamsOf<'addRows'>;

interface RowCase {
  readonly name: string;
  readonly index: Shape;
  readonly rows: number;
  readonly rest: Shape;
  readonly draw: Draw;
  readonly differentiable: boolean;
}

const ROWS: readonly RowCase[] = [
  { name: 'matrix rows', index: [5], rows: 4, rest: [3], draw: whole(0, 4), differentiable: true },
  { name: 'table of indices', index: [2, 3], rows: 3, rest: [2, 2], draw: whole(0, 3), differentiable: true },
  { name: 'numbers', index: [4], rows: 3, rest: [], draw: whole(0, 3), differentiable: true },
  { name: 'some outside', index: [6], rows: 2, rest: [3], draw: whole(-2, 4), differentiable: true },
  { name: 'one index', index: [], rows: 3, rest: [4], draw: whole(0, 3), differentiable: true },
  {
    name: 'far outside',
    index: [3],
    rows: 2,
    rest: [2],
    draw: fixed(2 ** 31 - 1, -(2 ** 31), 1),
    differentiable: false,
  },
  { name: 'wide rows', index: [9], rows: 5, rest: [67], draw: whole(0, 5), differentiable: false },
  { name: 'no indices', index: [0], rows: 3, rest: [2], draw: whole(0, 1), differentiable: false },
  { name: 'no rows', index: [2], rows: 0, rest: [2], draw: whole(0, 1), differentiable: false },
];

const rowsTaken = ([index, x]: readonly Tensor[], _: Params, shape: Shape): number[] =>
  tabulate(shape, (...position) => {
    const row = reader(index!)(...position.slice(0, index!.rank));
    return reader(x!)(row, ...position.slice(index!.rank));
  });

export const takeRows: Family<Params> = {
  domain: ANY,
  accuracy: 'exact',
  samples: ROWS.flatMap(({ name, index, rows, rest, draw, differentiable }) =>
    linearSamples({
      name,
      params: {},
      inputs: (values) => [source(index, draw, 'i32'), source([rows, ...rest], values)],
      moving: 1,
      differentiable,
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
  samples: ROWS.flatMap(({ name, index, rows, rest, draw, differentiable }) =>
    linearSamples({
      name,
      params: { rows },
      inputs: (values) => [source(index, draw, 'i32'), source([...index, ...rest], values)],
      moving: 1,
      differentiable,
      expected: rowsAdded,
    }),
  ),
};
