import { WasmInstance } from './wasm-instance.js';
import type { ThreadsWanted } from './wasm-threads.js';

/** The executor in WebAssembly: an instance of it, and another one after a trap. */
export class WasmEngine {
  readonly #module: WebAssembly.Module;
  readonly #wanted: ThreadsWanted | undefined;
  /** Why there is one thread although more were asked for. */
  readonly refused: string | undefined;
  #instance: WasmInstance;

  /**
   * @param module the one for threads if and only if they are wanted
   * @throws {BackendError} if it does not start here
   */
  constructor(module: WebAssembly.Module, wanted?: ThreadsWanted, refused?: string) {
    this.#module = module;
    this.#wanted = wanted;
    this.refused = refused;
    this.#instance = new WasmInstance(module, wanted);
  }

  /** The instance in use. @throws {BackendError} once, if one of its threads ended by itself */
  get instance(): WasmInstance {
    const { failed, untold } = this.#instance;
    if (failed) this.#instance = new WasmInstance(this.#module, this.#wanted);
    if (untold) throw failed;
    return this.#instance;
  }

  /** Waits until its threads run. @throws {BackendError} if one does not start */
  ready(): Promise<void> {
    return this.#instance.ready();
  }

  /** Ends its threads. */
  stop(): void {
    this.#instance.stop();
  }
}
