import type { Convolution } from '../compile/convolution.js';
import { encode, type Tape } from '../compile/encode.js';
import { bytesOf, type Program, Tensor, type TypedArray } from '../ir/index.js';
import type { Backend, Executable, ExecutableStats } from './backend.js';
import { viewOf } from './views.js';
import type { WasmEngine } from './wasm-engine.js';
import type { WasmInstance } from './wasm-instance.js';

/** Every array in the module's memory begins at a multiple of this. */
const ALIGNMENT = 64;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Frees programs whose executables have been collected. */
const abandoned = new FinalizationRegistry<{ readonly instance: WasmInstance; readonly program: number }>(
  ({ instance, program }) => {
    if (!instance.failed) instance.exports.destroy(program);
  },
);

/**
 * Tensors live outside of the module's memory, and each run copies its inputs in and its results out: 0.1 ms for a megabyte, where a training step of
 * the small CNN takes 60 ms.
 */
class WasmExecutable implements Executable {
  readonly #engine: WasmEngine;
  readonly #program: Program;
  readonly #tape: Tape;
  #made: { readonly instance: WasmInstance; readonly handle: number } | undefined;

  constructor(engine: WasmEngine, program: Program, convolution: Convolution) {
    this.#engine = engine;
    this.#program = program;
    this.#tape = encode(program, { convolution });
    this.#ready();
  }

  /** The program in the instance that is in use. */
  #ready(): { readonly instance: WasmInstance; readonly handle: number } {
    const { instance } = this.#engine;
    if (this.#made?.instance === instance) return this.#made;
    const { words, literals } = this.#tape;
    const at = instance.staging(aligned(words.byteLength) + literals.byteLength);
    new Int32Array(instance.memory.buffer, at, words.length).set(words);
    const after = at + aligned(words.byteLength);
    new Float64Array(instance.memory.buffer, after, literals.length).set(literals);
    const handle = instance.call(({ compile }) => compile(at, words.length, after, literals.length));
    if (handle === 0) throw instance.failure();
    abandoned.register(this, { instance, program: handle });
    this.#made = { instance, handle };
    return this.#made;
  }

  /** Layout of the staging memory: the two lists of addresses, then each array. */
  run(inputs: readonly Tensor[]): Tensor[] {
    const { instance, handle } = this.#ready();
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
    const at = instance.staging(bytes);
    const addresses = new Uint32Array(instance.memory.buffer, at, sizes.length);
    const memory = new Uint8Array(instance.memory.buffer);
    offsets.forEach((offset, i) => {
      addresses[i] = at + offset;
    });
    given.forEach((array, i) => {
      memory.set(bytesIn(array), at + offsets[i]!);
    });
    const ran = instance.call(({ run }) => run(handle, at, at + 4 * given.length));
    if (ran === 0) throw instance.failure();
    // The run may have grown the memory, which makes it another buffer.
    const { buffer } = instance.memory;
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
    const { instance, handle } = this.#ready();
    const { sweeps, peakBytes } = this.#tape;
    return {
      instructions: instance.exports.instructions(handle),
      sweeps,
      arenaBytes: instance.exports.workingBytes(handle) >>> 0,
      peakBytes,
      constantBytes: 0,
    };
  }
}

const bytesIn = (array: TypedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** The C++ executor compiled to WebAssembly: the native backend's tape and kernels where no addon can be. */
export const wasmBackend = (engine: WasmEngine, convolution: Convolution = 'direct'): Backend => ({
  name: 'wasm',
  info() {
    const { instance, refused } = engine;
    const { threads } = instance;
    const isa = instance.text(instance.exports.isaName());
    return {
      name: 'wasm',
      device: `WebAssembly ${isa}, ${threads} thread${threads === 1 ? '' : 's'}`,
      details: {
        isa,
        threads,
        tapeVersion: instance.exports.tapeVersion(),
        ...(refused !== undefined && { oneThreadBecause: refused }),
      },
    };
  },
  compile: (program) => new WasmExecutable(engine, program, convolution),
});
