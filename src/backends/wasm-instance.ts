import { BackendError } from '../ir/index.js';
import { messageOf } from '../ir/message-of.js';
import type { HostThread, ThreadsWanted } from './wasm-threads.js';

/** What native/wasm/exports.cc exports. An address is a number of bytes from the start of the module's memory; 0 is none. */
interface Exports {
  allocate(bytes: number): number;
  release(address: number): void;
  compile(words: number, wordCount: number, literals: number, literalCount: number): number;
  destroy(program: number): void;
  run(program: number, inputs: number, outputs: number): number;
  instructions(program: number): number;
  workingBytes(program: number): number;
  error(): number;
  errorIsTape(): number;
  stepName(i: number): number;
  foldName(i: number): number;
  opcodeName(i: number): number;
  isaName(): number;
  tapeVersion(): number;
  fmaPeak(f64: number): number;
}

/** What only the module for one thread exports besides. */
interface SingleExports extends Exports {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
}

/** What native/wasm/threads.cc and emscripten's libc export besides, where there are threads. */
interface ThreadExports extends Exports {
  __wasm_call_ctors(): void;
  _emscripten_thread_init(thread: number, browser: number, runtime: number, mayWait: number, profiling: number): void;
  emscripten_tls_init(): number;
  startThreads(threads: number, processors: number): number;
  stackOf(thread: number): number;
  threadsPresent(): number;
  trapText(): number;
}

/** Addresses have 32 bits. */
const ADDRESSES = 2 ** 32;
const PAGE = 2 ** 16;
/** As large as scripts/build-wasm.mjs makes it. */
const INITIAL_BYTES = 2 ** 24;
/** Of libc: the host has no thread to spare. */
const EAGAIN = 6;

/**
 * An instance of the C++ executor in WebAssembly. Its memory only grows, to 4 GiB at most. What a trap leaves behind cannot be known, so an instance
 * that has trapped is not called again.
 */
export class WasmInstance {
  readonly exports: Exports;
  readonly memory: WebAssembly.Memory;
  /** How many compute, the caller among them. */
  readonly threads: number;
  #staging = 0;
  #stagingBytes = 0;
  #failed: BackendError | undefined;
  #untold = false;
  /** What the host threw when it would not start a thread. */
  #refusal: unknown;
  #running = 0;
  readonly #hostThreads: HostThread[] = [];
  #changed = (): void => {};

