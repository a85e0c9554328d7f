// The page does nothing but start the worker that is measured in, since the page's own thread may not wait for others, and hand on what is asked of it.
import type { Answer } from './session.js';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const failed = new Promise<never>((_, reject) => {
  worker.addEventListener('error', ({ message }) => reject(new Error(message || 'the worker did not start')));
});
failed.catch(() => {});

/** One question at a time. */
const ask = (what: string, args: readonly unknown[]): Promise<unknown> => {
  const answer = new Promise((resolve, reject) => {
    const hear = ({ data }: MessageEvent<Answer>) =>
      'error' in data ? reject(new Error(data.error)) : resolve(data.value);
    worker.addEventListener('message', hear, { once: true });
  });
  worker.postMessage({ what, args });
  return Promise.race([answer, failed]);
};

Object.assign(globalThis, { ask });
