import { describe, expect, test } from 'vitest';
import { Random } from '../../src/data/random.js';
import { Literal, type Program, printProgram, scalar, simplify, type Value } from '../../src/ir/index.js';
import {
  add,
  broadcastTo,
  convert,
  div,
  equal,
  exp,
  full,
  mul,
  neg,
  pow,
  reshape,
  stopGradient,
  sub,
  sum,
  transpose,
} from '../../src/ops/index.js';
import { expectEqual } from '../support/compare.js';
import { check, programOf } from '../support/programs.js';
import { reference } from '../support/targets.js';
import { directionLike } from '../support/tensors.js';

const aval = { shape: [2, 3], dtype: 'f32' } as const;
const simplified = (fn: (x: Value) => Value | readonly Value[], final = false): Program =>
  check(
    simplify(
      programOf((x) => [fn(x!)].flat(), [aval]),
      { final },
    ),
  );
const names = ({ equations }: Program): string[] => equations.map(({ primitive }) => primitive.name);

describe('simplify', () => {
  test('drops what nobody reads', () => {
    expect(
      names(
        simplified((x) => {
          exp(x);
          return neg(x);
        }),
      ),
    ).toEqual(['neg']);
  });

  test('computes common subexpressions once, in either order of a commutative operation', () => {
    expect(names(simplified((x) => add(exp(x), exp(x))))).toEqual(['exp', 'add']);
    expect(names(simplified((x) => [mul(x, exp(x)), mul(exp(x), x)]))).toEqual(['exp', 'mul']);
    expect(names(simplified((x) => [sub(x, exp(x)), sub(exp(x), x)]))).toEqual(['exp', 'sub', 'sub']);
  });

  test('tells params apart', () => {
    expect(names(simplified((x) => [sum(x, { axes: 0 }), sum(x, { axes: 1 })]))).toEqual(['sum', 'sum']);
  });

  test('tells dtypes of equal literals apart', () => {
    const program = simplified(() => [exp(full([2], 2, 'f32')), exp(full([2], 2, 'f64'))]);
    expect(program.outputs.map((atom) => atom.aval.dtype)).toEqual(['f32', 'f64']);
  });

  test('drops neutral operands, numbers and whole arrays of them', () => {
    expect(names(simplified((x) => div(mul(add(sub(x, 0), 0), 1), 1)))).toEqual([]);
    expect(names(simplified((x) => mul(full([2, 3], 1, 'f32'), x)))).toEqual([]);
    expect(names(simplified((x) => sub(full([2, 3], 0, 'f32'), x)))).toContain('sub');
  });

  test('keeps −0 apart from 0: x − (−0) and x · (−1) are not x', () => {
    expect(names(simplified((x) => sub(x, -0)))).toContain('sub');
    expect(names(simplified((x) => mul(x, -1)))).toContain('mul');
  });

  test('folds constants, rounding as f32 does', () => {
    const program = simplified(() => mul(scalar(0.1, 'f32'), 3));
    expect(names(program)).toEqual([]);
    expect((program.outputs[0] as Literal).value).toBe(Math.fround(Math.fround(0.1) * 3));
  });

  test('a twin of what has been folded is the number too', () => {
    const program = simplified((x) => [mul(x, neg(scalar(1, 'f32'))), add(x, neg(scalar(1, 'f32')))]);
    expect(names(program)).toEqual(['broadcast', 'mul', 'add']);
  });

  test('folds arrays of one number into one', () => {
    const program = simplified((x) => mul(x, exp(full([2, 3], 0, 'f32'))));
    expect(names(program)).toEqual([]);
  });

  test('leaves integer arithmetic to the backend, which wraps', () => {
    const program = simplified(() => add(scalar(2 ** 31 - 1, 'i32'), 1));
    const [result] = reference.run(program, [directionLike(new Random(1), aval)]);
    expect(result!.item()).toBe(-(2 ** 31));
  });

  test('folds comparisons to bits', () => {
    const program = simplified(() => equal(scalar(2, 'f32'), 2));
    expect(program.outputs[0]).toEqual(new Literal(1, 'bool'));
  });

  test('reads through views and broadcasts', () => {
    expect(names(simplified((x) => reshape(reshape(x, [6]), [3, 2])))).toEqual(['reshape']);
    expect(names(simplified((x) => reshape(reshape(x, [6]), [2, 3])))).toEqual([]);
    const twice = simplified((x) => {
      const row = sum(x, { axes: 0 });
      return broadcastTo(broadcastTo(row, [2, 3]), [4, 2, 3]);
    });
    expect(names(twice)).toEqual(['sum', 'broadcast']);
  });

  test('computes what is the same along an axis once', () => {
    const row = (x: Value): Value => broadcastTo(sum(x, { axes: 0 }), [2, 3]);
    const column = (x: Value): Value => broadcastTo(sum(x, { axes: 1, keepDims: true }), [2, 3]);
    const shapes = (program: Program): string[] =>
      program.equations.map(({ primitive, outputs }) => `${primitive.name}[${outputs[0]!.aval.shape}]`);
    expect(shapes(simplified((x) => exp(row(x))))).toEqual(['sum[3]', 'exp[3]', 'broadcast[2,3]']);
    // The number is repeated along the row only.
    expect(shapes(simplified((x) => mul(row(x), full([2, 3], 2, 'f32'))))).toEqual([
      'sum[3]',
      'broadcast[3]',
      'mul[3]',
      'broadcast[2,3]',
    ]);
    expect(names(simplified((x) => add(row(x), column(x)))).at(-1)).toBe('add');
    expect(names(simplified((x) => add(row(x), x))).at(-1)).toBe('add');
  });

  test('keeps what only derivatives see until no derivative will be taken', () => {
    expect(names(simplified((x) => neg(stopGradient(x))))).toEqual(['stopGradient', 'neg']);
    expect(names(simplified((x) => neg(stopGradient(x)), true))).toEqual(['neg']);
  });

  test('keeps the inputs, also those it has no use for', () => {
    const program = simplified(() => scalar(1, 'f32'));
    expect(program.inputs).toHaveLength(1);
  });

  test('is done after one pass', () => {
    const once = simplified((x) => mul(add(exp(x), mul(exp(x), 1)), transpose(transpose(x, [1, 0]), [1, 0])));
    expect(printProgram(simplify(once))).toBe(printProgram(once));
  });
});

