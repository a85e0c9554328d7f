import * as gpujs from 'gpu.js';
import module from '../../native/wasm/autobalance.wasm?url';
import threadsSource from '../../native/wasm/autobalance-threads.wasm?url';
import type { Backend } from '../../src/backends/backend.js';
import { loadedEngine } from '../../src/backends/browser.js';
import { makeExecutable } from '../../src/backends/executable.js';
import { type GpuJs, openGpuJs } from '../../src/backends/gpu-js/backend.js';
import { referenceBackend } from '../../src/backends/reference.js';
import { wasmBackend } from '../../src/backends/wasm.js';
import type { Side, Starts } from './session.js';

const processors = navigator.hardwareConcurrency;

/** A backend whose results can be waited for. */
const waitedFor = (backend: Backend): Side => ({
  device: backend.info().device,
  prepare({ program, inputs }) {
    const executable = makeExecutable(backend, program);
    return { run: () => executable.run(inputs).map((result) => result.data()) };
  },
});

async function wasm(threads: number): Promise<Side> {
  const backend = wasmBackend(await loadedEngine(module, { threads, threadsSource }));
  const { oneThreadBecause } = backend.info().details;
  if (oneThreadBecause !== undefined) throw new Error(String(oneThreadBecause));
  return waitedFor(backend);
}

const library = gpujs as unknown as GpuJs;

/** This engine's backends, as far as a page has them. */
export const ours: Starts = {
  'wasm, 1 thread': () => wasm(1),
  ...(processors > 1 && { [`wasm, ${processors} threads`]: () => wasm(processors) }),
  typescript: async () => waitedFor(referenceBackend),
  'gpu.js WebGL2': async () => waitedFor(await openGpuJs(library, { mode: 'webgl2' })),
  async 'gpu.js WebGPU'() {
    const backend = await openGpuJs(library, { mode: 'webgpu' });
    return {
      device: backend.info().device,
      prepare({ program, inputs }) {
        const executable = makeExecutable(backend, program);
        return { run: async () => (await executable.runAsync(inputs)).map((result) => result.data()) };
      },
    };
  },
};
