import { describe, expect, test } from 'vitest';
import { encode } from '../../src/compile/encode.js';
import { fuse } from '../../src/compile/fuse.js';
import {
  dtypeCodes,
  FUSED,
  HEADER_WORDS,
  pushWide,
  slotKinds,
  TAPE_MAGIC,
  TAPE_VERSION,
} from '../../src/compile/tape.js';
import { trace } from '../../src/ir/index.js';
import { add, matmul, mul, relu, sum } from '../../src/ops/index.js';
import { randomProgram } from './random-programs.js';

/** Reads the format as tape.ts describes it, independently of the encoder. */
function decode(words: Int32Array) {
  let at = 0;
  const word = (): number => words[at++]!;
  const wide = (): number => (word() >>> 0) + word() * 2 ** 32;
  const list = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read);
  const header = { magic: word(), version: word(), length: word(), arenaLines: wide() };
  const [inputs, outputs, buffers, instructions] = [word(), word(), word(), word()] as const;
  expect(at).toBe(HEADER_WORDS);
  const operand = () => ({ buffer: word(), shape: list(word(), wide) });
  const slot = (rank: number) => {
    const [kind, dtype, index] = [word(), word(), word()] as const;
    return { kind, dtype, index, strides: kind === slotKinds.operand ? list(rank, wide) : [] };
  };
  return {
    ...header,
    inputs,
    outputs,
    buffers: list(buffers, () => ({ dtype: word(), size: wide(), line: wide() })),
    instructions: list(instructions, () => {
      const start = at;
      const opcode = word();
      const length = word();
      const extents = opcode === FUSED ? list(word(), wide) : [];
      const body =
        opcode === FUSED
          ? {
              slots: list(word(), () => slot(extents.length)),
              steps: list(word(), () => list(5, word)),
              folds: list(word(), () => list(4, word)),
            }
          : { operands: list(word() + 1, operand), params: list(word(), wide) };
      expect(at).toBe(start + length);
      return { opcode, extents, ...body };
    }),
    rest: words.length - at,
  };
}

describe('encode', () => {
  test('a wide number comes back exactly', () => {
    for (const value of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 3 * 2 ** 40 + 7, Number.MAX_SAFE_INTEGER]) {
      const words: number[] = [];
      pushWide(words, value);
      const [low, high] = Int32Array.from(words) as unknown as [number, number];
      expect((low >>> 0) + high * 2 ** 32).toBe(value);
    }
  });

  test.each(Array.from({ length: 100 }, (_, seed) => seed))('random program %i reads back as it was', (seed) => {
    const { program } = randomProgram(seed);
    const tape = encode(program);
    const read = decode(tape.words);
    const { instructions } = fuse(program);
    expect(read).toMatchObject({ magic: TAPE_MAGIC, version: TAPE_VERSION, length: tape.words.length, rest: 0 });
    expect(read.inputs).toBe(program.inputs.length);
    expect(read.outputs).toBe(tape.results.length);
    expect(read.instructions.map(({ opcode }) => opcode)).toEqual(
      instructions.map((instruction) => (instruction.kind === 'fused' ? FUSED : instruction.code)),
    );
    expect(read.instructions.map(({ steps }) => steps?.length)).toEqual(
      instructions.map((instruction) => (instruction.kind === 'fused' ? instruction.steps.length : undefined)),
    );
  });

  test('a dense layer: a product, and one sweep for bias, ReLU and the sum', () => {
    const { program } = trace(
      (x, w, b) => {
        const y = relu(add(matmul(x!, w!), b!));
        return [y, mul(sum(y), 2)];
      },
      [
        { shape: [8, 3], dtype: 'f32' },
        { shape: [3, 5], dtype: 'f32' },
        { shape: [5], dtype: 'f32' },
      ],
    );
    const { instructions, buffers } = decode(encode(program).words);
    expect(instructions[0]!.operands).toMatchObject([{ shape: [8, 3] }, { shape: [3, 5] }, { shape: [8, 5] }]);
    expect(instructions[1]).toMatchObject({ opcode: FUSED, extents: [8, 5] });
    // The bias is read with stride 0 along the rows.
    expect(instructions[1]!.slots!.map(({ strides }) => strides)).toContainEqual([0, 1]);
    expect(buffers.every(({ dtype }) => dtype === dtypeCodes.f32)).toBe(true);
  });
});
