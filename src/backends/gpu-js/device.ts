import { BackendError, sizeOf } from '../../ir/index.js';
import { messageOf } from '../../ir/message-of.js';
import { SPECIALS } from './body.js';
import { LARGEST_WHOLE, type Launch, type Limits } from './launch.js';
import { type Gpu, type GpuJs, type GpuKernel, gpuModes, type Mode } from './library.js';

/** An array on a device, as gpu.js hands it out. */
export type Handle = object;
export type MaybePromise<T> = T | Promise<T>;

/** Kernels kept ready; the one unused the longest goes first. A WebAssembly kernel has a memory of its own. */
const MOST_KERNELS = 1024;

/** One mode of gpu.js: what runs launches and keeps arrays. */
export abstract class Device {
  readonly mode: Mode;
  abstract readonly limits: Limits;
  /** Whether adding where indices say runs as kernels: each element of the result reads all indices, which pays where thousands run at once. */
  readonly scatters: boolean = true;
  /** Whether results cannot be waited for. */
  readonly asynchronous: boolean = false;
  protected readonly library: GpuJs;
  protected readonly gpu: Gpu;
  private readonly kernels = new Map<string, GpuKernel>();
  private special: MaybePromise<Handle> | undefined;

  constructor(library: GpuJs, mode: Mode) {
    this.library = library;
    this.mode = mode;
    try {
      this.gpu = new library.GPU({ mode: gpuModes[mode].name });
    } catch (error) {
      throw new BackendError(`gpu.js: ${mode} does not start here: ${messageOf(error)}`, { cause: error });
    }
  }

  /** An array of these numbers, which must not change. */
  abstract upload(data: Float32Array): MaybePromise<Handle>;
  /** The first `size` numbers of an array. */
  abstract read(handle: Handle, size: number): MaybePromise<Float32Array>;
  /** Frees an array that nobody will read again. */
  abstract release(handle: Handle): void;
  /** What must be equal for two arrays to be read by one kernel. */
  protected abstract layoutOf(handle: Handle): string;
  protected abstract call(kernel: GpuKernel, launch: Launch, inputs: readonly Handle[]): MaybePromise<Handle>;

  /** Extents of the output as gpu.js shall lay it out, and the body for them. */
  protected arrange({ body, grid }: Launch): { readonly body: string; readonly output: readonly number[] } {
    return { body, output: grid };
  }

  /** Runs a kernel, which is made when it is first needed. @throws {BackendError} if gpu.js cannot run it in this mode. */
  launch(launch: Launch, inputs: readonly Handle[]): MaybePromise<Handle> {
    const size = outputSize(launch);
    if (size >= LARGEST_WHOLE) {
      throw new BackendError(
        `gpu.js: kernels count elements in floats, up to ${LARGEST_WHOLE}; an array would have ${size}; use smaller batches`,
      );
    }
    const kernel = this.kernelFor(launch, inputs);
    try {
      const result = this.call(kernel, launch, inputs);
      if (result instanceof Promise) return result.catch((error: unknown) => Promise.reject(this.failure(error)));
      this.requireMode(kernel);
      return result;
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** The array of numbers that have no literal. */
  specials(): MaybePromise<Handle> {
    this.special ??= this.upload(Float32Array.from(SPECIALS));
    return this.special;
  }

  private failure(error: unknown): BackendError {
    return error instanceof BackendError
      ? error
      : new BackendError(`gpu.js (${this.mode}): ${messageOf(error)}`, { cause: error });
  }

  private kernelFor(launch: Launch, inputs: readonly Handle[]): GpuKernel {
    const key = `${launch.grid} ${launch.width} ${inputs.map((handle) => this.layoutOf(handle)).join(' ')}\n${launch.body}`;
    const known = this.kernels.get(key);
    if (known) {
      // The order of a map is that of insertion: the latest last.
      this.kernels.delete(key);
      this.kernels.set(key, known);
      return known;
    }
    const { body, output } = this.arrange(launch);
    const names = inputs.map((_, i) => `a${i}`);
    const kernel = this.gpu.createKernel(`function(${names.join(', ')}) {\n${body}\n}`, {
      output,
      precision: 'single',
      tactic: 'precision',
      pipeline: true,
      immutable: true,
    });
    this.kernels.set(key, kernel);
    if (this.kernels.size > MOST_KERNELS) {
      const [oldest, unused] = this.kernels.entries().next().value!;
      this.kernels.delete(oldest);
      this.retire(unused);
    }
    return kernel;
  }

  protected retire(kernel: GpuKernel): void {
    kernel.destroy();
  }

  /** gpu.js runs on the processor, with a warning at most, what a mode cannot do. */
  private requireMode({ kernel }: GpuKernel): void {
    const ran = kernel.constructor.mode;
    if (ran === gpuModes[this.mode].ran) return;
    throw new BackendError(
      `gpu.js: a kernel for ${this.mode} ran on ${ran ?? 'something unknown'}: ${kernel.fallbackReason ?? 'no reason was given'}`,
    );
  }
}

/** Numbers in the output of a launch. */
export const outputSize = ({ grid, width }: Launch): number => sizeOf(grid) * width;
