import type { Params, Shape, Tensor } from '../../../src/ir/index.js';
import { convExtent } from '../../../src/ops/conv.js';
import type { ParamsOf } from '../../../src/ops/index.js';
import { type Draw, distinct, fixed, uniform, whole } from '../../support/tensors.js';
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
import { type Family, linearSamples, SUMMED } from './family.js';

type Window = ParamsOf<'windowSum'>;

interface Case {
  readonly name: string;
  readonly x: Shape;
  readonly params: Window;
}

const pooling = (window: Shape, strides: Shape, [top, bottom, left, right]: Shape = [0, 0, 0, 0]): Window => ({
  window,
  strides,
  padding: [
    [top!, bottom!],
    [left!, right!],
  ],
});

const CASES: readonly Case[] = [
  { name: 'halves', x: [2, 4, 4, 2], params: pooling([2, 2], [2, 2]) },
  { name: 'overlapping', x: [1, 5, 5, 2], params: pooling([3, 3], [2, 2]) },
  { name: 'padded', x: [1, 4, 5, 2], params: pooling([3, 2], [2, 1], [1, 2, 0, 1]) },
  { name: 'gaps', x: [1, 5, 6, 1], params: pooling([1, 2], [2, 4]) },
  { name: 'whole plane', x: [2, 3, 2, 5], params: pooling([3, 2], [3, 2]) },
  { name: 'many channels', x: [1, 6, 6, 33], params: pooling([2, 2], [2, 2]) },
  { name: 'too small an image', x: [1, 1, 1, 3], params: pooling([2, 2], [2, 2]) },
  { name: 'no images', x: [0, 4, 4, 3], params: pooling([2, 2], [2, 2]) },
  // Extents at which strides or padding gone wrong would still fit.
  { name: 'padding on one side', x: [1, 3, 3, 1], params: pooling([2, 2], [1, 1], [1, 0, 0, 1]) },
  { name: 'one pixel each', x: [1, 3, 3, 2], params: pooling([1, 1], [1, 1]) },
  ...SIZES.slice(1).map((n) => ({
    name: `${n} columns`,
    x: [1, 2, n, 2],
    params: pooling([2, 3], [1, 2], [1, 1, 1, 1]),
  })),
];

/** Operands as programs have them. */
const layouts: readonly { readonly name: string; of(shape: Shape, draw: Draw): Source }[] = [
  { name: 'one image for all', of: (shape, draw) => repeated([1, ...shape.slice(1)], shape, draw) },
  { name: 'turned', of: turned },
];

const pooledShape = ({ x: [n, h, w, c], params: { window, strides, padding } }: Case): Shape => [
  n!,
  convExtent(h!, window[0]!, strides[0]!, padding[0], 1),
  convExtent(w!, window[1]!, strides[1]!, padding[1], 1),
  c!,
];

/** Pixels [h, w] of the window at [p, q] that lie inside the image, in order. */
function pixelsOf({ window, strides, padding }: Window, [, height, width]: Shape, p: number, q: number): number[][] {
  const inside: number[][] = [];
  tabulate(window, (i, j) => {
    const h = p * strides[0]! + i! - padding[0][0]!;
    const w = q * strides[1]! + j! - padding[1][0]!;
    if (h >= 0 && h < height! && w >= 0 && w < width!) inside.push([h, w]);
    return 0;
  });
  return inside;
}

const sumOfWindows = ([x]: readonly Tensor[], params: Window, shape: Shape): number[] =>
  tabulate(shape, (n, p, q, c) =>
    pixelsOf(params, x!.shape, p!, q!).reduce((sum, [h, w]) => sum + reader(x!)(n!, h!, w!, c!), 0),
  );

export const windowSum: Family<Window> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: [{ name: '', of: source }, ...layouts].flatMap((layout, i) =>
    (i === 0 ? CASES : CASES.slice(0, 1)).flatMap(({ name, x, params }) =>
      linearSamples({
        name: layout.name || name,
        params,
        inputs: (draw) => [layout.of(x, draw)],
        moving: 0,
        expected: sumOfWindows,
      }),
    ),
  ),
};

const spread = ([y]: readonly Tensor[], params: ParamsOf<'windowSpread'>, shape: Shape): number[] => {
  const [, rows, columns] = y!.shape as [number, number, number, number];
  return tabulate(shape, (n, h, w, c) => {
    let sum = 0;
    tabulate([rows, columns], (p, q) => {
      const covers = pixelsOf(params, shape, p!, q!).some(([i, j]) => i === h && j === w);
      if (covers) sum += reader(y!)(n!, p!, q!, c!);
      return 0;
    });
    return sum;
  });
};

export const windowSpread: Family<ParamsOf<'windowSpread'>> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: [{ name: '', of: source }, ...layouts].flatMap((layout, i) =>
    (i === 0 ? CASES : CASES.slice(0, 1)).flatMap((of) =>
      linearSamples({
        name: layout.name || of.name,
        params: { ...of.params, inputSize: of.x.slice(1, 3) },
        inputs: (draw) => [layout.of(pooledShape(of), draw)],
        moving: 0,
        expected: spread,
      }),
    ),
  ),
};

