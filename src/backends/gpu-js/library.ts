/**
 * What this package uses of gpu.js 2.24.1. Written down here because the package is an optional peer: types of its own would have to be
 * found wherever ours are.
 */
export interface GpuJs {
  readonly GPU: {
    new (settings: { readonly mode: string }): Gpu;
    readonly isWebGL2Supported: boolean;
    readonly isWebAssemblySupported: boolean;
    isWebGPUAvailable(): Promise<boolean>;
  };
  /** A flat array that a kernel reads as one of these extents. */
  input(data: Float32Array, extents: readonly number[]): unknown;
}

export interface Gpu {
  createKernel(source: string, settings: KernelSettings): GpuKernel;
}

export interface KernelSettings {
  readonly output: readonly number[];
  readonly precision: 'single';
  readonly tactic: 'precision';
  /** Results stay where they were computed, */
  readonly pipeline: true;
  /** and each has memory of its own. */
  readonly immutable: true;
}

export interface GpuKernel {
  (...inputs: unknown[]): unknown;
  destroy(): void;
  /** What runs it now: gpu.js falls back to another kernel where one cannot do what it is asked for. */
  readonly kernel: { readonly constructor: { readonly mode?: string }; readonly fallbackReason?: string | null };
}

/** Where gpu.js runs kernels: its own names, except that `wasm` is called webasm there. */
export type Mode = 'webgpu' | 'webgl2' | 'wasm' | 'cpu';

/** What each is called when it is asked for, and what a kernel that runs there says it is. */
export const gpuModes: { readonly [M in Mode]: { readonly name: string; readonly ran: string } } = {
  webgpu: { name: 'webgpu', ran: 'webgpu' },
  webgl2: { name: 'webgl2', ran: 'gpu' },
  wasm: { name: 'webasm', ran: 'webasm' },
  cpu: { name: 'cpu', ran: 'cpu' },
};
