import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode, type Tape } from '../compile/encode.js';
import { BackendError, bytesOf, type DType, type Program, Tensor, type TypedArray } from '../ir/index.js';
import type { Backend, BackendInfo, Executable, ExecutableStats } from './backend.js';

/** What native/node/addon.cc exports. */
export interface Addon {
  readonly Executable: new (words: Int32Array, literals: Float64Array) => AddonExecutable;
  info(): AddonInfo;
  /** Threads that one program may use, this one included. */
  setThreads(threads: number): void;
  setIsa(isa: string): void;
  /** Billions of floating-point operations a second that `threads` threads reach at most, measured. */
  fmaPeak(threads?: number, f64?: boolean): number;
  /** Billions of bytes a second, read and written, that a large copy moves, measured. */
  copyBandwidth(threads?: number): number;
}

export interface AddonExecutable {
  /** Fills and returns `outputs`. */
  run(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): readonly TypedArray[];
  runAsync(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): Promise<readonly TypedArray[]>;
  /** Runs once and says how long each instruction took. */
  profile(
    inputs: readonly TypedArray[],
    outputs: readonly TypedArray[],
  ): readonly { readonly name: string; readonly seconds: number }[];
  stats(): ExecutableStats;
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
  // From src/backends and from dist/src/backends alike, the package is the nearest folder above with a binding.gyp.
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'binding.gyp')) && dirname(root) !== root) root = dirname(root);
  const path = join(root, 'build', 'Release', 'autobalance.node');
  if (!existsSync(path)) return { reason: buildFailure(root) ?? `${path} does not exist; run npm run build:addon` };
  try {
    const addon = createRequire(import.meta.url)(path) as Addon;
    // Detects the processor, or finds that AUTOBALANCE_ISA names a set it lacks.
    addon.info();
    return { addon };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
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

/** Runs programs in the C++ executor. @throws {BackendError} if the addon is missing or does not load, saying why. */
export function loadNative(): Backend {
  const addon = nativeAddon();
  return {
    name: 'native',
    info(): BackendInfo {
      const { isa, threads, tapeVersion } = addon.info();
      return {
        name: 'native',
        device: `${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
        details: { isa, threads, tapeVersion },
      };
    },
    compile: (program) => new NativeExecutable(addon, program),
  };
}

class NativeExecutable implements Executable {
  private readonly program: Program;
  private readonly tape: Tape;
  private readonly executable: AddonExecutable;

  constructor(addon: Addon, program: Program) {
    this.program = program;
    this.tape = encode(program);
    this.executable = typed(() => new addon.Executable(this.tape.words, this.tape.literals));
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    const arrays = inputs.map((tensor) => tensor.data());
    const results = this.tape.results.map(allocate);
    typed(() => this.executable.run(arrays, results));
    return this.wrap(results);
  }

  async runAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const arrays = inputs.map((tensor) => tensor.data());
    const results = this.tape.results.map(allocate);
    try {
      await this.executable.runAsync(arrays, results);
    } catch (error) {
      throw wrapError(error);
    }
    return this.wrap(results);
  }

  stats(): ExecutableStats {
    return this.executable.stats();
  }

  private wrap(results: readonly TypedArray[]): Tensor[] {
    return this.program.outputs.map(({ aval }, i) =>
      Tensor.of(results[this.tape.outputs[i]!]!, aval.shape, aval.dtype),
    );
  }
}

/** Memory below this is cheap enough to have zeroed. */
const SMALL_BYTES = 4096;

/**
 * An array for the executor to fill. Zeroing a large one first would cost a pass over memory, so it comes from Node's allocator for
 * buffers that will be overwritten; the collector frees it, and knows its size, as with any other.
 */
function allocate({ dtype, size }: { readonly dtype: DType; readonly size: number }): TypedArray {
  const bytes = size * bytesOf(dtype);
  const memory = bytes < SMALL_BYTES ? new ArrayBuffer(bytes) : Buffer.allocUnsafeSlow(bytes).buffer;
  switch (dtype) {
    case 'f32':
      return new Float32Array(memory, 0, size);
    case 'f64':
      return new Float64Array(memory, 0, size);
    case 'i32':
      return new Int32Array(memory, 0, size);
    case 'bool':
    case 'u8':
      return new Uint8Array(memory, 0, size);
  }
}

const wrapError = (error: unknown): BackendError =>
  new BackendError(error instanceof Error ? error.message : String(error), { cause: error });

/** Runs `fn` with the addon's errors turned into this library's. */
function typed<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw wrapError(error);
  }
}
