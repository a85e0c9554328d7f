import { BackendError } from '../ir/index.js';
import { provideBackends } from './registry.js';
import { wasmBackend } from './wasm.js';

// Asked for before its time, it says what to do.
provideBackends({
  wasm() {
    throw new BackendError('wasm: the module has not been loaded; await loadWasm(url) first');
  },
});

/**
 * Makes the backend `wasm` available, which from now on is preferred to `typescript`. In Node nothing has to be loaded.
 * @param source the package's file `autobalance/autobalance.wasm`: where it is served, its bytes, or a module compiled from them
 * @throws {BackendError} if it cannot be fetched, or this engine does not accept it
 */
export async function loadWasm(source: string | URL | BufferSource | WebAssembly.Module): Promise<void> {
  const module = source instanceof WebAssembly.Module ? source : await compiled(await bytesOf(source));
  provideBackends({ wasm: ({ convolution }) => wasmBackend(module, convolution) });
}

async function bytesOf(source: string | URL | BufferSource): Promise<BufferSource> {
  if (!(typeof source === 'string' || source instanceof URL)) return source;
  const response = await fetch(source).catch((error: unknown) => {
    throw new BackendError(`wasm: ${source} cannot be fetched: ${messageOf(error)}`, { cause: error });
  });
  if (!response.ok) {
    throw new BackendError(`wasm: ${source} answers ${response.status}; serve the package's autobalance.wasm there`);
  }
  return response.arrayBuffer();
}

async function compiled(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new BackendError(`wasm: this is no module, or not one for this engine: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
