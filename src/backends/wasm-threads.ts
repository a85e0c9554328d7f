// Threads of the WebAssembly module: each is a thread of the host that instantiates the same module on the same memory, with a stack and
// thread-local memory of its own, and from then on sleeps in the module's pool until there is work.

/** What a thread needs to come into being. An address is a number of bytes from the start of the memory. */
export interface ThreadStart {
  readonly module: WebAssembly.Module;
  /** Shared. */
  readonly memory: WebAssembly.Memory;
  /** libc's record of the thread. */
  readonly thread: number;
  /** Where its stack begins, growing downwards. */
  readonly stack: number;
  /** What it runs, which never returns. */
  readonly routine: number;
  readonly argument: number;
}

export interface HostThread {
  stop(): void;
}

/** How a host starts threads, which must not keep it from ending. */
export interface ThreadHost {
  /** Processors that threads may run on. */
  readonly processors: number;
  /**
   * @param heard called with `undefined` when the thread runs, and with an error if it does not start or ends
   * @throws what the host throws if it refuses
   */
  start(data: ThreadStart, heard: (error?: Error) => void): HostThread;
}

/** How many threads compute, the calling one among them, and who starts the others. */
export interface ThreadsWanted {
  readonly count: number;
  readonly host: ThreadHost;
}

/** As many as the executor's pool can hold. */
export const MOST_THREADS = 256;

/** Whether a number of threads can be asked for. */
export const isThreadCount = (count: number): boolean => Number.isInteger(count) && count >= 1 && count <= MOST_THREADS;

/**
 * JavaScript of a function of a {@link ThreadStart} and of what to call when the thread runs. A text, because hosts start threads from texts or files, and
 * a file would have to be found by every bundler. A trap is written into the module, where the thread that waits for this one finds it.
 */
export const threadSource = `(start, running) => {
  const { module, memory, thread, stack, routine, argument } = start;
  const imports = { env: { memory, emscripten_get_now: () => performance.now() } };
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') continue;
    imports[from] ??= {};
    imports[from][name] ??= () => {
      throw new Error('a thread called ' + name);
    };
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  exports.stackRestore(stack);
  exports._emscripten_thread_init(thread, 0, 0, 1, 0);
  exports.emscripten_tls_init();
  running();
  try {
    exports.runThread(routine, argument);
  } catch (error) {
    exports.stackRestore(stack);
    const text = new TextEncoder().encode(error instanceof Error ? error.message : String(error)).slice(0, 255);
    new Uint8Array(memory.buffer).set(text, exports.trapText());
    exports.workerTrapped();
  }
}`;
