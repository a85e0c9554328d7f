import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Convolution } from '../compile/convolution.js';
import { encode, type Tape } from '../compile/encode.js';
import { BackendError, type Program, Tensor, type TypedArray } from '../ir/index.js';
import { messageOf } from '../ir/message-of.js';
import { typed, wrapError } from './addon-errors.js';
import type { Backend, BackendInfo, Executable, ExecutableStats } from './backend.js';
import { convolutionWanted } from './convolution-wanted.js';
import { packageRoot } from './package-root.js';
import { BufferStorage, ResultMemory } from './results.js';

/** What native/node/addon.cc exports. */
export interface Addon {
  readonly Executable: new (words: Int32Array, literals: Float64Array) => AddonExecutable;
  info(): AddonInfo;
  /** Threads that one program may use, this one included. */
  setThreads(threads: number): void;
  setIsa(isa: string): void;
  /** Billions of floating-point operations a second that `threads` threads reach at most, measured: the best of `runs` (60) of about 0.2 ms. */
  fmaPeak(threads?: number, f64?: boolean, runs?: number): number;
  /** Billions of bytes a second, read and written, that a large copy moves, measured. */
  copyBandwidth(threads?: number): number;
}

export interface AddonExecutable {
  /** Fills and returns `outputs`. */
  run(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): readonly TypedArray[];
  /**
   * The same for operands that are inputs and then outputs, each the elements at an offset in bytes into a buffer, or an array of exactly its
   * elements. An array in a list costs 80 ns to ask about, a buffer among arguments 7.
   */
  runIn(offsets: Float64Array, ...operands: (ArrayBuffer | TypedArray)[]): void;
  runAsync(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): Promise<readonly TypedArray[]>;
  /** Runs once and says how long each instruction took. */
  profile(
    inputs: readonly TypedArray[],
    outputs: readonly TypedArray[],
  ): readonly { readonly name: string; readonly seconds: number }[];
  stats(): Pick<ExecutableStats, 'instructions' | 'arenaBytes'>;
}

interface AddonInfo {
  readonly isa: string;
  readonly threads: number;
  readonly tapeVersion: number;
  /** Names in the order of their numbers on the tape. */
  readonly steps: readonly string[];
  readonly folds: readonly string[];
  readonly opcodes: readonly string[];
}

type Loaded = { readonly addon: Addon } | { readonly reason: string };

let loaded: Loaded | undefined;

function load(): Loaded {
  const root = packageRoot();
  const path = join(root, 'build', 'Release', 'autobalance.node');
  if (!existsSync(path)) return { reason: buildFailure(root) ?? `${path} does not exist; run npm run build:addon` };
  try {
    const addon = createRequire(import.meta.url)(path) as Addon;
    // Detects the processor, or finds that AUTOBALANCE_ISA names a set it lacks.
    addon.info();
    return { addon };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

/** Why the last build left nothing behind, as scripts/build-addon.mjs noted it. */
function buildFailure(root: string): string | undefined {
  const path = join(root, 'build', 'addon-status.json');
  if (!existsSync(path)) return undefined;
  try {
    const { reason } = JSON.parse(readFileSync(path, 'utf8')) as { readonly reason?: string };
    return reason ? `the native executor could not be built (${reason}); run npm run build:addon` : undefined;
  } catch {
    return undefined;
  }
}

const state = (): Loaded => {
  loaded ??= load();
  return loaded;
};

/** Why there is no native backend here; `undefined` if there is one. */
export function nativeUnavailable(): string | undefined {
  const current = state();
  return 'reason' in current ? current.reason : undefined;
}

/** The addon itself, for benchmarks and tests. @throws {BackendError} with the reason if it did not load. */
export function nativeAddon(): Addon {
  const current = state();
  if ('reason' in current) throw new BackendError(`native: ${current.reason}`);
  return current.addon;
}

/**
 * Runs programs in the C++ executor.
 * @throws {BackendError} if the addon is missing or does not load, saying why
 * @throws {ConfigError} as {@link convolutionWanted}, unless `convolution` is given
 */
export function loadNative(convolution = convolutionWanted()): Backend {
  const addon = nativeAddon();
  return {
    name: 'native',
    info(): BackendInfo {
      const { isa, threads, tapeVersion } = addon.info();
      const device = `${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
      return {
        name: 'native',
        device: convolution === 'direct' ? device : `${device}, ${convolution} convolutions`,
        details: { isa, threads, tapeVersion, convolution },
      };
    },
    compile: (program) => new NativeExecutable(addon, program, convolution),
  };
}

/** Programs with more operands than this pass them as lists: JavaScript limits the arguments of a call. */
const MOST_ARGUMENTS = 10_000;
const read = (from: Tensor | BufferStorage): TypedArray => (from instanceof Tensor ? from.data() : from.read());

class NativeExecutable implements Executable {
  readonly #program: Program;
  readonly #tape: Tape;
  readonly #executable: AddonExecutable;
  readonly #results: ResultMemory;
  /** Where in its buffer each input and result begins, in bytes; written anew for every run. */
  readonly #offsets: Float64Array;

  constructor(addon: Addon, program: Program, convolution: Convolution) {
    this.#program = program;
    this.#tape = encode(program, { convolution });
    this.#executable = typed(() => new addon.Executable(this.#tape.words, this.#tape.literals));
    this.#results = new ResultMemory(this.#tape.results);
    this.#offsets = new Float64Array(program.inputs.length + this.#tape.results.length);
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    const results = this.#results.allocate();
    typed(() => {
      if (this.#offsets.length > MOST_ARGUMENTS) this.#executable.run(inputs.map(read), results.map(read));
      else this.#runIn(inputs, results);
    });
    return this.#wrap(results);
  }

  #runIn(inputs: readonly Tensor[], results: readonly BufferStorage[]): void {
    const offsets = this.#offsets;
    const operands = new Array<ArrayBuffer | TypedArray>(offsets.length);
    const count = inputs.length;
    for (let i = 0; i < count; i++) {
      const { storage } = inputs[i]!;
      if (storage instanceof BufferStorage) {
        operands[i] = storage.buffer;
        offsets[i] = storage.offset;
      } else {
        operands[i] = storage.read();
        offsets[i] = 0;
      }
    }
    for (let i = 0; i < results.length; i++) {
      const { buffer, offset } = results[i]!;
      operands[count + i] = buffer;
      offsets[count + i] = offset;
    }
    this.#executable.runIn(offsets, ...operands);
  }

  async runAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const results = this.#results.allocate();
    try {
      await this.#executable.runAsync(inputs.map(read), results.map(read));
    } catch (error) {
      throw wrapError(error);
    }
    return this.#wrap(results);
  }

  stats(): ExecutableStats {
    const { sweeps, peakBytes, convolutions } = this.#tape;
    return { ...this.#executable.stats(), sweeps, peakBytes, constantBytes: 0, convolutions };
  }

  #wrap(results: readonly BufferStorage[]): Tensor[] {
    const { outputs } = this.#tape;
    return this.#program.outputs.map(({ aval }, i) => new Tensor(aval, results[outputs[i]!]!));
  }
}
