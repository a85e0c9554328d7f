import type { Handle } from './device.js';
import type { Launch } from './launch.js';
import type { GpuJs } from './library.js';

/** A host array on its way to a device: a kernel copies it into an array like any other. */
export class Upload {
  readonly data: unknown;
  readonly size: number;

  constructor(library: GpuJs, data: Float32Array) {
    this.data = library.input(data, [data.length]);
    this.size = data.length;
  }

  get launch(): Launch {
    const { size } = this;
    return { body: 'return a0[this.thread.x];', inputs: [], output: { size }, grid: [size], width: 1 };
  }
}

/** What gpu.js takes as an argument. */
export const argumentOf = (handle: Handle): unknown => (handle instanceof Upload ? handle.data : handle);

/** A kernel's inner part, with what 2.24.1 turns the numbers that it wrote into rows with: replaced, they stay one array. */
export interface Shaping {
  _shapeOutput?: (data: Float32Array) => Float32Array;
}
export const flat = (data: Float32Array): Float32Array => data;
