import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ConfigError } from '../ir/index.js';
import { environment } from './environment.js';
import { isThreadCount, MOST_THREADS, type ThreadHost, threadSource } from './wasm-threads.js';

const source = `
  const { parentPort, workerData } = require('node:worker_threads');
  (${threadSource})(workerData, () => parentPort.postMessage('running'));
`;

/** Node's worker threads, which do not keep the process alive. */
export const nodeThreads: ThreadHost = {
  processors: availableParallelism(),
  start(data, heard) {
    const worker = new Worker(source, { eval: true, workerData: data, execArgv: [] });
    worker.on('message', () => heard());
    worker.on('error', heard);
    worker.unref();
    return { stop: () => void worker.terminate() };
  },
};

/** What AUTOBALANCE_THREADS asks for; 1 without it. @throws {ConfigError} if that is no number of threads */
export function threadsWanted(): number {
  const wish = environment('AUTOBALANCE_THREADS') ?? '1';
  const count = Number(wish);
  if (isThreadCount(count)) return count;
  throw new ConfigError(
    `AUTOBALANCE_THREADS: expects a whole number from 1 to ${MOST_THREADS}, got ${JSON.stringify(wish)}`,
  );
}
