import { describe, expect, test } from 'vitest';
import {
  type AugmentOperation,
  add,
  augmentOperation,
  augmentOperations,
  ConfigError,
  compile,
  Random,
  type Shape,
  type Tensor,
  tensor,
  type Value,
} from '../../src/index.js';
import { expectClose } from '../support/compare.js';
import { prepareDerivatives } from '../support/derivatives.js';
import { programOf } from '../support/programs.js';
import { targets } from '../support/targets.js';
import { tensorOf, uniform } from '../support/tensors.js';

const operations = Object.values(augmentOperations) as readonly AugmentOperation[];
const numbers = (random: Random, shape: Shape, low = 0, high = 1): Tensor =>
  tensorOf(
    uniform(low, high)(
      random,
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
    'f64',
  );

/** The table that an operation draws for images of these planes, if it has one. */
function tableOf({ table }: AugmentOperation, [, channels, height, width]: Shape): Tensor | undefined {
  if (!table) return undefined;
  const { shape, values } = table(new Random(9), [height!, width!, channels!]);
  return tensorOf(values, shape, 'f64');
}

/** op(x) for planes x, one magnitude and one set of draws for each image. */
function applied(
  operation: AugmentOperation,
  x: Value,
  magnitude: readonly number[],
  draws: readonly number[][],
): Value {
  const table = tableOf(operation, x.shape);
  const change = operation.change(x, {
    magnitude: tensor(magnitude, { dtype: 'f64' }),
    uniforms: draws.map((each) => tensor(each, { dtype: 'f64' })),
    ...(table && { table }),
  });
  return add(x, change);
}

const shapes: readonly Shape[] = [
  [0, 1, 3, 4],
  [1, 2, 1, 1],
  [2, 3, 5, 4],
  [1, 1, 1, 7],
];

describe.each(operations)('$name', (operation) => {
  test('is entered under its name, and has a range that begins at nothing if its magnitude can be learned', () => {
    expect(augmentOperation(operation.name)).toBe(operation);
    const [least, most] = operation.range;
    if (operation.differentiable) expect(least).toBe(0);
    expect(most).toBeGreaterThan(0);
  });

  test.each(shapes)('keeps the shape of %i × %i × %i × %i, and at magnitude 0 every pixel', (...shape) => {
    const random = new Random(1);
    const x = numbers(random, shape);
    const draws = Array.from({ length: operation.draws }, () => uniform(0, 1)(random, shape[0]!));
    const strong = applied(operation, x, new Array(shape[0]).fill(operation.range[1]), draws);
    expect(strong.shape).toEqual(shape);
    expect(strong.data().every(Number.isFinite)).toBe(true);
    if (!operation.differentiable) return;
    expect(applied(operation, x, new Array(shape[0]).fill(0), draws).data()).toEqual(x.data());
  });

  test('does to one image what it does to it among others', () => {
    const random = new Random(2);
    const shape = [3, 2, 5, 4];
    const x = numbers(random, shape);
    const magnitude = uniform(0, operation.range[1])(random, 3);
    const draws = Array.from({ length: operation.draws }, () => uniform(0, 1)(random, 3));
    const together = applied(operation, x, magnitude, draws).data();
    for (let i = 0; i < 3; i++) {
      const alone = tensorOf(x.data().subarray(40 * i, 40 * (i + 1)), [1, 2, 5, 4], 'f64');
      const own = applied(
        operation,
        alone,
        [magnitude[i]!],
        draws.map((each) => [each[i]!]),
      );
      // A mean over an image may be added up in another order.
      expectClose(own.data(), together.subarray(40 * i, 40 * (i + 1)), { relative: 1e-13, absolute: 1e-14 });
    }
  });
});

describe.each(targets)('derivatives on $name', (target) => {
  test.each(operations)('of $name in images and magnitude, to second order', (operation) => {
    const random = new Random(4);
    const shape = [2, 2, 4, 5];
    const draws = Array.from({ length: operation.draws }, () => numbers(random, [2]));
    const table = tableOf(operation, shape);
    const inputs = [
      numbers(random, shape),
      numbers(random, [2], 0.2 * operation.range[1], operation.range[1]),
      ...draws,
      ...(table ? [table] : []),
    ];
    const program = programOf(
      (x, magnitude, ...rest) => [
        operation.change(x!, { magnitude: magnitude!, uniforms: rest, ...(table && { table: rest.at(-1)! }) }),
      ],
      inputs.map(({ aval }) => aval),
    );
    const active = inputs.map((_, i) => i === 0 || (i === 1 && operation.differentiable));
    prepareDerivatives({ program, inputs, active }, 2, random)(target);
  });
});

/** A 3 × 4 image of one channel, with the numbers 1 … 12. */
const image = tensor(
  Array.from({ length: 12 }, (_, i) => i + 1),
  { dtype: 'f64' },
);
const picture = tensorOf(image.data(), [1, 1, 3, 4], 'f64');
const rows = (value: Value): number[][] => {
  const [height, width] = value.shape.slice(2) as [number, number];
  return Array.from({ length: height }, (_, i) => Array.from(value.data().slice(i * width, (i + 1) * width)));
};

describe('what the operations do', () => {
  test('translate moves by its share of the side, in the direction drawn', () => {
    // A quarter turn of the direction is downwards in the source: the image goes up by 1/3 of 3 rows.
    expectClose(
      rows(applied(augmentOperations.translate, picture, [1 / 3], [[0.25]])).flat(),
      [5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0],
      { absolute: 1e-12 },
    );
    expectClose(
      rows(applied(augmentOperations.translate, picture, [0.25], [[0.5]])).flat(),
      [0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11],
      { absolute: 1e-12 },
    );
    // Half a pixel mixes neighbours.
    expectClose(rows(applied(augmentOperations.translate, picture, [0.125], [[0]]))[0]!, [1.5, 2.5, 3.5, 2], {
      absolute: 1e-12,
    });
  });

  test('rotate turns by its degrees, either way', () => {
    const square = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], { shape: [1, 1, 3, 3], dtype: 'f64' });
    const quarter = (side: number) => rows(applied(augmentOperations.rotate, square, [90], [[side]])).flat();
    expectClose(quarter(0.9), [3, 6, 9, 2, 5, 8, 1, 4, 7], { absolute: 1e-12 });
    expectClose(quarter(0.1), [7, 4, 1, 8, 5, 2, 9, 6, 3], { absolute: 1e-12 });
  });

  test('scale shrinks or enlarges about the centre', () => {
    const line = tensor([1, 2, 3, 4, 5], { shape: [1, 1, 1, 5], dtype: 'f64' });
    const scaled = (side: number) => rows(applied(augmentOperations.scale, line, [Math.log(2)], [[side]]))[0]!;
    expectClose(scaled(0.9), [0, 1, 3, 5, 0], { absolute: 1e-12 });
    expectClose(scaled(0.1), [2, 2.5, 3, 3.5, 4], { absolute: 1e-12 });
  });

  test('shear shifts rows or columns by their distance from the centre', () => {
    const sheared = (side: number, axis: number) =>
      rows(applied(augmentOperations.shear, picture, [1], [[side], [axis]])).flat();
    expectClose(sheared(0.9, 0.1), [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 0], { absolute: 1e-12 });
    expectClose(sheared(0.1, 0.1), [2, 3, 4, 0, 5, 6, 7, 8, 0, 9, 10, 11], { absolute: 1e-12 });
    // Columns −1.5 … 1.5 from the centre: half pixels.
    const [first] = rows(applied(augmentOperations.shear, picture, [1], [[0.9], [0.9]]));
    expectClose(first!, [0, 1, 5, (8 + 12) / 2], { absolute: 1e-12 });
  });

  test('flip mirrors', () => {
    expect(rows(applied(augmentOperations.flip, picture, [1], []))).toEqual([
      [4, 3, 2, 1],
      [8, 7, 6, 5],
      [12, 11, 10, 9],
    ]);
  });

  test('brightness adds, contrast spreads about the mean', () => {
    const brighter = applied(augmentOperations.brightness, picture, [0.5], [[0.9]]);
    expect(rows(brighter)[1]).toEqual([5.5, 6.5, 7.5, 8.5]);
    const darker = applied(augmentOperations.brightness, picture, [0.5], [[0.1]]);
    expect(rows(darker)[0]).toEqual([0.5, 1.5, 2.5, 3.5]);
    const about = (factor: number) => Array.from({ length: 12 }, (_, i) => 6.5 + (i + 1 - 6.5) * factor);
    const contrasted = (side: number) => applied(augmentOperations.contrast, picture, [Math.log(2)], [[side]]);
    expectClose(contrasted(0.9).data(), about(2), { absolute: 1e-12 });
    expectClose(contrasted(0.1).data(), about(0.5), { absolute: 1e-12 });
  });

  test('cutout blackens as much as its box covers', () => {
    const ones = tensor(new Float64Array(48).fill(1), { shape: [1, 1, 6, 8] });
    // A box of 3 × 4 about the pixel corner at (3, 4): rows 1.5 … 4.5, columns 2 … 6.
    const cut = rows(applied(augmentOperations.cutout, ones, [0.5], [[0.5], [0.5]]));
    expect(cut[0]).toEqual(new Array(8).fill(1));
    expect(cut[1]).toEqual([1, 1, 0.5, 0.5, 0.5, 0.5, 1, 1]);
    expect(cut[2]).toEqual([1, 1, 0, 0, 0, 0, 1, 1]);
    expect(cut[4]).toEqual(cut[1]);
    // At a corner three quarters of it fall outside.
    const corner = applied(augmentOperations.cutout, ones, [0.5], [[0], [0]]);
    expect(48 - Array.from(corner.data()).reduce((a, b) => a + b, 0)).toBeCloseTo(3 * 4 * 0.25, 12);
  });

  test('noise is standard normal times its magnitude, and of another kind for every image', () => {
    const random = new Random(6);
    const count = 400;
    const x = tensor(new Float64Array(count * 16), { shape: [count, 1, 4, 4] });
    const draws = Array.from({ length: 3 }, () => uniform(0, 1)(random, count));
    const field = Array.from(
      applied(augmentOperations.noise, x, new Array(count).fill(0.2), draws).data(),
      (v) => v / 0.2,
    );
    const moment = (k: number): number => field.reduce((total, v) => total + v ** k, 0) / field.length;
    // Of 64 fields of 16: their own spread, 1/√1024, is what moments can be off by.
    expect(Math.abs(moment(1))).toBeLessThan(0.1);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.15);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.8);
    const firsts = new Set(Array.from({ length: count }, (_, i) => field[16 * i]));
    expect(firsts.size).toBe(count);
  });

  test('noise never takes one field twice: the variance of any pair is 1', () => {
    const { noise } = augmentOperations;
    const shape = [1, 1, 1, 1];
    const table = tensor(
      Float64Array.from({ length: 64 }, (_, i) => i),
      { shape: [64, 1, 1, 1] },
    );
    const x = tensor(new Float64Array(1), { shape });
    const fields = (first: number, second: number): [number, number] => {
      const read = (turn: number): number =>
        noise
          .change(x, {
            magnitude: tensor([1], { dtype: 'f64' }),
            uniforms: [[first], [second], [turn]].map((u) => tensor(u, { dtype: 'f64' })),
            table,
          })
          .item();
      return [Math.round(read(0)), Math.round(read(0.25))];
    };
    for (const first of [0, 0.5, 63.5 / 64]) {
      const others = Array.from({ length: 63 }, (_, k) => fields(first, (k + 0.5) / 63));
      expect(new Set(others.map(([one]) => one))).toEqual(new Set([Math.floor(first * 64)]));
      const rest = others.map(([, other]) => other);
      expect(new Set(rest).size).toBe(63);
      expect(rest).not.toContain(Math.floor(first * 64));
      expect(Math.min(...rest)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...rest)).toBeLessThan(64);
    }
  });
});

test('a name that is no operation is refused', () => {
  expect(() => augmentOperation('posterise')).toThrow(ConfigError);
  expect(() => augmentOperation('toString')).toThrow(
    'augmentation: there is no operation "toString"; choose among rotate, shear, translate',
  );
});

test('compiled in f32 an operation is what it is in f64', () => {
  const random = new Random(7);
  for (const operation of operations) {
    const shape = [4, 3, 9, 8];
    const x = numbers(random, shape);
    const magnitude = numbers(random, [4], 0, operation.range[1]);
    const draws = Array.from({ length: operation.draws }, () => numbers(random, [4]));
    const table = tableOf(operation, shape);
    const f32 = (value: Tensor): Tensor => tensorOf(value.data(), value.shape, 'f32');
    const run = compile((images: Value, m: Value, uniforms: readonly Value[], tables: readonly Value[]) =>
      operation.change(images, { magnitude: m, uniforms, ...(tables[0] && { table: tables[0] }) }),
    );
    const single = run(f32(x), f32(magnitude), draws.map(f32), table ? [f32(table)] : []);
    const double = run(x, magnitude, draws, table ? [table] : []);
    expectClose(single.data(), double.data(), { absolute: 2e-5 });
  }
});
