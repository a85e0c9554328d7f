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

export interface ExecutableStats {
  /** Instructions the backend runs, after fusion. */
  readonly instructions: number;
  /** Bytes of working memory, besides inputs and outputs, that one run needs at its peak. */
  readonly arenaBytes: number;
  /** How many convolutions each algorithm computes, where the backend has a choice. */
  readonly convolutions?: Readonly<Record<Convolution, number>>;
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
