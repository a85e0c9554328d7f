import module from 'autobalance/autobalance.wasm?url';
import { type GpuJs, type GpuJsMode, loadGpuJs, loadWasm, useBackend } from 'autobalance/browser';
import type { BackendName } from './choices.js';

async function gpuJs(mode: GpuJsMode): Promise<void> {
  // 0.5 MB that nobody else needs to load.
  const library = await import('gpu.js');
  await loadGpuJs(library as unknown as GpuJs, { mode });
  useBackend('gpu.js');
}

/** How each backend is made the one that runs. */
export const starts: { readonly [name in BackendName]: () => Promise<void> } = {
  async wasm() {
    await loadWasm(module);
    useBackend('wasm');
  },
  async typescript() {
    useBackend('typescript');
  },
  webgl2: () => gpuJs('webgl2'),
  webgpu: () => gpuJs('webgpu'),
};