  /**
   * @param module one for threads if and only if they are wanted
   * @throws {BackendError} if this engine lacks something the module needs (SIMD, exceptions, memory that can be shared)
   */
  constructor(module: WebAssembly.Module, wanted?: ThreadsWanted) {
    try {
      if (wanted) {
        this.memory = new WebAssembly.Memory({
          initial: INITIAL_BYTES / PAGE,
          maximum: ADDRESSES / PAGE,
          shared: true,
        });
        const exports: ThreadExports = this.#instantiate(
          module,
          this.#threadImports(module, wanted, () => exports),
        );
        this.exports = exports;
        exports.__wasm_call_ctors();
        this.threads = exports.startThreads(wanted.count, wanted.host.processors);
        if (this.threads < wanted.count) throw this.#refusal;
      } else {
        const exports: SingleExports = this.#instantiate(
          module,
          standaloneImports(() => exports.memory),
        );
        this.exports = exports;
        this.memory = exports.memory;
        this.threads = 1;
        exports._initialize();
      }
    } catch (error) {
      this.stop();
      throw new BackendError(`wasm: the module does not start here: ${messageOf(error)}`, { cause: error });
    }
  }

  #instantiate<E>(module: WebAssembly.Module, imports: WebAssembly.Imports): E {
    return new WebAssembly.Instance(module, imports).exports as E;
  }

  /** What the module for threads asks of its host: a clock, and threads. */
  #threadImports(
    module: WebAssembly.Module,
    { host }: ThreadsWanted,
    exports: () => ThreadExports,
  ): WebAssembly.Imports {
    const { memory } = this;
    return {
      env: {
        memory,
        emscripten_get_now: () => performance.now(),
        __emscripten_init_main_thread_js(thread: number) {
          exports()._emscripten_thread_init(thread, 0, 1, 1, 0);
          exports().emscripten_tls_init();
        },
        __pthread_create_js: (thread: number, _attributes: number, routine: number, argument: number) => {
          const stack = exports().stackOf(thread);
          try {
            const start = { module, memory, thread, stack, routine, argument };
            this.#hostThreads.push(host.start(start, (error) => this.#hear(error)));
            return 0;
          } catch (error) {
            this.#refusal = error;
            return EAGAIN;
          }
        },
      },
      // There is nowhere to write to: error 8, no such file.
      wasi_snapshot_preview1: { fd_write: () => 8 },
    };
  }

  #hear(error?: Error): void {
    if (error && !this.#failed) {
      this.#failed = new BackendError(`wasm: a thread ended: ${error.message}`, { cause: error });
      this.#untold = true;
    } else if (!error) this.#running += 1;
    this.#changed();
  }

  /** Waits until all threads run. Nothing else need wait for it: work is done by those who are there. @throws {BackendError} if one does not start */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#changed = () => {
        if (this.#failed) reject(this.#failed);
        else if (this.#running === this.threads - 1) resolve();
      };
      this.#changed();
    });
  }

  /** Why it must not be called any more. */
  get failed(): BackendError | undefined {
    return this.#failed;
  }

  /** Whether the reason has not been thrown yet. */
  get untold(): boolean {
    return this.#untold;
  }

  /** Ends its threads, and itself. */
  stop(): void {
    this.#failed ??= new BackendError('wasm: the executor was stopped');
    for (const thread of this.#hostThreads) thread.stop();
  }

  /** Calls the module. A trap (memory exhausted, the stack too deep) becomes this library's error, and the end of the instance. */
  call<T>(fn: (exports: Exports) => T): T {
    try {
      return fn(this.exports);
    } catch (error) {
      throw this.#fail(error instanceof BackendError ? error.message : `wasm: ${messageOf(error)}`, error);
    }
  }

  #fail(message: string, cause?: unknown): BackendError {
    this.#failed ??= new BackendError(message, { cause });
    this.stop();
    return this.#failed;
  }

  /** What the module says of the call that just failed; if a thread's trap was the cause, that is the end of the instance. */
  failure(): BackendError {
    const { trapText } = this.exports as Partial<ThreadExports>;
    const trap = trapText ? this.text(trapText()) : '';
    return trap === '' ? new BackendError(this.text(this.exports.error())) : this.#fail(`wasm: ${trap}`);
  }

  /** The text at an address, which ends with a zero. */
  text(address: number): string {
    const bytes = new Uint8Array(this.memory.buffer, address >>> 0);
    // A copy, for decoders take no shared memory.
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  }

  /** Names in the order of their numbers on the tape. */
  names(kind: 'step' | 'fold' | 'opcode'): string[] {
    const names: string[] = [];
    for (let address = this.exports[`${kind}Name`](0); address !== 0; ) {
      names.push(this.text(address));
      address = this.exports[`${kind}Name`](names.length);
    }
    return names;
  }

  /** Memory for the arrays of one call; the next call gets the same. @throws {BackendError} if there is no more. */
  staging(bytes: number): number {
    if (bytes > this.#stagingBytes) {
      this.exports.release(this.#staging);
      this.#stagingBytes = 0;
      // The module's numbers have 32 bits and a sign.
      this.#staging = bytes < ADDRESSES ? this.exports.allocate(bytes) >>> 0 : 0;
      if (this.#staging === 0) {
        throw new BackendError(
          `wasm: ${bytes} bytes of inputs and results do not fit into 4 GiB of memory; use smaller batches`,
        );
      }
      this.#stagingBytes = bytes;
    }
    return this.#staging;
  }
}

/** What the module for one thread asks of its host: a clock and an environment without variables; the rest is never called. */
const standaloneImports = (memory: () => WebAssembly.Memory): WebAssembly.Imports => ({
  env: { emscripten_notify_memory_growth: () => undefined },
  wasi_snapshot_preview1: {
    clock_time_get(_clock: number, _precision: bigint, address: number) {
      new DataView(memory().buffer).setBigUint64(address, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    environ_sizes_get(count: number, bytes: number) {
      const view = new DataView(memory().buffer);
      view.setUint32(count, 0, true);
      view.setUint32(bytes, 0, true);
      return 0;
    },
    environ_get: () => 0,
    proc_exit(code: number) {
      throw new BackendError(`wasm: the executor gave up with code ${code}`);
    },
  },
});
