import { Device, outputSize } from './device.js';
import type { Launch, Limits } from './launch.js';
import type { GpuJs, GpuKernel } from './library.js';
import { argumentOf, flat, type Shaping, Upload } from './upload.js';

/** What a WebGPU kernel returns: a buffer that stays on the GPU. */
interface Buffer {
  output: readonly number[];
  componentCount: number;
  toArray(): Promise<Float32Array>;
  delete(): void;
}

/** gpu.js on WebGPU: a compute shader over storage buffers. Everything that it does is asynchronous. */
export class BufferDevice extends Device {
  /** A shader binds eight storage buffers: one is the output, and one may hold numbers that have no literal. */
  readonly limits: Limits = { inputs: 6, integers: true, exactMath: false, vectors: false };

  override readonly asynchronous = true;

  constructor(library: GpuJs) {
    super(library, 'webgpu');
  }

  upload(data: Float32Array): Promise<object> {
    const upload = new Upload(this.library, data);
    return this.launch(upload.launch, [upload]) as Promise<object>;
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
    const buffer = (await kernel(...inputs.map(argumentOf))) as Buffer;
    // Four numbers of a thread lie side by side in the buffer: four elements of an array like any other.
    buffer.output = [outputSize(launch)];
    buffer.componentCount = 1;
    return buffer;
  }

  /** Buffers know the kernel that made them and need it to be read. */
  protected override retire(): void {}
}
