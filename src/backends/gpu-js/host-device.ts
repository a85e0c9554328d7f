import { Device, outputSize } from './device.js';
import type { Launch, Limits } from './launch.js';
import type { GpuJs, GpuKernel } from './library.js';
import { flat, type Shaping } from './upload.js';

/** gpu.js on the processor: WebAssembly with vectors of four, or JavaScript. Arrays are host arrays; every call copies them. */
export class HostDevice extends Device {
  readonly limits: Limits;
  override readonly scatters = false;

  constructor(library: GpuJs, mode: 'wasm' | 'cpu', limits: Partial<Limits> = {}) {
    super(library, mode);
    this.limits = { inputs: 14, integers: true, exactMath: true, vectors: false, ...limits };
  }

  upload(data: Float32Array): Float32Array {
    return data;
  }

  read(handle: object): Float32Array {
    return handle as Float32Array;
  }

  release(): void {}

  protected layoutOf(handle: object): string {
    return String((handle as Float32Array).length);
  }

  protected call(kernel: GpuKernel, launch: Launch, inputs: readonly object[]): Float32Array {
    const { kernel: inner } = kernel as GpuKernel & { readonly kernel: Shaping };
    // Else results would come as an array of rows: four numbers each, where a thread returns four.
    if (inner._shapeOutput) inner._shapeOutput = flat;
    const data = inputs as readonly Float32Array[];
    const result = kernel(...data.map((array) => this.library.input(array, [array.length])));
    if (result instanceof Float32Array) return result;
    const all = new Float32Array(outputSize(launch));
    flatten(result as Nested, all, 0);
    return all;
  }
}

export type Nested = Float32Array | readonly Nested[];

/** Writes nested rows one after another; returns where they end. */
export function flatten(rows: Nested, to: Float32Array, at: number): number {
  if (rows instanceof Float32Array) {
    to.set(rows.subarray(0, to.length - at), at);
    return at + rows.length;
  }
  return rows.reduce((next, row) => flatten(row, to, next), at);
}
