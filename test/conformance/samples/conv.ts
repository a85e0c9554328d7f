import type { Shape, Tensor } from '../../../src/ir/index.js';
import { convExtent } from '../../../src/ops/conv.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { fixed, uniform, whole } from '../../support/tensors.js';
import { FLOATS, NUMERIC, reader, repeated, type Sample, SIZES, source, tabulate, total, turned } from '../sample.js';
import { type Family, SUMMED } from './family.js';

type Params = ParamsOf<'conv2d'>;

interface Case {
  readonly name: string;
  /** [N, H, W, C] */
  readonly x: Shape;
  /** [kh, kw, C / groups, O] */
  readonly filter: Shape;
  readonly params: Params;
  readonly differentiable?: boolean;
}

const unpadded: readonly [Shape, Shape] = [
  [0, 0],
  [0, 0],
];
const around: readonly [Shape, Shape] = [
  [1, 1],
  [1, 1],
];

const geometry = (changes: Partial<Params> = {}): Params => ({
  strides: [1, 1],
  padding: unpadded,
  dilation: [1, 1],
  groups: 1,
  ...changes,
});

const CASES: readonly Case[] = [
  { name: 'valid', x: [2, 4, 5, 2], filter: [3, 2, 2, 3], params: geometry(), differentiable: true },
  { name: 'same', x: [1, 4, 3, 2], filter: [3, 3, 2, 2], params: geometry({ padding: around }), differentiable: true },
  {
    name: 'stride 2 with odd padding',
    x: [1, 5, 6, 1],
    filter: [3, 3, 1, 2],
    params: geometry({
      strides: [2, 2],
      padding: [
        [0, 1],
        [1, 0],
      ],
    }),
    differentiable: true,
  },
  {
    name: 'stride that leaves pixels over',
    x: [1, 6, 7, 1],
    filter: [2, 2, 1, 2],
    params: geometry({ strides: [3, 3] }),
    differentiable: true,
  },
  {
    name: 'unequal strides and dilation',
    x: [1, 6, 7, 1],
    filter: [2, 3, 1, 2],
    params: geometry({ strides: [1, 2], dilation: [3, 2], padding: around }),
    differentiable: true,
  },
  { name: 'two groups', x: [1, 3, 3, 4], filter: [2, 2, 2, 6], params: geometry({ groups: 2 }), differentiable: true },
  {
    name: 'depthwise',
    x: [1, 4, 3, 3],
    filter: [3, 3, 1, 3],
    params: geometry({ groups: 3, padding: around }),
    differentiable: true,
  },
  { name: 'pointwise', x: [2, 3, 2, 3], filter: [1, 1, 3, 4], params: geometry(), differentiable: true },
  // Extents at which padding or dilation gone wrong would still fit.
  {
    name: 'steps that hide the dilation',
    x: [1, 6, 6, 1],
    filter: [2, 2, 1, 2],
    params: geometry({ strides: [3, 3], dilation: [2, 2] }),
    differentiable: true,
  },
  {
    name: 'padding on one side',
    x: [1, 3, 3, 2],
    filter: [2, 2, 2, 2],
    params: geometry({
      padding: [
        [1, 0],
        [0, 1],
      ],
    }),
    differentiable: true,
  },
  {
    name: 'pointwise, stride 2',
    x: [1, 5, 4, 3],
    filter: [1, 1, 3, 2],
    params: geometry({ strides: [2, 2] }),
    differentiable: true,
  },
  {
    name: 'one pixel',
    x: [2, 1, 1, 3],
    filter: [3, 3, 3, 2],
    params: geometry({ padding: around }),
    differentiable: true,
  },
  {
    name: 'filter larger than the image',
    x: [1, 2, 2, 1],
    filter: [3, 3, 1, 2],
    params: geometry(),
    differentiable: true,
  },
  { name: 'no images', x: [0, 4, 4, 2], filter: [3, 3, 2, 3], params: geometry(), differentiable: true },
  ...SIZES.slice(1).map((n) => ({
    name: `${n} columns`,
    x: [1, 2, n, 2],
    filter: [2, 3, 2, 1],
    params: geometry({ padding: around }),
    differentiable: true,
  })),
  { name: 'first layer', x: [2, 9, 9, 1], filter: [3, 3, 1, 16], params: geometry({ padding: around }) },
  {
    name: 'five by five',
    x: [1, 8, 9, 3],
    filter: [5, 5, 3, 8],
    params: geometry({
      padding: [
        [2, 2],
        [2, 2],
      ],
    }),
  },
  { name: 'odd channels', x: [1, 5, 6, 17], filter: [3, 3, 17, 33], params: geometry({ padding: around }) },
  { name: 'sixteen channels', x: [2, 7, 7, 16], filter: [3, 3, 16, 16], params: geometry({ padding: around }) },
  {
    name: 'sixteen to thirty-two, stride 2',
    x: [2, 7, 8, 16],
    filter: [3, 3, 16, 32],
    params: geometry({ strides: [2, 2], padding: around }),
  },
  { name: 'wide', x: [1, 3, 40, 5], filter: [3, 3, 5, 7], params: geometry({ padding: around }) },
];

