import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Convolution } from '../compile/convolution.js';
import { encode, type Tape } from '../compile/encode.js';
import { BackendError, bytesOf, type DType, type Program, type Storage, Tensor, type TypedArray } from '../ir/index.js';
import { typed, wrapError } from './addon-errors.js';
import type { Backend, Executable, ExecutableStats } from './backend.js';
import { packageRoot } from './package-root.js';
import { requireDirect } from './require-direct.js';
import { viewOf } from './views.js';

declare const handle: unique symbol;
/** An array on the device; it is freed when nobody holds the handle. */
type Handle = { readonly [handle]: true };

/** What native/node/cuda_addon.cc exports. */
interface Addon {
  readonly Executable: new (words: Int32Array, literals: Float64Array) => AddonExecutable;
  /** @throws with a code that says why there is no device */
  info(): AddonInfo;
  /** Fills `to`, of exactly the array's bytes; waits for what computes them. */
  read(from: Handle, to: TypedArray): void;
  /** Until all that was given to the device is done. */
  wait(): Promise<void>;
}

interface AddonExecutable {
  run(inputs: readonly (TypedArray | Handle)[]): readonly Handle[];
  stats(): Pick<ExecutableStats, 'instructions' | 'arenaBytes'>;
}

interface AddonInfo {
  readonly device: string;
  readonly compute: string;
  readonly multiprocessors: number;
  readonly memoryBytes: number;
  /** Versions of CUDA as 1000 · major + 10 · minor: the one the driver supports, and the one the kernels were built with. */
  readonly driver: number;
  readonly runtime: number;
  readonly tapeVersion: number;
  readonly steps: readonly string[];
  readonly folds: readonly string[];
  readonly opcodes: readonly string[];
}

/** A result on the device, brought to the host when it is first read. */
class CudaStorage implements Storage {
  readonly handle: Handle;
  readonly addon: Addon;
  readonly #dtype: DType;
  readonly #size: number;
  #array: TypedArray | undefined;

  constructor(addon: Addon, handle: Handle, dtype: DType, size: number) {
    this.addon = addon;
    this.handle = handle;
    this.#dtype = dtype;
    this.#size = size;
  }

  read(): TypedArray {
    if (!this.#array) {
      const array = viewOf(this.#dtype, new ArrayBuffer(this.#size * bytesOf(this.#dtype)), 0, this.#size);
      typed(() => this.addon.read(this.handle, array));
      this.#array = array;
    }
    return this.#array;
  }
}

class CudaExecutable implements Executable {
  readonly #addon: Addon;
  readonly #program: Program;
  readonly #tape: Tape;
  readonly #executable: AddonExecutable;

  constructor(addon: Addon, program: Program) {
    this.#addon = addon;
    this.#program = program;
    this.#tape = encode(program, { convolution: 'direct' });
    this.#executable = typed(() => new addon.Executable(this.#tape.words, this.#tape.literals));
  }

  /** Gives the run to the device; results are waited for when they are read. */
  run(inputs: readonly Tensor[]): Tensor[] {
    const addon = this.#addon;
    const given = inputs.map(({ storage }) =>
      storage instanceof CudaStorage && storage.addon === addon ? storage.handle : storage.read(),
    );
    const handles = typed(() => this.#executable.run(given));
    const storages = handles.map((each, i) => {
      const { dtype, size } = this.#tape.results[i]!;
      return new CudaStorage(addon, each, dtype, size);
    });
    return this.#program.outputs.map(({ aval }, i) => new Tensor(aval, storages[this.#tape.outputs[i]!]!));
  }

  async runAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const outputs = this.run(inputs);
    try {
      await this.#addon.wait();
    } catch (error) {
      throw wrapError(error);
    }
    return outputs;
  }

  stats(): ExecutableStats {
    const { sweeps, peakBytes } = this.#tape;
    return { ...this.#executable.stats(), sweeps, peakBytes, constantBytes: 0 };
  }
}

function addonPath(): string {
  const told = process.env.AUTOBALANCE_CUDA_ADDON;
  if (told) return resolve(told);
  return join(packageRoot(), 'build', 'cuda', 'Release', 'autobalance_cuda.node');
}

const version = (number: number): string => `${Math.floor(number / 1000)}.${Math.floor((number % 1000) / 10)}`;

/** What native/node/cuda_addon.cc says of itself. @throws {BackendError} as {@link loadCuda} */
export function cudaAddon(): { readonly addon: Addon; readonly info: AddonInfo } {
  const path = addonPath();
  if (!existsSync(path)) throw new BackendError(`cuda: ${path} does not exist; run npm run build:cuda`);
  return typed(() => {
    const addon = createRequire(import.meta.url)(path) as Addon;
    return { addon, info: addon.info() };
  });
}

/**
 * Runs programs in the CUDA executor: the native backend's tape on the first device. Results stay there until they are read.
 * AUTOBALANCE_CUDA_ADDON names another addon than the one that `npm run build:cuda` makes.
 * @throws {BackendError} if the addon was not built; or, with the addon's error as its cause, if there is no driver (its code is
 * ERR_CUDA_NO_DRIVER), one that is too old (ERR_CUDA_OLD_DRIVER) or no device (ERR_CUDA_NO_DEVICE)
 * @throws {ConfigError} on convolutions by another algorithm than the direct one
 */
export function loadCuda(convolution?: Convolution): Backend {
  requireDirect('cuda', convolution);
  const { addon, info } = cudaAddon();
  const { device, compute, multiprocessors, memoryBytes, driver, runtime, tapeVersion } = info;
  return {
    name: 'cuda',
    info: () => ({
      name: 'cuda',
      device: `${device}, CUDA ${version(runtime)}`,
      details: {
        compute,
        multiprocessors,
        memoryBytes,
        driver: version(driver),
        runtime: version(runtime),
        tapeVersion,
      },
    }),
    compile: (program) => new CudaExecutable(addon, program),
  };
}
