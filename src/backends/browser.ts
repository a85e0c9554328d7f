import { BackendError, ConfigError } from '../ir/index.js';
import { messageOf } from '../ir/message-of.js';
import { provideBackends } from './registry.js';
import { wasmBackend } from './wasm.js';
import { WasmEngine } from './wasm-engine.js';
import { isThreadCount, MOST_THREADS } from './wasm-threads.js';
import { browserThreads, threadsRefused } from './wasm-threads-browser.js';

// Asked for before its time, it says what to do.
provideBackends({
  wasm() {
    throw new BackendError('wasm: the module has not been loaded; await loadWasm(url) first');
  },
});

/** Where a module is served, its bytes, or the module compiled from them. */
export type WasmSource = string | URL | BufferSource | WebAssembly.Module;

export interface WasmOptions {
  /**
   * How many threads compute, the calling one among them; 1 unless given. Where a page has no right to more, there is one, and `info()` says why: threads
   * need a page that is cross-origin isolated, and a worker to compute in.
   */
  readonly threads?: number;
  /** The package's file `autobalance/autobalance-threads.wasm`, which more than one thread need. It is fetched only where they can run. */
  readonly threadsSource?: WasmSource;
}

/**
 * Makes the backend `wasm` available, which from now on is preferred to `typescript`. In Node nothing has to be loaded.
 * @param source the package's file `autobalance/autobalance.wasm`
 * @throws {BackendError} if a module cannot be fetched, or this engine does not accept it
 * @throws {ConfigError} if threads are asked for without their module, or a number of them that cannot be
 */
export async function loadWasm(source: WasmSource, options: WasmOptions = {}): Promise<void> {
  const engine = await loadedEngine(source, options);
  provideBackends({ wasm: ({ convolution }) => wasmBackend(engine, convolution) });
}

/** An executor of its own, its threads running. @throws as {@link loadWasm} */
export async function loadedEngine(
  source: WasmSource,
  { threads = 1, threadsSource }: WasmOptions = {},
): Promise<WasmEngine> {
  if (!isThreadCount(threads)) {
    throw new ConfigError(`loadWasm: threads expects a whole number from 1 to ${MOST_THREADS}, got ${threads}`);
  }
  if (threads === 1) return new WasmEngine(await moduleOf(source));
  if (threadsSource === undefined) {
    throw new ConfigError(
      `loadWasm: ${threads} threads need another module; give the package's autobalance-threads.wasm as threadsSource`,
    );
  }
  const refused = threadsRefused() ?? (await startedWith(threads, await moduleOf(threadsSource)));
  return typeof refused === 'string' ? new WasmEngine(await moduleOf(source), undefined, refused) : refused;
}

/** The executor with its threads running, or why there is none. */
async function startedWith(count: number, module: WebAssembly.Module): Promise<WasmEngine | string> {
  let engine: WasmEngine | undefined;
  try {
    engine = new WasmEngine(module, { count, host: browserThreads });
    await engine.ready();
    return engine;
  } catch (error) {
    engine?.stop();
    return messageOf(error);
  }
}

const moduleOf = async (source: WasmSource): Promise<WebAssembly.Module> =>
  source instanceof WebAssembly.Module ? source : compiled(await bytesOf(source));

async function bytesOf(source: string | URL | BufferSource): Promise<BufferSource> {
  if (!(typeof source === 'string' || source instanceof URL)) return source;
  const response = await fetch(source).catch((error: unknown) => {
    throw new BackendError(`wasm: ${source} cannot be fetched: ${messageOf(error)}`, { cause: error });
  });
  if (!response.ok) {
    throw new BackendError(`wasm: ${source} answers ${response.status}; serve the package's file there`);
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
