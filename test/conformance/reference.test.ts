import { describe, expect, test } from 'vitest';
import { referenceBackend } from '../../src/backends/reference.js';
import { BackendError, DTypeError, Literal, ShapeError, type Tensor, Var } from '../../src/ir/index.js';
import { add, exp, mul, primitives, sum } from '../../src/ops/index.js';
import { programOf } from '../support/programs.js';
import { tensorOf } from '../support/tensors.js';

const vector = { shape: [3], dtype: 'f32' } as const;
const square = programOf((x) => [mul(x!, x!)], [vector]);

describe('the reference backend', () => {
  test('names the operation it does not have', () => {
    const stranger = { ...primitives.exp, name: 'stranger' };
    const program = programOf((x) => [exp(x!)], [vector]);
    const equations = program.equations.map((equation) => ({ ...equation, primitive: stranger }));
    expect(() => referenceBackend.compile({ ...program, equations })).toThrow(BackendError);
    expect(() => referenceBackend.compile({ ...program, equations })).toThrow(/stranger/);
  });

  test('refuses inputs that are not the program’s', () => {
    const { run } = referenceBackend.compile(square);
    expect(() => run([])).toThrow(ShapeError);
    expect(() => run([tensorOf([1, 2], [2], 'f32')])).toThrow('input 0 must be f32[3], got f32[2]');
    expect(() => run([tensorOf([1, 2, 3], [3], 'f64')])).toThrow(DTypeError);
  });

  test('runs asynchronously to the same result, and rejects rather than throws', async () => {
    const executable = referenceBackend.compile(square);
    const [result] = (await executable.runAsync([tensorOf([1, 2, 3], [3], 'f32')])) as [Tensor];
    expect([...result.data()]).toEqual([1, 4, 9]);
    await expect(executable.runAsync([])).rejects.toThrow(ShapeError);
  });

  test('hands through inputs, literals and repeated outputs', () => {
    const x = new Var(vector);
    const program = { inputs: [x], equations: [], outputs: [x, new Literal(7, 'i32'), x] };
    const [first, number, again] = referenceBackend.compile(program).run([tensorOf([1, 2, 3], [3], 'f32')]);
    expect([...first!.data()]).toEqual([1, 2, 3]);
    expect(number!.item()).toBe(7);
    expect(number!.dtype).toBe('i32');
    expect([...again!.data()]).toEqual([1, 2, 3]);
  });

  test('may be run again with other inputs', () => {
    const { run } = referenceBackend.compile(square);
    const [before] = run([tensorOf([1, 2, 3], [3], 'f32')]) as [Tensor];
    run([tensorOf([4, 5, 6], [3], 'f32')]);
    expect([...before.data()]).toEqual([1, 4, 9]);
  });

  test('tells how much memory intermediates take at once', () => {
    const chain = programOf((x) => [sum(exp(exp(add(x!, 1))))], [vector]);
    const { instructions, arenaBytes } = referenceBackend.compile(chain).stats();
    expect(instructions).toBe(chain.equations.length);
    // Two vectors of three f32: the one read and the one written.
    expect(arenaBytes).toBe(24);
  });
});
