import type { Convolution } from '../compile/convolution.js';
import { encode, type Tape } from '../compile/encode.js';
import { BackendError, bytesOf, type Program, Tensor, type TypedArray } from '../ir/index.js';
import type { Backend, Executable, ExecutableStats } from './backend.js';
import { viewOf } from './views.js';

/** What native/wasm/exports.cc exports. An address is a number of bytes from the start of the module's memory; 0 is none. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  allocate(bytes: number): number;
  release(address: number): void;
  compile(words: number, wordCount: number, literals: number, literalCount: number): number;
  destroy(program: number): void;
  run(program: number, inputs: number, outputs: number): number;
  instructions(program: number): number;
  workingBytes(program: number): number;
  error(): number;
  errorIsTape(): number;
  stepName(i: number): number;
  foldName(i: number): number;
  opcodeName(i: number): number;
  isaName(): number;
  tapeVersion(): number;
  fmaPeak(f64: number): number;
}

/** Every array in the module's memory begins at a multiple of this. */
const ALIGNMENT = 64;
/** Addresses have 32 bits. */
const ADDRESSES = 2 ** 32;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * An instance of the C++ executor in WebAssembly, one thread. Its memory only grows, to 4 GiB at most; tensors live outside of it, and each run
 * copies its inputs in and its results out: 0.1 ms for a megabyte, where a training step of the small CNN takes 60 ms.
 */
export class WasmInstance {
  readonly exports: Exports;
  #staging = 0;
  #stagingBytes = 0;

  /** @throws {BackendError} if this engine lacks something the module needs (SIMD, exceptions). */
  constructor(module: WebAssembly.Module) {
    try {
      this.exports = new WebAssembly.Instance(
        module,
        imports(() => this.exports.memory),
      ).exports as unknown as Exports;
      this.exports._initialize();
    } catch (error) {
      throw new BackendError(`wasm: the module does not start here: ${messageOf(error)}`, { cause: error });
    }
  }

  /** The text at an address, which ends with a zero. */
  text(address: number): string {
    const bytes = new Uint8Array(this.exports.memory.buffer, address >>> 0);
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  }

  /** Names in the order of their numbers on the tape. */
  names(kind: 'step' | 'fold' | 'opcode'): string[] {
    const names: string[] = [];
    for (let address = this.exports[`${kind}Name`](0); address !== 0; ) {
      names.push(this.text(address));
      address = this.exports[`${kind}Name`](names.length);
    }
    return names;
  }

  /** What the module says of the call that just failed. */
  failure(): BackendError {
    return new BackendError(this.text(this.exports.error()));
  }

