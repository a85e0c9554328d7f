import module from 'autobalance/autobalance.wasm?url';
import threadsSource from 'autobalance/autobalance-threads.wasm?url';
import { type GpuJs, type GpuJsMode, loadGpuJs, loadWasm, useBackend } from 'autobalance/browser';
import type { BackendName } from './choices.js';

/** Networks as small as these gain nothing from more. */
const MOST_THREADS = 4;

async function gpuJs(mode: GpuJsMode): Promise<void> {
  // 0.5 MB that nobody else needs to load.
  const library = await import('gpu.js');
  await loadGpuJs(library as unknown as GpuJs, { mode });
  useBackend('gpu.js');
}

/** How each backend is made the one that runs. */
export const starts: { readonly [name in BackendName]: () => Promise<void> } = {
  async wasm() {
    const threads = Math.min(navigator.hardwareConcurrency, MOST_THREADS);
    await loadWasm(module, { threads, threadsSource });
    useBackend('wasm');
  },
  async typescript() {
    useBackend('typescript');
  },
  webgl2: () => gpuJs('webgl2'),
  webgpu: () => gpuJs('webgpu'),
};
