import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Convolution, convolutionCodes } from '../compile/convolution.js';
import { encode, type Tape } from '../compile/encode.js';
import { BackendError, bytesOf, ConfigError, type DType, type Program, Tensor, type TypedArray } from '../ir/index.js';
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

/** What AUTOBALANCE_CONVOLUTION asks for; `direct` without it. @throws {ConfigError} if there is no such algorithm. */
export function convolutionWanted(): Convolution {
  const wish = process.env.AUTOBALANCE_CONVOLUTION || 'direct';
  if (Object.hasOwn(convolutionCodes, wish)) return wish as Convolution;
  const known = Object.keys(convolutionCodes).join(', ');
  throw new ConfigError(`AUTOBALANCE_CONVOLUTION: expects one of ${known}, got ${JSON.stringify(wish)}`);
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

class NativeExecutable implements Executable {
  private readonly program: Program;
  private readonly tape: Tape;
  private readonly executable: AddonExecutable;

  constructor(addon: Addon, program: Program, convolution: Convolution) {
    this.program = program;
    this.tape = encode(program, { convolution });
    this.executable = typed(() => new addon.Executable(this.tape.words, this.tape.literals));
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    const arrays = inputs.map((tensor) => tensor.data());
    const results = allocateAll(this.tape.results);
    typed(() => this.executable.run(arrays, results));
    return this.wrap(results);
  }

  async runAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const arrays = inputs.map((tensor) => tensor.data());
    const results = allocateAll(this.tape.results);
    try {
      await this.executable.runAsync(arrays, results);
    } catch (error) {
      throw wrapError(error);
    }
    return this.wrap(results);
  }

  stats(): ExecutableStats {
    return { ...this.executable.stats(), convolutions: this.tape.convolutions };
  }

  private wrap(results: readonly TypedArray[]): Tensor[] {
    return this.program.outputs.map(({ aval }, i) => {
      const array = results[this.tape.outputs[i]!]!;
      return new Tensor(aval, { read: () => array });
    });
  }
}

/** Results below this many bytes share a buffer with their like from the same run. */
const SMALL_BYTES = 4096;
/** Of such a shared buffer: what keeping one small result alive may keep alive with it. */
const SHARED_BYTES = 16384;
/** Every result begins at a multiple of this. */
const ALIGNMENT = 64;

/**
 * Arrays for the executor to fill. Zeroing large ones first would cost a pass over memory, so they come from Node's allocator for buffers
 * that will be overwritten; the collector frees them, and knows their sizes, as with any other. Small ones share: a buffer costs about 0.6 µs
 * whatever its size, and a training step of a small network returns a dozen.
 */
function allocateAll(results: Tape['results']): TypedArray[] {
  let shared: ArrayBuffer | undefined;
  let next = 0;
  return results.map(({ dtype, size }) => {
    const bytes = size * bytesOf(dtype);
    if (bytes >= SMALL_BYTES) return viewOf(dtype, Buffer.allocUnsafeSlow(bytes).buffer, 0, size);
    const from = next;
    next += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    if (shared && next <= shared.byteLength) return viewOf(dtype, shared, from, size);
    shared = new ArrayBuffer(Math.min(SHARED_BYTES, Math.max(bytes, smallBytes(results))));
    next = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return viewOf(dtype, shared, 0, size);
  });
}

/** What all small results take together. */
const smallBytes = (results: Tape['results']): number =>
  results.reduce((total, { dtype, size }) => {
    const bytes = size * bytesOf(dtype);
    return bytes < SMALL_BYTES ? total + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT : total;
  }, 0);

function viewOf(dtype: DType, memory: ArrayBufferLike, offset: number, size: number): TypedArray {
  switch (dtype) {
    case 'f32':
      return new Float32Array(memory, offset, size);
    case 'f64':
      return new Float64Array(memory, offset, size);
    case 'i32':
      return new Int32Array(memory, offset, size);
    case 'bool':
    case 'u8':
      return new Uint8Array(memory, offset, size);
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
