import module from 'autobalance/autobalance.wasm?url';
import { loadWasm, useBackend } from 'autobalance/browser';
import type { BackendName } from './choices.js';

/** How each backend is made the one that runs. */
export const starts: { readonly [name in BackendName]: () => Promise<void> } = {
  async wasm() {
    await loadWasm(module);
    useBackend('wasm');
  },
  async typescript() {
    useBackend('typescript');
  },
};
