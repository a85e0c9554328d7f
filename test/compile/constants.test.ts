import { describe, expect, test } from 'vitest';
import { makeExecutable } from '../../src/backends/executable.js';
import { backends } from '../../src/backends/index.js';
import { splitConstants } from '../../src/compile/constants.js';
import { type Aval, type Program, simplify, type Value } from '../../src/ir/index.js';
import { add, broadcastTo, convert, exp, iota, matmul, mul, oneHot, reshape, sum } from '../../src/ops/index.js';
import { check, programOf } from '../support/programs.js';
import { reference } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';

const f32 = (...shape: number[]): Aval => ({ shape, dtype: 'f32' });
const made = (fn: (...inputs: Value[]) => Value[], ...avals: Aval[]): Program =>
  simplify(programOf(fn, avals), { final: true });
const names = ({ equations }: Program): string[] => equations.map(({ primitive }) => primitive.name);
const counter = (shape: readonly number[], axis: number): Value => convert(iota(shape, axis), 'f32');

describe('splitConstants', () => {
  test('labels as one-hot rows: the counter is made once', () => {
    const split = splitConstants(made((labels) => [oneHot(labels!, 10, 'f32')], { shape: [32], dtype: 'i32' }))!;
    expect(names(split.constants)).toContain('iota');
    expect(names(split.rest)).not.toContain('iota');
    expect(split.rest.inputs).toHaveLength(1 + split.constants.outputs.length);
  });

  test('all that leads to a constant goes with it, and only what is read comes out', () => {
    const split = splitConstants(made((x) => [mul(x!, exp(mul(counter([5], 0), 0.5)))], f32(5)))!;
    check(split.constants);
    check(split.rest);
    expect(names(split.rest)).toEqual(['mul']);
    expect(split.constants.outputs).toHaveLength(1);
  });

  test('a broadcast stays with its reader, and what it repeats is kept small', () => {
    const split = splitConstants(made((x) => [add(x!, broadcastTo(exp(counter([4], 0)), [50, 4]))], f32(50, 4)))!;
    expect(split.constants.outputs.map(({ aval }) => aval.shape)).toEqual([[4]]);
    expect(names(split.rest)).toEqual(['broadcast', 'add']);
  });

  test('nothing to take: inputs alone, broadcast literals, a tensor too large, a constant that is only an output', () => {
    expect(splitConstants(made((x) => [exp(x!)], f32(3)))).toBeUndefined();
    expect(splitConstants(made((x) => [add(x!, 1)], f32(3)))).toBeUndefined();
    expect(splitConstants(made((x) => [mul(x!, counter([20_000], 0))], f32(20_000)))).toBeUndefined();
    expect(splitConstants(made((x) => [exp(x!), counter([7], 0)], f32(3)))).toBeUndefined();
  });

  test('many constants: kept up to 1 MB in all', () => {
    const reads = (x: Value): Value => {
      const tables = Array.from({ length: 30 }, (_, i) => exp(mul(counter([16_000], 0), i / 1000)));
      return tables.reduce((total, table) => add(total, mul(x, table)), x);
    };
    const { constants, rest } = splitConstants(made((x) => [reads(x!)], f32(16_000)))!;
    expect(constants.outputs).toHaveLength(16);
    check(rest);
  });

  describe.each(backends().flatMap(({ name, backend }) => (backend ? [{ name, backend }] : [])))(
    'on $name',
    ({ backend }) => {
      test('run after run the result of the whole program, also where an output is such a constant', async () => {
        const program = programOf(
          (x, y) => {
            const table = exp(mul(counter([3, 4], 1), -0.25));
            const weights = reshape(table, [4, 3]);
            return [matmul(x!, weights), add(table, y!), table, sum(table), mul(x!, counter([2, 4], 0))];
          },
          [f32(2, 4), f32(3, 4)],
        );
        const executable = makeExecutable(backend, program);
        for (const scale of [1, -2, 0]) {
          const inputs = [f32(2, 4), f32(3, 4)].map(({ shape }) =>
            tensorOf(
              Float32Array.from({ length: shape[0]! * shape[1]! }, (_, i) => scale * Math.sin(i)),
              shape,
              'f32',
            ),
          );
          const expected = reference.run(program, inputs);
          const runs = [executable.run(inputs), await executable.runAsync(inputs)];
          for (const results of runs) {
            results.forEach((result, i) => {
              expect(result.shape).toEqual(expected[i]!.shape);
              result.data().forEach((value, k) => {
                expect(value).toBeCloseTo(expected[i]!.data()[k]!, 5);
              });
            });
          }
        }
      });
    },
  );
});
