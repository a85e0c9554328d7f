import { Worker } from 'node:worker_threads';
import { ConfigError, WorkerError } from '../ir/errors.js';
import { type PostedError, receivedError } from './worker-errors.js';

/** What a worker posts back. */
export type Reply<R> = { readonly result: R } | { readonly error: PostedError };

interface Task<J, R> {
  readonly job: J;
  readonly resolve: (result: R) => void;
  readonly reject: (error: Error) => void;
}

interface Slot<J, R> {
  readonly worker: Worker;
  task: Task<J, R> | undefined;
}

/**
 * A few worker threads that do jobs in the order in which they are given. Threads start with the first job. While none is under way, the pool does
 * not keep the process alive; {@link close} ends it.
 */
export class WorkerPool<J, R> {
  readonly #url: URL;
  readonly #data: unknown;
  readonly #size: number;
  readonly #slots = new Set<Slot<J, R>>();
  readonly #waiting: Task<J, R>[] = [];
  #closed: Promise<void> | undefined;

  /**
   * @param url module of the workers; it answers each posted job with a {@link Reply}
   * @param data what each worker is started with
   * @throws {ConfigError} unless `size` is an integer from 1 to 64
   */
  constructor(url: URL, data: unknown, size: number) {
    if (!Number.isInteger(size) || size < 1 || size > 64) {
      throw new ConfigError(`A pool of workers needs 1 to 64 of them, got ${String(size)}.`);
    }
    this.#url = url;
    this.#data = data;
    this.#size = size;
  }

  /** Threads that run now. */
  get threads(): number {
    return this.#slots.size;
  }

  /**
   * Does a job on the next free thread.
   * @throws {AutobalanceError} what the worker threw, as the class it was there; {WorkerError} when the thread ended or the pool is closed
   */
  run(job: J): Promise<R> {
    if (this.#closed)
      return Promise.reject(new WorkerError('The workers have been closed; ask for batches before that.'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const free = [...this.#slots].find(({ task }) => task === undefined) ?? this.#start();
      if (!free) return;
      const task = this.#waiting.shift()!;
      free.task = task;
      free.worker.ref();
      free.worker.postMessage(task.job);
    }
  }

  #start(): Slot<J, R> | undefined {
    if (this.#slots.size === this.#size) return undefined;
    // Not the flags of this process: `--eval` and loaders of other languages are nothing to a worker.
    const worker = new Worker(this.#url, { workerData: this.#data, execArgv: [] });
    const slot: Slot<J, R> = { worker, task: undefined };
    this.#slots.add(slot);
    worker.on('message', (reply: Reply<R>) => {
      const { task } = slot;
      slot.task = undefined;
      // Not while it is being ended: the process must not be gone before that.
      if (!this.#closed) worker.unref();
      if (task) {
        if ('error' in reply) task.reject(receivedError(reply.error));
        else task.resolve(reply.result);
      }
      if (!this.#closed) this.#dispatch();
    });
    const lost = (reason: string): void => {
      this.#slots.delete(slot);
      const { task } = slot;
      slot.task = undefined;
      task?.reject(new WorkerError(`A worker thread ended: ${reason}; use fewer workers or smaller batches.`));
      // The others, or a new one, go on with what waits.
      if (!this.#closed) this.#dispatch();
    };
    worker.on('error', (error) => lost(error.message));
    worker.on('exit', (code) => lost(`it exited with code ${code}`));
    return slot;
  }

  /** Ends the threads and refuses what is under way; resolves when they have ended. Calling it again does nothing more. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      const closed = new WorkerError('The workers were closed before the job was done.');
      for (const { reject } of this.#waiting.splice(0)) reject(closed);
      const slots = [...this.#slots];
      for (const slot of slots) {
        slot.task?.reject(closed);
        slot.task = undefined;
      }
      await Promise.all(slots.map(({ worker }) => worker.terminate()));
      this.#slots.clear();
    })();
    return this.#closed;
  }
}
