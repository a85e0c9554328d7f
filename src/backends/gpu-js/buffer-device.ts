import { Device, outputSize } from './device.js';
import type { Launch, Limits } from './launch.js';
import type { GpuJs, GpuKernel } from './library.js';

/** What a WebGPU kernel returns: a buffer that stays on the GPU. */
interface Buffer {
  output: readonly number[];
  componentCount: number;
  toArray(): Promise<Float32Array>;
  delete(): void;
}

/** gpu.js on WebGPU: a compute shader over storage buffers. Everything that it does is asynchronous. */
export class BufferDevice extends Device {
  /** A shader binds eight storage buffers, one of which is the output. */
  readonly limits: Limits = { inputs: 7, integers: true, exactMath: false, vectors: false };

  override readonly asynchronous = true;

  constructor(library: GpuJs) {
    super(library, 'webgpu');
  }

  upload(data: Float32Array): Promise<object> {
    const launch: Launch = { body: COPY, inputs: [], output: { size: data.length }, grid: [data.length], width: 1 };
    return this.launch(launch, [new Upload(this.library.input(data, [data.length]), data.length)]) as Promise<object>;
  }

  async read(handle: object, size: number): Promise<Float32Array> {
    return (await (handle as Buffer).toArray()).subarray(0, size);
  }

  release(handle: object): void {
    (handle as Buffer).delete();
  }

  protected layoutOf(handle: object): string {
    return handle instanceof Upload ? `upload ${handle.size}` : '';
  }

  protected async call(kernel: GpuKernel, launch: Launch, inputs: readonly object[]): Promise<object> {
    const { kernel: inner } = kernel as GpuKernel & { readonly kernel: Shaping };
    inner._shapeOutput = flat;
    const buffer = (await kernel(
      ...inputs.map((handle) => (handle instanceof Upload ? handle.data : handle)),
    )) as Buffer;
    // Four numbers of a thread lie side by side in the buffer: four elements of an array like any other.
    buffer.output = [outputSize(launch)];
    buffer.componentCount = 1;
    return buffer;
  }

  /** Buffers know the kernel that made them and need it to be read. */
  protected override retire(): void {}
}

const COPY = 'return a0[this.thread.x];';

interface Shaping {
  /** What 2.24.1 turns the numbers of a buffer into rows with. */
  _shapeOutput: (data: Float32Array) => Float32Array;
}
const flat = (data: Float32Array): Float32Array => data;

/** A host array on its way into a buffer. */
class Upload {
  readonly data: unknown;
  readonly size: number;
  constructor(data: unknown, size: number) {
    this.data = data;
    this.size = size;
  }
}
