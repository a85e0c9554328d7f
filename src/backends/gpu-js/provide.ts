import { ConfigError } from '../../ir/index.js';
import type { Backend } from '../backend.js';
import { provideOnRequest } from '../registry.js';

/** Makes the backend `gpu.js` one that can be asked for. */
export function provideGpuJs(load: () => Backend): void {
  provideOnRequest({
    'gpu.js'({ convolution = 'direct' }) {
      if (convolution === 'direct') return load();
      throw new ConfigError(
        `backend: gpu.js computes convolutions directly, not by ${convolution}; choose native or wasm`,
      );
    },
  });
}
