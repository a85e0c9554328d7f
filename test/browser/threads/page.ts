// Inside the page: asks for threads on the page's own thread and in a worker. What the test calls is on `globalThis.threads`.
import { type Measured, measure } from './measure.js';

export interface Threads {
  inPage(threads: number): Promise<Measured>;
  inWorker(threads: number): Promise<Measured>;
}

const inWorker = (threads: number): Promise<Measured> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Measured>) => resolve(data));
    worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    worker.postMessage(threads);
  });

Object.assign(globalThis, { threads: { inPage: measure, inWorker } satisfies Threads });
