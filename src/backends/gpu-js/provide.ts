import type { Backend } from '../backend.js';
import { provideOnRequest } from '../registry.js';
import { requireDirect } from '../require-direct.js';
import { type GpuJs, type GpuJsOptions, type Mode, openGpuJs } from './backend.js';

/** Makes the backend `gpu.js` one that can be asked for. */
export function provideGpuJs(load: () => Backend): void {
  provideOnRequest({
    'gpu.js'({ convolution }) {
      requireDirect('gpu.js', convolution);
      return load();
    },
  });
}

/**
 * Makes gpu.js 2.24.1 available as the backend `gpu.js`, in the mode asked for or the best that runs here, WebGPU included; `useBackend('gpu.js')`
 * or `withBackend` then chooses it. In Node nothing has to be loaded unless for the sake of a mode.
 * @param library the default export of the package
 * @throws {BackendError} as {@link openGpuJs}
 */
export async function loadGpuJs(library: GpuJs, options: GpuJsOptions<Mode> = {}): Promise<void> {
  const backend = await openGpuJs(library, options);
  provideGpuJs(() => backend);
}