describe('a simplified program computes the same', () => {
  const operations: readonly ((x: Value, y: Value) => Value)[] = [
    add,
    sub,
    mul,
    (x, y) => div(x, add(mul(y, y), 1)),
    (x) => mul(x, 1),
    (x) => add(x, 0),
    (x) => exp(mul(x, 0.25)),
    (x) => neg(x),
    (x, y) => add(x, full([2, 3], y.size, 'f32')),
    (x) => transpose(reshape(transpose(x), [2, 3]), [0, 1]),
    (x) => broadcastTo(sum(x, { axes: 0, keepDims: true }), [2, 3]),
    (x) => broadcastTo(broadcastTo(sum(x), [3]), [2, 3]),
    (x, y) => sub(broadcastTo(sum(x), [2, 3]), broadcastTo(sum(y, { axes: 0 }), [2, 3])),
    (x, y) => mul(broadcastTo(sum(x, { axes: 1, keepDims: true }), [2, 3]), broadcastTo(sum(y, { axes: 0 }), [2, 3])),
    (x) => pow(mul(x, x), full([2, 3], 0.5, 'f32')),
    (x) => convert(convert(x, 'f64'), 'f32'),
    (x) => stopGradient(x),
    (x, y) => convert(equal(x, y), 'f32'),
  ];

  test.each(Array.from({ length: 40 }, (_, seed) => seed))('random program %i', (seed) => {
    const random = new Random(seed, 'programs');
    const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)]!;
    const program = programOf(
      (x, y) => {
        const values: Value[] = [x!, y!];
        for (let step = 0; step < 12; step++) values.push(pick(operations)(pick(values), pick(values)));
        return values.slice(-3);
      },
      [aval, aval],
    );
    const inputs = [directionLike(random, aval), directionLike(random, aval)];
    const expected = reference.run(program, inputs);
    for (const final of [false, true]) {
      const got = reference.run(check(simplify(program, { final })), inputs);
      got.forEach((tensor, i) => {
        expectEqual(tensor.data(), expected[i]!.data());
      });
    }
  });
});
