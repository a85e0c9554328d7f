import { afterEach, describe, expect, test } from 'vitest';
import { makeExecutable } from '../../src/backends/executable.js';
import { getBackend, useBackend } from '../../src/backends/index.js';
import { wasmBackend } from '../../src/backends/wasm.js';
import { wasmEngine } from '../../src/backends/wasm-file.js';
import { encode } from '../../src/compile/encode.js';
import { grad, tensor } from '../../src/index.js';
import { BackendError, Tensor, trace, type Value } from '../../src/ir/index.js';
import { broadcastTo, exp, matmul, mul, sum } from '../../src/ops/index.js';
import { generator, randomProgram } from '../compile/random-programs.js';

const backend = wasmBackend(wasmEngine());

test('a product of odd sizes, by hand', () => {
  const x = Tensor.of(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], 'f32');
  const y = Tensor.of(Float32Array.of(1, 0, 0, 1, 1, 1), [3, 2], 'f32');
  const { program } = trace((x, y) => [matmul(x!, y!)], [x.aval, y.aval]);
  const [product] = makeExecutable(backend, program).run([x, y]);
  expect([...product!.data()]).toEqual([4, 5, 10, 11]);
});

test('results outlive the memory of the run that made them', async () => {
  const { program } = trace((x) => [mul(x!, 2)], [{ shape: [1000], dtype: 'f64' }]);
  const executable = makeExecutable(backend, program);
  const make = (value: number) => Tensor.of(new Float64Array(1000).fill(value), [1000], 'f64');
  const [first] = executable.run([make(1)]);
  const [second] = await executable.runAsync([make(2)]);
  expect(first!.data().every((value) => value === 2)).toBe(true);
  expect(second!.data().every((value) => value === 4)).toBe(true);
});

test('memory grows within a run, and what is returned is of the memory after it', () => {
  const n = 1500;
  const { program } = trace(
    (x) => {
      const table = exp(matmul(broadcastTo(x!, [n, 1]), broadcastTo(x!, [1, n])));
      return [sum(matmul(table, table), { axes: 0 })];
    },
    [{ shape: [], dtype: 'f32' }],
  );
  const executable = makeExecutable(wasmBackend(wasmEngine()), program);
  expect(executable.stats().arenaBytes).toBeGreaterThan(9e6);
  const [result] = executable.run([Tensor.of(Float32Array.of(0), [], 'f32')]);
  expect(result!.data().every((value) => value === n * n)).toBe(true);
});

test('more than 4 GiB: a typed error, and the next run goes well', () => {
  const input = Tensor.of(Float64Array.of(1), [], 'f64');
  const vast = trace((x) => [broadcastTo(x!, [600_000_000])], [input.aval]).program;
  const own = wasmBackend(wasmEngine());
  expect(() => makeExecutable(own, vast).run([input])).toThrow(/exceeds 4 GiB/);
  expect(() => wasmEngine().instance.staging(5e9)).toThrow(/do not fit into 4 GiB/);
  const small = trace((x) => [exp(x!)], [input.aval]).program;
  expect(makeExecutable(own, small).run([input])[0]!.data()[0]).toBeCloseTo(Math.E, 12);
});

test('changed tapes: an error with a text or a program, never a trap', () => {
  const instance = wasmEngine().instance;
  const random = generator(5);
  const below = (limit: number): number => Math.floor(random() * limit);
  let refused = 0;
  for (let seed = 0; seed < 40; seed++) {
    const { words, literals } = encode(randomProgram(seed).program);
    for (let round = 0; round < 20; round++) {
      const changed = words.slice();
      changed[below(words.length)] = [0, 1, -1, 2 ** 31 - 1, below(100)][below(5)]!;
      const at = instance.staging(changed.byteLength + 64 + literals.byteLength);
      new Int32Array(instance.memory.buffer, at, changed.length).set(changed);
      const after = at + Math.ceil(changed.byteLength / 64) * 64;
      new Float64Array(instance.memory.buffer, after, literals.length).set(literals);
      const program = instance.exports.compile(at, changed.length, after, literals.length);
      if (program !== 0) {
        instance.exports.destroy(program);
        continue;
      }
      refused += 1;
      expect(instance.failure().message).toMatch(/^tape: |out of memory/);
      expect(instance.failure()).toBeInstanceOf(BackendError);
    }
  }
  expect(refused).toBeGreaterThan(100);
});

describe('as the backend of everything', () => {
  const before = getBackend('wasm');
  afterEach(() => useBackend(process.env.AUTOBALANCE_BACKEND ?? 'native'));

  test('it says what it is, and derivatives run on it', () => {
    useBackend('wasm');
    expect(before.info()).toMatchObject({ name: 'wasm', details: { threads: 1 } });
    const derivative = grad((x: Value) => sum(mul(mul(x, x), x)));
    expect([...derivative(tensor([1, 2, 3])).data()]).toEqual([3, 12, 27]);
  });
});
