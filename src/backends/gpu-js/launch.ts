import type { Var } from '../../ir/index.js';

/** Whole numbers up to here are exact as f32, which is all that kernels have. */
export const LARGEST_WHOLE = 2 ** 24;

/** An array between two launches of one instruction. */
export class Scratch {
  /** In elements. */
  readonly size: number;
  constructor(size: number) {
    this.size = size;
  }
}

/** What a launch reads and writes: a value of the program or an array on the way to one. All are f32, whatever the value's dtype. */
export type Place = Var | Scratch;

/** One kernel run once: a thread for each cell of the grid computes what is written there. */
export interface Launch {
  /** Body of a JavaScript function in gpu.js's subset. Inputs are `a0`, `a1`, …, flat arrays. */
  readonly body: string;
  readonly inputs: readonly Place[];
  readonly output: Place;
  /** Extents, x (innermost) first. */
  readonly grid: readonly number[];
  /** Numbers that a thread returns; four lie side by side. */
  readonly width: 1 | 4;
}

/** What kernels must respect where they will run. */
export interface Limits {
  /** Arrays that one kernel can read. */
  readonly inputs: number;
  /** Whether `| 0` is one instruction; GLSL of gpu.js computes it bit by bit. */
  readonly integers: boolean;
  /** Whether the elementary functions are as exact as JavaScript's own; elsewhere kernels bring theirs. */
  readonly exactMath: boolean;
  /** Whether four numbers that one thread returned are read as an array of fours, not as numbers side by side. */
  readonly vectors: boolean;
}
