import module from '../../native/wasm/autobalance.wasm?url';
import { loadWasm } from '../../src/backends/browser.js';
import { type Backend, type BackendInfo, getBackend } from '../../src/backends/portable.js';
import type { DType } from '../../src/ir/index.js';

/** A backend as it runs inside a page. One entry here, and the whole matrix is asked of it. */
export interface PageBackend {
  /** What it computes in; the rest of the matrix is not asked of it. */
  readonly dtypes: readonly DType[];
  /** What `info()` must say, so that nobody takes one for another. */
  readonly ran: Pick<BackendInfo, 'name' | 'device'>;
  /** Called in the page. */
  start(): Promise<Backend>;
}

const ANY: readonly DType[] = ['f64', 'f32', 'i32', 'u8', 'bool'];

export const pageBackends: { readonly [name: string]: PageBackend } = {
  typescript: {
    dtypes: ANY,
    ran: { name: 'typescript', device: 'JavaScript, 1 thread' },
    start: async () => getBackend('typescript'),
  },
  wasm: {
    dtypes: ANY,
    ran: { name: 'wasm', device: 'WebAssembly generic, 1 thread' },
    async start() {
      await loadWasm(module);
      return getBackend('wasm');
    },
  },
};
