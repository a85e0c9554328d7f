import { describe, expect, test } from 'vitest';
import { nativeAddon } from '../../src/backends/native.js';
import { encode } from '../../src/compile/encode.js';
import { HEADER_WORDS, roles, TAPE_VERSION } from '../../src/compile/tape.js';
import { allocateArray, type Program, type TypedArray, trace } from '../../src/ir/index.js';
import {
  add,
  argmax,
  concatenate,
  conv2d,
  iota,
  matmul,
  maxPool,
  mul,
  pad,
  reverse,
  slice,
  softmax,
  sum,
  takeRows,
  transpose,
} from '../../src/ops/index.js';
import { generator, randomProgram } from '../compile/random-programs.js';
import { addonExists } from '../support/targets.js';

/** One program that uses most kernels, small enough to run thousands of times. */
function everything(): Program {
  return trace(
    (x, f, index) => {
      const y = maxPool(conv2d(x!, f!), { window: 2 });
      const rows = transpose(slice(y, [0, 0, 0, 0], [2, 2, 2, 3]), [0, 3, 1, 2]);
      const table = pad(concatenate([softmax(matmul(rows, rows)), reverse(rows, [1])], 3), [0, 1, 0, 0], [0, 0, 0, 0]);
      const taken = takeRows(table, index!);
      return [mul(sum(taken, { axes: [0, 2] }), 0.5), argmax(table), add(iota([4], 0, 'f32'), sum(y))];
    },
    [
      { shape: [2, 4, 4, 2], dtype: 'f32' },
      { shape: [3, 3, 2, 3], dtype: 'f32' },
      { shape: [3], dtype: 'i32' },
    ],
  ).program;
}

const arraysFor = (program: Program): TypedArray[] =>
  program.inputs.map(({ aval }) =>
    allocateArray(
      aval.dtype,
      aval.shape.reduce((a, b) => a * b, 1),
    ).fill(1),
  );

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

describe.skipIf(!addonExists)('the tape at the native boundary', () => {
  test('both sides number steps, folds and kernels alike', () => {
    const info = nativeAddon().info();
    expect(info.tapeVersion).toBe(TAPE_VERSION);
    for (const [name, role] of Object.entries(roles)) {
      if (role.as === 'step') expect(info.steps[role.code]).toBe(name);
      if (role.as === 'fold') expect(info.folds[role.code]).toBe(name);
      if (role.as === 'kernel') expect(info.opcodes[role.code]).toBe(name);
    }
  });

  test('the program of this test runs', () => {
    const program = everything();
    const tape = encode(program);
    const executable = new (nativeAddon().Executable)(tape.words, tape.literals);
    const outputs = tape.results.map(({ dtype, size }) => allocateArray(dtype, size));
    executable.run(arraysFor(program), outputs);
    for (const output of outputs) expect(output.every(Number.isFinite)).toBe(true);
  });

  test('a shortened tape is refused at every length', () => {
    const { words, literals } = encode(everything());
    for (let length = 0; length < words.length; length++) {
      const cut = words.slice(0, length);
      if (length > 2) cut[2] = length;
      expect(() => new (nativeAddon().Executable)(cut, literals)).toThrow(/tape/);
    }
  });

  test.each([
    ['everything', everything()],
    ['a random program', randomProgram(7).program],
    ['another', randomProgram(23).program],
  ])('changed words of %s: a typed error or a run, never a crash', (_, program) => {
    const { words, literals, results } = encode(program);
    const random = generator(words.length);
    const below = (limit: number): number => Math.floor(random() * limit);
    let refused = 0;
    let ran = 0;
    for (let round = 0; round < 4000; round++) {
      const changed = words.slice();
      for (let i = 0; i <= below(3); i++) {
        const at = below(words.length);
        const kinds = [
          () => changed[at]! + 1,
          () => changed[at]! - 1,
          () => below(64) - 1,
          () => changed[below(words.length)]!,
          () => below(2 ** 32) - 2 ** 31,
          () => 2 ** 31 - 1,
        ];
        // The size of the arena is the one word that may ask for much memory and be believed.
        if (at !== 4 && at !== 3) changed[at] = kinds[below(kinds.length)]!();
      }
      try {
        const executable = new (nativeAddon().Executable)(changed, literals);
        executable.run(
          arraysFor(program),
          results.map(({ dtype, size }) => allocateArray(dtype, size)),
        );
        ran++;
      } catch (error) {
        expect(['ERR_TAPE', 'ERR_NATIVE']).toContain(codeOf(error));
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
    expect(ran).toBeGreaterThan(10);
  });

  test('an arena too large to count or to have is refused', () => {
    const { words, literals } = encode(everything());
    for (const high of [1, 2 ** 20, 2 ** 31 - 1, -1]) {
      const changed = words.slice();
      changed[4] = high;
      expect(() => {
        const program = everything();
        const executable = new (nativeAddon().Executable)(changed, literals);
        executable.run(
          arraysFor(program),
          encode(program).results.map(({ dtype, size }) => allocateArray(dtype, size)),
        );
      }).toThrow(/tape|memory/);
    }
  });

  test('garbage is refused', () => {
    const random = generator(5);
    for (let round = 0; round < 500; round++) {
      const words = Int32Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 40) - 4);
      words.set([0x41425450, TAPE_VERSION, words.length].slice(0, words.length));
      let error: unknown;
      try {
        new (nativeAddon().Executable)(words, new Float64Array(4));
      } catch (caught) {
        error = caught;
      }
      if (words.length < HEADER_WORDS) expect(codeOf(error)).toBe('ERR_TAPE');
      else expect(error === undefined || codeOf(error) === 'ERR_TAPE').toBe(true);
    }
  });

  test('arguments of the wrong kind are refused', () => {
    const { Executable } = nativeAddon();
    const tape = encode(everything());
    const executable = new Executable(tape.words, tape.literals);
    const inputs = arraysFor(everything());
    const outputs = tape.results.map(({ dtype, size }) => allocateArray(dtype, size));
    expect(() => Reflect.construct(Executable, [])).toThrow(/Int32Array/);
    expect(() => executable.run(inputs.slice(1), outputs)).toThrow(
      'run: the program has 3 inputs and 3 outputs, got 2 and 3',
    );
    expect(() => executable.run([new Float64Array(64), ...inputs.slice(1)], outputs)).toThrow(
      /input 0 must be a f32 array/,
    );
    expect(() => executable.run([inputs[0]!.slice(1), ...inputs.slice(1)], outputs)).toThrow(/of 64 elements, got 63/);
    expect(() => executable.run(inputs, outputs.slice(0, 2).concat(new Uint8Array(3)))).toThrow(/output 2/);
    expect(() => nativeAddon().setThreads(0)).toThrow(/at least 1/);
    expect(() => nativeAddon().setIsa('mmx')).toThrow(/generic, avx2 or avx512/);
  });
});
