import type { Convolution } from '../compile/convolution.js';
import type { Program, Tensor } from '../ir/index.js';

/** A program made ready to run many times. */
export interface Executable {
  /** Runs on this thread and returns when the results exist. @throws {ShapeError|DTypeError} if the inputs are not the program's. */
  run(inputs: readonly Tensor[]): Tensor[];
  /** The same off this thread where the backend can; inputs must not be written to meanwhile. */
  runAsync(inputs: readonly Tensor[]): Promise<Tensor[]>;
  stats(): ExecutableStats;
}

/** What a backend made of a program. What a linearization keeps between its two parts is its own `residualBytes`. */
export interface ExecutableStats {
  /** Instructions a run consists of, after fusion. */
  readonly instructions: number;
  /** How many of them are sweeps over memory: groups of elementwise operations with the reductions at their end. */
  readonly sweeps: number;
  /** Bytes of working memory that a run needs besides inputs and outputs. Programs run in turn and share it, so the largest counts. */
  readonly arenaBytes: number;
  /** The most bytes of intermediate results that are alive at one time: what no plan could do with less than. */
  readonly peakBytes: number;
  /** Bytes of what depends on no input, computed once and kept as long as the executable. */
  readonly constantBytes: number;
  /** How many convolutions each algorithm computes, where the backend has a choice. */
  readonly convolutions?: Readonly<Record<Convolution, number>>;
  /** The primitive of each equation that runs on the host instead, on a backend that has not everything. */
  readonly onHost?: readonly string[];
}

export interface BackendInfo {
  readonly name: string;
  /** What it runs on, e.g. `avx512, 2 threads`. */
  readonly device: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/**
 * What a backend is. Uploading happens when `run` meets a tensor whose storage is not the backend's own; downloading is
 * `Storage.read`; releasing is the garbage collector's. So three methods are the whole contract.
 */
export interface Backend {
  readonly name: string;
  info(): BackendInfo;
  /** @throws {BackendError} naming the operation, if the program holds one this backend lacks. */
  compile(program: Program): Executable;
}
