import type { Shape, Tensor } from '../../../src/ir/index.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { type Draw, fixed, uniform, whole } from '../../support/tensors.js';
import { FLOATS, NUMERIC, reader, repeated, type Sample, SIZES, source, tabulate, total, turned } from '../sample.js';
import { type Family, SUMMED } from './family.js';

type Dot = ParamsOf<'dot'>;

const product = ([a, b]: readonly Tensor[], { transA, transB }: Dot, shape: Shape): number[] => {
  const left = reader(a!);
  const right = reader(b!);
  const inner = a!.shape.at(transA ? -2 : -1)!;
  return tabulate(shape, (...index) => {
    const batch = index.slice(0, -2);
    const [i, j] = index.slice(-2) as [number, number];
    return total(inner, (k) => {
      const x = transA ? left(...batch, k, i) : left(...batch, i, k);
      return x * (transB ? right(...batch, j, k) : right(...batch, k, j));
    });
  });
};

/** The same in integers of unlimited size, wrapped at the end. */
const wrapped = ([a, b]: readonly Tensor[], { transA, transB }: Dot, shape: Shape): number[] =>
  tabulate(shape, (i, j) => {
    let sum = 0n;
    for (let k = 0; k < a!.shape[transA ? 0 : 1]!; k++) {
      const x = transA ? reader(a!)(k, i!) : reader(a!)(i!, k);
      const y = transB ? reader(b!)(j!, k) : reader(b!)(k, j!);
      sum += BigInt(x) * BigInt(y);
    }
    return Number(BigInt.asIntN(32, sum));
  });

interface Extents {
  readonly batch?: Shape;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

function sample(name: string, { batch = [], m, k, n }: Extents, params: Dot, draw: Draw = uniform(-1, 1)): Sample<Dot> {
  const a = params.transA ? [k, m] : [m, k];
  const b = params.transB ? [n, k] : [k, n];
  return {
    name: `${name}${params.transA ? ', a transposed' : ''}${params.transB ? ', b transposed' : ''}`,
    params,
    inputs: [source([...batch, ...a], draw), source([...batch, ...b], draw)],
    dtypes: FLOATS,
    expected: product,
  };
}

const smooth = (name: string, extents: Extents, params: Dot): Sample<Dot> => ({
  ...sample(name, extents, params),
  differentiable: [0, 1],
});

const FORMS: readonly Dot[] = [
  { transA: false, transB: false },
  { transA: true, transB: false },
  { transA: false, transB: true },
  { transA: true, transB: true },
];
const [plain] = FORMS as readonly [Dot, ...Dot[]];

export const dot: Family<Dot> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: [
    ...FORMS.flatMap((params) => [
      smooth('small', { m: 3, k: 4, n: 2 }, params),
      smooth('batch', { batch: [2], m: 2, k: 3, n: 2 }, params),
      // Equal extents: a lost flag or swapped operands would still fit.
      smooth('square', { m: 3, k: 3, n: 3 }, params),
    ]),
    ...SIZES.flatMap((size) => [
      smooth(`inner axis of ${size}`, { m: 2, k: size, n: 3 }, plain),
      smooth(`${size} rows`, { m: size, k: 3, n: 2 }, plain),
      smooth(`${size} columns`, { m: 2, k: 3, n: size }, plain),
    ]),
    smooth('an even larger one', { m: 7, k: 31, n: 3 }, plain),
    smooth('one', { m: 1, k: 1, n: 1 }, plain),
    smooth('no batches', { batch: [0], m: 2, k: 3, n: 2 }, plain),
    {
      ...smooth('one matrix for every batch', { batch: [3], m: 2, k: 2, n: 2 }, plain),
      inputs: [source([3, 2, 2], uniform(-1, 1)), repeated([2, 2], [3, 2, 2], uniform(-1, 1))],
    },
    {
      ...smooth('operands turned', { m: 3, k: 4, n: 2 }, plain),
      inputs: [turned([3, 4], uniform(-1, 1)), turned([4, 2], uniform(-1, 1))],
    },
    ...FORMS.flatMap((params) => [
      sample('odd', { m: 7, k: 31, n: 63 }, params),
      sample('beyond a tile', { m: 37, k: 19, n: 67 }, params),
      sample('two batch axes', { batch: [2, 3], m: 5, k: 3, n: 9 }, params),
      sample('row', { m: 1, k: 33, n: 17 }, params),
      sample('column', { m: 33, k: 17, n: 1 }, params),
      sample('outer product', { m: 15, k: 1, n: 14 }, params),
      sample('integers', { m: 3, k: 5, n: 4 }, params, whole(0, 9)),
    ]),
    sample('long inner axis', { m: 3, k: 1200, n: 5 }, plain),
    sample('nothing to add', { m: 2, k: 0, n: 3 }, plain),
    sample('no rows', { m: 0, k: 3, n: 2 }, plain),
    sample('NaN and infinity times 0', { m: 2, k: 2, n: 2 }, plain, fixed(0, Number.NaN, Number.POSITIVE_INFINITY, 0)),
    ...FORMS.map(
      (params): Sample<Dot> => ({
        ...sample('i32 wraps', { m: 2, k: 3, n: 2 }, params, fixed(2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 3, 65537, 46341)),
        dtypes: ['i32'],
        expected: wrapped,
      }),
    ),
    { ...sample('small integers', { m: 3, k: 5, n: 4 }, plain, whole(0, 6)), dtypes: NUMERIC },
  ],
};
