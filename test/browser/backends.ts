import * as gpujs from 'gpu.js';
import module from '../../native/wasm/autobalance.wasm?url';
import { loadWasm } from '../../src/backends/browser.js';
import {
  type Backend,
  type BackendInfo,
  type GpuJs,
  type GpuJsMode,
  getBackend,
  loadGpuJs,
} from '../../src/backends/portable.js';
import type { DType } from '../../src/ir/index.js';

/** A backend as it runs inside a page. One entry here, and the whole matrix is asked of it. */
export interface PageBackend {
  /** What it computes in; the rest of the matrix is not asked of it. */
  readonly dtypes: readonly DType[];
  /** What `info()` must say, so that nobody takes one for another. */
  readonly ran: Pick<BackendInfo, 'name' | 'device'>;
  /** Whether only its asynchronous form is the thing itself. */
  readonly asynchronous?: boolean;
  /** Called in the page. */
  start(): Promise<Backend>;
}

const ANY: readonly DType[] = ['f64', 'f32', 'i32', 'u8', 'bool'];

const gpuJs = (mode: GpuJsMode, device: string = mode): PageBackend => ({
  dtypes: ANY,
  ran: { name: 'gpu.js', device },
  async start() {
    await loadGpuJs(gpujs as unknown as GpuJs, { mode });
    return getBackend('gpu.js');
  },
});

export const pageBackends: { readonly [name: string]: PageBackend } = {
  typescript: {
    dtypes: ANY,
    ran: { name: 'typescript', device: 'JavaScript, 1 thread' },
    start: async () => getBackend('typescript'),
  },
  wasm: {
    dtypes: ANY,
    ran: { name: 'wasm', device: 'WebAssembly simd128, 1 thread' },
    async start() {
      await loadWasm(module);
      return getBackend('wasm');
    },
  },
  'gpu.js on WebGL2': gpuJs('webgl2'),
  'gpu.js on WebGPU': { ...gpuJs('webgpu', 'webgpu; synchronous runs on webgl2'), asynchronous: true },
};
