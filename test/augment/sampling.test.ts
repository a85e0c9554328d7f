import { describe, expect, test } from 'vitest';
import { type AffineMap, affineSample } from '../../src/augment/sampling/affine-sample.js';
import { type AxisMap, axisSample } from '../../src/augment/sampling/axis-sample.js';
import { compile, grad, mul, Random, sum, type Tensor, tensor, type Value } from '../../src/index.js';
import { readFixture, type StoredArray, stored } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';
import { prepareDerivatives } from '../support/derivatives.js';
import { programOf } from '../support/programs.js';
import { targets } from '../support/targets.js';
import { tensorOf, uniform } from '../support/tensors.js';

type Shape = readonly [number, number, number, number];
/** Batches of none, one and more; odd, even and single pixels; one channel and more. */
const shapes: readonly Shape[] = [
  [0, 1, 3, 4],
  [1, 1, 1, 1],
  [2, 3, 1, 1],
  [1, 1, 1, 5],
  [3, 1, 4, 3],
  [2, 2, 5, 7],
];

type Entries = { readonly [K in keyof Required<AffineMap>]: number };
const numbers = (random: Random, shape: readonly number[], low = -1, high = 1) =>
  tensorOf(
    uniform(low, high)(
      random,
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
    'f64',
  );

/** One pixel at a time: what the definition says. */
function sampled(planes: Value, [n, c, h, w]: Shape, map: (image: number) => Entries): number[] {
  const data = planes.data();
  const at = (image: number, channel: number, y: number, x: number): number =>
    y < 0 || y >= h || x < 0 || x >= w ? 0 : data[((image * c + channel) * h + y) * w + x]!;
  const out: number[] = [];
  for (let image = 0; image < n; image++)
    for (let channel = 0; channel < c; channel++)
      for (let i = 0; i < h; i++)
        for (let j = 0; j < w; j++) {
          const { yy, yx, xy, xx, dy, dx } = map(image);
          const [p, q] = [i - (h - 1) / 2, j - (w - 1) / 2];
          const y = yy * p + yx * q + (h - 1) / 2 + dy;
          const x = xy * p + xx * q + (w - 1) / 2 + dx;
          const [top, left] = [Math.floor(y), Math.floor(x)];
          let value = 0;
          for (const [v, a] of [
            [top, 1 - (y - top)],
            [top + 1, y - top],
          ] as const)
            for (const [u, b] of [
              [left, 1 - (x - left)],
              [left + 1, x - left],
            ] as const)
              value += a * b * at(image, channel, v, u);
          out.push(value);
        }
  return out;
}

const entries = ['yy', 'yx', 'xy', 'xx', 'dy', 'dx'] as const;
const randomMap = (random: Random, count: number): Record<keyof AffineMap, Tensor> => {
  const one = (): Tensor => numbers(random, [count], -1.5, 1.5);
  return { yy: one(), yx: one(), xy: one(), xx: one(), dy: one(), dx: one() };
};
const entriesOf =
  (map: AffineMap) =>
  (image: number): Entries => ({
    yy: map.yy?.data()[image] ?? 1,
    yx: map.yx?.data()[image] ?? 0,
    xy: map.xy?.data()[image] ?? 0,
    xx: map.xx?.data()[image] ?? 1,
    dy: map.dy?.data()[image] ?? 0,
    dx: map.dx?.data()[image] ?? 0,
  });

describe.each(shapes)('planes of %i × %i × %i × %i', (...shape) => {
  const random = new Random(shape.reduce((a, b) => 31 * a + b, 7));
  const planes = numbers(random, shape);
  const map = randomMap(random, shape[0]);
  const axes = { zoom: numbers(random, [shape[0]], 0.3, 2), dy: map.dy, dx: map.dx };

  test('an affine map is what the definition says', () => {
    const result = affineSample(planes, map);
    expect(result.shape).toEqual(shape);
    expectClose(result.data(), sampled(planes, shape, entriesOf(map)), { absolute: 1e-12 });
  });

  test('entries that are left out are those of the identity', () => {
    for (const some of [{}, { yx: map.yx }, { xx: map.xx, dy: map.dy }, { yy: map.yy, xy: map.xy, dx: map.dx }]) {
      expectClose(affineSample(planes, some).data(), sampled(planes, shape, entriesOf(some)), { absolute: 1e-12 });
    }
    expect(affineSample(planes, {}).data()).toEqual(planes.data());
    expect(axisSample(planes, {}).data()).toEqual(planes.data());
  });

  test('a map of each axis by itself is the same by products of matrices', () => {
    const { zoom, dy, dx } = axes;
    const same = { yy: zoom, xx: zoom, dy, dx };
    expectClose(axisSample(planes, axes).data(), affineSample(planes, same).data(), { absolute: 1e-12 });
    for (const some of [{ zoom }, { dy }, { dx }]) {
      const { zoom: both, ...shift } = some as AxisMap;
      const affine = both ? { yy: both, xx: both } : shift;
      expectClose(axisSample(planes, some).data(), affineSample(planes, affine).data(), { absolute: 1e-12 });
    }
  });
});

describe('against PyTorch', () => {
  type Maps = Record<(typeof entries)[number], StoredArray>;
  const fixture = readFixture<{
    readonly planes: StoredArray;
    readonly map: Maps;
    readonly sampled: StoredArray;
    readonly cotangent: StoredArray;
    readonly gradient: { readonly planes: StoredArray; readonly map: Maps };
  }>('affine-samples');
  const planes = stored(fixture.planes);
  const map = Object.fromEntries(entries.map((name) => [name, stored(fixture.map[name])])) as Required<AffineMap>;

  test('grid_sample reads the same', () => {
    expectClose(affineSample(planes, map).data(), fixture.sampled.values, { absolute: 1e-12 });
  });

  test('and has the same gradients in images and maps', () => {
    const along = (x: Value, m: Required<AffineMap>): Value => sum(mul(affineSample(x, m), stored(fixture.cotangent)));
    const [images, maps] = grad(along, { argnums: [0, 1] })(planes, map) as [Value, Required<AffineMap>];
    expectClose(images.data(), fixture.gradient.planes.values, { absolute: 1e-12 });
    for (const name of entries) expectClose(maps[name].data(), fixture.gradient.map[name].values, { absolute: 1e-11 });
  });
});

describe.each(targets)('derivatives on $name', (target) => {
  test.each<Shape>([
    [2, 2, 4, 3],
    [1, 1, 5, 5],
    [2, 1, 1, 1],
  ])('of reads at affine maps, to second order, of %i × %i × %i × %i', (...shape) => {
    const random = new Random(3);
    const map = randomMap(random, shape[0]);
    const inputs = [numbers(random, shape), ...entries.map((name) => map[name])];
    const program = programOf(
      (planes, yy, yx, xy, xx, dy, dx) => [affineSample(planes!, { yy, yx, xy, xx, dy, dx } as AffineMap)],
      inputs.map(({ aval }) => aval),
    );
    prepareDerivatives({ program, inputs, active: inputs.map(() => true) }, 2, random)(target);
  });

  test.each<Shape>([
    [2, 2, 4, 3],
    [1, 1, 5, 5],
    [2, 1, 1, 1],
  ])('of reads at maps of each axis, to second order, of %i × %i × %i × %i', (...shape) => {
    const random = new Random(5);
    const { dy, dx } = randomMap(random, shape[0]);
    const inputs = [numbers(random, shape), numbers(random, [shape[0]], 0.4, 1.7), dy, dx];
    const program = programOf(
      (planes, zoom, down, right) => [axisSample(planes!, { zoom, dy: down, dx: right } as AxisMap)],
      inputs.map(({ aval }) => aval),
    );
    prepareDerivatives({ program, inputs, active: inputs.map(() => true) }, 2, random)(target);
  });
});

describe('where a place lies on the grid exactly', () => {
  const planes = tensor([1, 4, 9, 16, 25], { shape: [1, 1, 1, 5], dtype: 'f64' });
  const slope = (read: (dx: Value) => Value): number[] => {
    const at = (dx: Value): Value => read(dx);
    return Array.from({ length: 5 }, (_, i) =>
      grad((dx: Value) =>
        sum(
          mul(
            at(dx),
            tensor(
              Float64Array.from({ length: 5 }, (_, j) => Number(i === j)),
              { shape: [1, 1, 1, 5] },
            ),
          ),
        ),
      )(tensor([0], { dtype: 'f64' })).item(),
    );
  };

  test('an affine map takes the slope towards larger coordinates', () => {
    expect(slope((dx) => affineSample(planes, { dx }))).toEqual([3, 5, 7, 9, -25]);
  });

  test('a map of each axis takes the mean of both sides', () => {
    expect(slope((dx) => axisSample(planes, { dx }))).toEqual([2, 4, 6, 8, -8]);
  });
});

describe('maps that are no maps', () => {
  const planes = tensor([1, 2, 3, 4], { shape: [1, 1, 2, 2] });
  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a shift of %d gives NaN, not an old pixel', (dx) => {
    const shift = tensor([dx]);
    expect(affineSample(planes, { dx: shift }).data()).toEqual(new Float32Array(4).fill(Number.NaN));
  });

  test('a shift beyond what i32 counts reads zeros', () => {
    for (const dx of [1e12, -1e12, 3e9]) {
      const shift = tensor([dx]);
      expect(affineSample(planes, { dx: shift, dy: shift }).data()).toEqual(new Float32Array(4));
      expect(axisSample(planes, { dx: shift }).data()).toEqual(new Float32Array(4));
    }
  });

  test('images must be planes', () => {
    expect(() => affineSample(tensor([1, 2]), {})).toThrow('affineSample: planes must be [N, C, H, W], got f32[2]');
  });
});

test('in a compiled program the identity is exact in f32', () => {
  const random = new Random(8);
  const planes = tensorOf(uniform(-1, 1)(random, 3 * 2 * 28 * 27), [3, 2, 28, 27], 'f32');
  const [one, zero] = [tensor([1, 1, 1]), tensor([0, 0, 0])];
  const affine = compile((x: Value, a: Value, b: Value) =>
    affineSample(x, { yy: a, yx: b, xy: b, xx: a, dy: b, dx: b }),
  );
  expect(affine(planes, one, zero).data()).toEqual(planes.data());
  const axis = compile((x: Value, a: Value, b: Value) => axisSample(x, { zoom: a, dy: b, dx: b }));
  expect(axis(planes, one, zero).data()).toEqual(planes.data());
});