  /** Memory for the arrays of one call; the next call gets the same. @throws {BackendError} if there is no more. */
  staging(bytes: number): number {
    if (bytes > this.#stagingBytes) {
      this.exports.release(this.#staging);
      this.#stagingBytes = 0;
      // The module's numbers have 32 bits and a sign.
      this.#staging = bytes < ADDRESSES ? this.exports.allocate(bytes) >>> 0 : 0;
      if (this.#staging === 0) {
        throw new BackendError(
          `wasm: ${bytes} bytes of inputs and results do not fit into 4 GiB of memory; use smaller batches`,
        );
      }
      this.#stagingBytes = bytes;
    }
    return this.#staging;
  }
}

/** What the module asks of its host: a clock and an environment without variables; the rest is never called. */
const imports = (memory: () => WebAssembly.Memory): WebAssembly.Imports => ({
  env: {
    emscripten_notify_memory_growth: () => undefined,
    _dlopen_js: () => 0,
  },
  wasi_snapshot_preview1: {
    clock_time_get(_clock: number, _precision: bigint, address: number) {
      new DataView(memory().buffer).setBigUint64(address, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    environ_sizes_get(count: number, bytes: number) {
      const view = new DataView(memory().buffer);
      view.setUint32(count, 0, true);
      view.setUint32(bytes, 0, true);
      return 0;
    },
    environ_get: () => 0,
    proc_exit(code: number) {
      throw new BackendError(`wasm: the executor gave up with code ${code}`);
    },
  },
});

/** Frees programs whose executables have been collected. */
const abandoned = new FinalizationRegistry<{ readonly instance: WasmInstance; readonly program: number }>(
  ({ instance, program }) => instance.exports.destroy(program),
);

class WasmExecutable implements Executable {
  readonly #instance: WasmInstance;
  readonly #program: Program;
  readonly #tape: Tape;
  readonly #handle: number;

  constructor(instance: WasmInstance, program: Program, convolution: Convolution) {
    this.#instance = instance;
    this.#program = program;
    this.#tape = encode(program, { convolution });
    const { words, literals } = this.#tape;
    const { exports } = instance;
    const at = instance.staging(aligned(words.byteLength) + literals.byteLength);
    new Int32Array(exports.memory.buffer, at, words.length).set(words);
    const after = at + aligned(words.byteLength);
    new Float64Array(exports.memory.buffer, after, literals.length).set(literals);
    this.#handle = called(() => exports.compile(at, words.length, after, literals.length));
    if (this.#handle === 0) throw instance.failure();
    abandoned.register(this, { instance, program: this.#handle });
  }

  /** Layout of the staging memory: the two lists of addresses, then each array. */
  run(inputs: readonly Tensor[]): Tensor[] {
    const { exports } = this.#instance;
    const given = inputs.map((tensor) => tensor.data());
    const { results } = this.#tape;
    const sizes = [
      ...given.map((array) => array.byteLength),
      ...results.map(({ dtype, size }) => size * bytesOf(dtype)),
    ];
    const lists = aligned(4 * sizes.length);
    const offsets: number[] = [];
    const bytes = sizes.reduce((next, size) => {
      offsets.push(next);
      return next + aligned(size);
    }, lists);
    const at = this.#instance.staging(bytes);
    const addresses = new Uint32Array(exports.memory.buffer, at, sizes.length);
    const memory = new Uint8Array(exports.memory.buffer);
    offsets.forEach((offset, i) => {
      addresses[i] = at + offset;
    });
    given.forEach((array, i) => {
      memory.set(bytesIn(array), at + offsets[i]!);
    });
    if (called(() => exports.run(this.#handle, at, at + 4 * given.length)) === 0) throw this.#instance.failure();
    // The run may have grown the memory, which makes it another buffer.
    const { buffer } = exports.memory;
    const arrays = results.map(({ dtype, size }, i) =>
      viewOf(dtype, buffer, at + offsets[given.length + i]!, size).slice(),
    );
    return this.#program.outputs.map(({ aval }, i) => {
      const array = arrays[this.#tape.outputs[i]!]!;
      return new Tensor(aval, { read: () => array });
    });
  }

  async runAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    return this.run(inputs);
  }

  stats(): ExecutableStats {
    const { instructions, workingBytes } = this.#instance.exports;
    const { sweeps, peakBytes } = this.#tape;
    return {
      instructions: instructions(this.#handle),
      sweeps,
      arenaBytes: workingBytes(this.#handle) >>> 0,
      peakBytes,
      constantBytes: 0,
    };
  }
}

const bytesIn = (array: TypedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Calls into the module, where a trap (memory exhausted, the stack too deep) becomes this library's error. */
function called<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw error instanceof BackendError ? error : new BackendError(`wasm: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * The C++ executor compiled to WebAssembly: the native backend's tape and kernels where no addon can be. One thread.
 * @param module compiled from native/wasm/autobalance.wasm, which `npm run build:wasm` makes
 * @throws {BackendError} if the module does not start here
 */
export function wasmBackend(module: WebAssembly.Module, convolution: Convolution = 'direct'): Backend {
  const instance = new WasmInstance(module);
  const isa = instance.text(instance.exports.isaName());
  return {
    name: 'wasm',
    info: () => ({
      name: 'wasm',
      device: `WebAssembly ${isa}, 1 thread`,
      details: { isa, threads: 1, tapeVersion: instance.exports.tapeVersion() },
    }),
    compile: (program) => new WasmExecutable(instance, program, convolution),
  };
}