const outputOf = ({ x, filter, params }: Case): Shape => {
  const { strides, padding, dilation } = params;
  const extent = (i: 0 | 1): number => convExtent(x[i + 1]!, filter[i]!, strides[i]!, padding[i], dilation[i]!);
  return [x[0]!, extent(0), extent(1), filter[3]!];
};

/** Row or column of x that tap `i` of output `p` reads, along spatial axis `a`. */
const pixel = ({ strides, dilation, padding }: Params, a: 0 | 1, p: number, i: number): number =>
  p * strides[a]! + i * dilation[a]! - padding[a][0]!;

const forward = ([x, f]: readonly Tensor[], params: Params, shape: Shape): number[] => {
  const [kh, kw, channels, filters] = f!.shape as [number, number, number, number];
  const image = reader(x!);
  const filter = reader(f!);
  return tabulate(shape, (n, p, q, o) => {
    const group = Math.floor(o! / (filters / params.groups));
    return total(kh, (i) =>
      total(kw, (j) =>
        total(
          channels,
          (c) =>
            image(n!, pixel(params, 0, p!, i), pixel(params, 1, q!, j), group * channels + c) * filter(i, j, c, o!),
        ),
      ),
    );
  });
};

const toInput = ([g, f]: readonly Tensor[], params: ParamsOf<'conv2dInputGrad'>, shape: Shape): number[] => {
  const [kh, kw, channels, filters] = f!.shape as [number, number, number, number];
  const [, rows, columns] = g!.shape as [number, number, number, number];
  const perGroup = filters / params.groups;
  const cotangent = reader(g!);
  const filter = reader(f!);
  return tabulate(shape, (n, h, w, c) => {
    const group = Math.floor(c! / channels);
    let sum = 0;
    for (let p = 0; p < rows; p++) {
      for (let i = 0; i < kh; i++) {
        if (pixel(params, 0, p, i) !== h) continue;
        for (let q = 0; q < columns; q++) {
          for (let j = 0; j < kw; j++) {
            if (pixel(params, 1, q, j) !== w) continue;
            sum += total(perGroup, (k) => {
              const o = group * perGroup + k;
              return cotangent(n!, p, q, o) * filter(i, j, c! % channels, o);
            });
          }
        }
      }
    }
    return sum;
  });
};

const toFilter = ([x, g]: readonly Tensor[], params: ParamsOf<'conv2dFilterGrad'>, shape: Shape): number[] => {
  const [batch, rows, columns, filters] = g!.shape as [number, number, number, number];
  const channels = shape[2]!;
  const image = reader(x!);
  const cotangent = reader(g!);
  return tabulate(shape, (i, j, c, o) => {
    const group = Math.floor(o! / (filters / params.groups));
    return total(batch, (n) =>
      total(rows, (p) =>
        total(
          columns,
          (q) =>
            image(n, pixel(params, 0, p, i!), pixel(params, 1, q, j!), group * channels + c!) * cotangent(n, p, q, o!),
        ),
      ),
    );
  });
};

/** One sample for each case: what its inputs are, and what the params say besides the geometry. */
function samples<P extends Params>(
  inputs: (of: Case) => readonly Shape[],
  params: (of: Case) => P,
  expected: NonNullable<Sample<P>['expected']>,
): Sample<P>[] {
  const [first] = CASES as readonly [Case, ...Case[]];
  const [left, right] = inputs(first) as readonly [Shape, Shape];
  const common = { params: params(first), dtypes: FLOATS, differentiable: [0, 1], expected };
  const draw = uniform(-1, 1);
  const layouts: Sample<P>[] = [
    {
      ...common,
      name: 'one image for all, the other turned',
      inputs: [repeated([1, ...left.slice(1)], left, draw), turned(right, draw)],
    },
  ];
  return CASES.flatMap((of): Sample<P>[] => {
    const shapes = inputs(of);
    const common = { params: params(of), expected };
    return [
      {
        ...common,
        name: of.name,
        inputs: shapes.map((shape) => source(shape, uniform(-1, 1))),
        dtypes: FLOATS,
        ...(of.differentiable && { differentiable: [0, 1] }),
      },
      {
        ...common,
        name: `${of.name}, integers`,
        inputs: shapes.map((shape) => source(shape, whole(0, 9))),
        dtypes: ['i32', 'u8'],
      },
      {
        params: common.params,
        name: `${of.name}, i32 that wrap`,
        inputs: shapes.map((shape) => source(shape, fixed(2 ** 31 - 1, -(2 ** 31) + 5, 65537, -46341, 3))),
        dtypes: ['i32'],
      },
    ];
  }).concat(layouts);
}

export const conv2d: Family<Params> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: samples(
    ({ x, filter }) => [x, filter],
    ({ params }) => params,
    forward,
  ),
};

export const conv2dInputGrad: Family<ParamsOf<'conv2dInputGrad'>> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: samples(
    (of) => [outputOf(of), of.filter],
    ({ params, x }) => ({ ...params, inputSize: x.slice(1, 3) }),
    toInput,
  ),
};

export const conv2dFilterGrad: Family<ParamsOf<'conv2dFilterGrad'>> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: samples(
    (of) => [of.x, outputOf(of)],
    ({ params, filter }) => ({ ...params, filterSize: filter.slice(0, 2) }),
    toFilter,
  ),
};
