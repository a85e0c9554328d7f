import { BackendError, type DType } from '../ir/index.js';
import type { PrimitiveName } from '../ops/index.js';

/**
 * The tape: a program after fusion and memory planning, as 32-bit words that the native executor decodes. This file is the
 * definition of the format; native/cpu/tape.h mirrors the numbers and a test compares the two.
 *
 * A "wide" number is two words, low then high, and lies in 0 … 2⁵³ − 1. Offsets count 64-byte lines, so an arena may exceed 2 GiB.
 *
 *     header        magic, version, words in all, arena lines (wide), inputs, outputs, buffers, instructions
 *     buffers       dtype, elements (wide), arena line (wide); inputs come first, then outputs (both have line 0), then the arena's
 *     instructions  opcode, words of this instruction, then
 *       fused       rank, extents (wide each);
 *                   slots: count, then kind, dtype, index [, a wide stride for each axis, if an operand]
 *                   steps: count, then step opcode, destination slot, three source slots (−1: none)
 *                   folds: count, then fold opcode, source slot, result buffer, bit mask of the axes that are kept
 *       kernel      inputs: count; then for each input and for the one output: buffer, rank, extents (wide each);
 *                   params: count, then wide each
 *
 * A slot is a place a fused instruction reads or writes one block of elements at: scratch (index: 0), an operand (index: its buffer; read
 * with the given strides over the extents), an immediate (index: its place among the literals, which travel beside the tape as f64) or an
 * output (index: its buffer; contiguous). Steps run in order on each block, folds after them.
 */
export const TAPE_MAGIC = 0x41425450;
export const TAPE_VERSION = 2;
export const HEADER_WORDS = 9;
/** Bytes of a line. */
export const LINE = 64;
/** Most axes of a fused instruction or an operand. */
export const TAPE_RANK = 8;

export const dtypeCodes: { readonly [D in DType]: number } = { f32: 0, f64: 1, i32: 2, bool: 3, u8: 4 };

export const slotKinds = { scratch: 0, operand: 1, immediate: 2, output: 3 } as const;

export const FUSED = 0;

/**
 * What becomes of each primitive: a step of a fused instruction, a fold at the end of one, a kernel of its own, or nothing (it only
 * changes how its input is read). `work` is the rough cost of a step against an addition: dear steps are not computed twice.
 */
export type Role =
  | { readonly as: 'step'; readonly code: number; readonly work: number }
  | { readonly as: 'fold'; readonly code: number }
  | { readonly as: 'kernel'; readonly code: number }
  | { readonly as: 'access' };

const step = (code: number, work = 1): Role => ({ as: 'step', code, work });
const fold = (code: number): Role => ({ as: 'fold', code });
const kernel = (code: number): Role => ({ as: 'kernel', code });

/** The step that copies; also the role of primitives that change nothing at run time. */
export const COPY = 0;
/** The step whose result has another dtype than its source, by conversion. */
export const CONVERT = 30;

export const roles: { readonly [N in PrimitiveName]: Role } = {
  stopGradient: step(COPY),
  add: step(1),
  sub: step(2),
  mul: step(3),
  div: step(4, 4),
  maximum: step(5),
  minimum: step(6),
  neg: step(7),
  abs: step(8),
  sign: step(9),
  floor: step(10),
  exp: step(11, 16),
  expm1: step(12, 16),
  log: step(13, 16),
  log1p: step(14, 16),
  sqrt: step(15, 6),
  rsqrt: step(16, 8),
  tanh: step(17, 20),
  sigmoid: step(18, 20),
  softplus: step(19, 32),
  sin: step(20, 60),
  cos: step(21, 60),
  pow: step(22, 40),
  equal: step(23),
  less: step(24),
  lessEqual: step(25),
  and: step(26),
  or: step(27),
  not: step(28),
  select: step(29),
  convert: step(CONVERT),

  sum: fold(0),
  max: fold(1),

  broadcast: { as: 'access' },
  reshape: { as: 'access' },

  transpose: kernel(1),
  slice: kernel(2),
  pad: kernel(3),
  concatenate: kernel(4),
  reverse: kernel(5),
  iota: kernel(6),
  argmax: kernel(7),
  dot: kernel(8),
  conv2d: kernel(9),
  conv2dInputGrad: kernel(10),
  conv2dFilterGrad: kernel(11),
  windowArgmax: kernel(12),
  planeTake: kernel(13),
  planePut: kernel(14),
  windowSum: kernel(15),
  windowSpread: kernel(16),
  takeRows: kernel(17),
  addRows: kernel(18),
};

/** @throws {BackendError} on a primitive that is not in the registry, naming it. */
export function roleOf(name: string): Role {
  if (!Object.hasOwn(roles, name)) {
    throw new BackendError(`tape: there is no instruction for ${name}; register it in src/ops/registry.ts`);
  }
  return roles[name as PrimitiveName];
}

/** Appends a number as two words. */
export function pushWide(words: number[], value: number): void {
  words.push(value | 0, Math.floor(value / 2 ** 32));
}