const firstLargest = ([x]: readonly Tensor[], params: Window, shape: Shape): number[] =>
  tabulate(shape, (n, p, q, c) => {
    const pixels = pixelsOf(params, x!.shape, p!, q!);
    const values = pixels.map(([h, w]) => reader(x!)(n!, h!, w!, c!));
    const missing = values.findIndex(Number.isNaN);
    const [h, w] = pixels[missing >= 0 ? missing : values.indexOf(Math.max(...values))]!;
    return h! * x!.shape[2]! + w!;
  });

const { NaN: nan, NEGATIVE_INFINITY: lowest } = Number;

export const windowArgmax: Family<Window> = {
  domain: NUMERIC,
  accuracy: 'exact',
  slope: 'zero',
  samples: [
    ...CASES.map(
      ({ name, x, params }): Sample<Window> => ({
        name,
        params,
        inputs: [source(x, distinct())],
        dtypes: FLOATS,
        expected: firstLargest,
      }),
    ),
    ...CASES.map(
      ({ name, x, params }): Sample<Window> => ({
        name: `${name}, ties`,
        params,
        inputs: [source(x, whole(0, 3))],
        dtypes: NUMERIC,
        expected: firstLargest,
      }),
    ),
    ...layouts.map(
      ({ name, of }): Sample<Window> => ({
        name,
        params: CASES[0]!.params,
        inputs: [of(CASES[0]!.x, distinct())],
        dtypes: FLOATS,
        expected: firstLargest,
      }),
    ),
    {
      name: 'NaN, and nothing but −∞ beside the padding',
      params: pooling([2, 2], [2, 2], [1, 1, 1, 1]),
      inputs: [source([1, 2, 4, 2], fixed(lowest, 1, lowest, nan, 2, nan, nan, 3))],
      dtypes: FLOATS,
      expected: firstLargest,
    },
    {
      name: 'negative numbers beside the padding',
      params: pooling([3, 3], [1, 1], [1, 1, 1, 1]),
      inputs: [source([1, 3, 3, 1], uniform(-9, -1))],
      dtypes: FLOATS,
      expected: firstLargest,
    },
  ],
};

/** Reads plane position `at` of image n, channel c; 0 outside the plane. */
const taken = ([index, x]: readonly Tensor[], _: Params, shape: Shape): number[] => {
  const width = x!.shape[2]!;
  return tabulate(shape, (n, p, q, c) => {
    const at = reader(index!)(n!, p!, q!, c!);
    return at < 0 ? 0 : reader(x!)(n!, Math.floor(at / width), at % width, c!);
  });
};

interface Positions {
  readonly name: string;
  readonly index: Shape;
  readonly size: Shape;
  readonly draw: Draw;
  /** How the values come about. */
  readonly operand?: (shape: Shape, draw: Draw) => Source;
}

const POSITIONS: readonly Positions[] = [
  { name: 'inside', index: [2, 2, 2, 3], size: [3, 4], draw: whole(0, 12) },
  { name: 'repeated', index: [1, 3, 3, 2], size: [2, 2], draw: whole(0, 3) },
  { name: 'some outside', index: [2, 3, 2, 2], size: [2, 3], draw: whole(-2, 9) },
  {
    name: 'far outside',
    index: [1, 1, 4, 1],
    size: [2, 2],
    draw: fixed(2 ** 31 - 1, -(2 ** 31), 4, -1),
  },
  { name: 'many channels', index: [1, 3, 3, 33], size: [6, 6], draw: whole(0, 36) },
  { name: 'no positions', index: [1, 0, 2, 3], size: [2, 2], draw: whole(0, 1) },
  { name: 'all at one place', index: [1, 3, 3, 1], size: [3, 3], draw: fixed(4) },
  { name: 'turned', index: [2, 2, 2, 3], size: [2, 2], draw: whole(0, 4), operand: turned },
  {
    name: 'one image for all',
    index: [2, 2, 2, 3],
    size: [2, 2],
    draw: whole(0, 4),
    operand: (shape, draw) => repeated([1, ...shape.slice(1)], shape, draw),
  },
  ...SIZES.slice(1).map((n) => ({ name: `${n} columns`, index: [1, 1, n, 2], size: [2, n], draw: whole(-1, 2 * n) })),
];

export const planeTake: Family<Params> = {
  domain: NUMERIC,
  accuracy: 'exact',
  slope: SUMMED,
  samples: POSITIONS.flatMap(({ name, index, size, draw, operand = source }) =>
    linearSamples({
      name,
      params: {},
      inputs: (values) => [source(index, draw, 'i32'), operand([index[0]!, ...size, index[3]!], values)],
      moving: 1,
      expected: taken,
    }),
  ),
};

const put = ([index, y]: readonly Tensor[], _: ParamsOf<'planePut'>, shape: Shape): number[] => {
  const [, rows, columns] = index!.shape as [number, number, number, number];
  return tabulate(shape, (n, h, w, c) => {
    let sum = 0;
    tabulate([rows, columns], (p, q) => {
      if (reader(index!)(n!, p!, q!, c!) === h! * shape[2]! + w!) sum += reader(y!)(n!, p!, q!, c!);
      return 0;
    });
    return sum;
  });
};

export const planePut: Family<ParamsOf<'planePut'>> = {
  domain: NUMERIC,
  accuracy: 'accumulated',
  slope: SUMMED,
  samples: POSITIONS.flatMap(({ name, index, size, draw, operand = source }) =>
    linearSamples({
      name,
      params: { size },
      inputs: (values) => [source(index, draw, 'i32'), operand(index, values)],
      moving: 1,
      expected: put,
    }),
  ),
};
