import { type ThreadHost, threadSource } from './wasm-threads.js';

/** Workers of the page, or of the worker that this runs in. They begin only when their creator returns to its event loop. */
export const browserThreads: ThreadHost = {
  get processors() {
    return navigator.hardwareConcurrency;
  },
  start(data, heard) {
    const source = `onmessage = ({ data }) => (${threadSource})(data, () => postMessage('running'));`;
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    const worker = new Worker(url);
    worker.onmessage = () => heard();
    worker.onerror = ({ message }) =>
      heard(new Error(message || 'the worker did not start; a content security policy must allow worker-src blob:'));
    worker.postMessage(data);
    return {
      stop() {
        worker.terminate();
        URL.revokeObjectURL(url);
      },
    };
  },
};

/** Why no threads can run here; `undefined` if they can. */
export function threadsRefused(): string | undefined {
  if (typeof SharedArrayBuffer === 'undefined' || !globalThis.crossOriginIsolated) {
    return (
      'the page is not cross-origin isolated; serve it with the headers ' +
      'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp'
    );
  }
  if (!mayWait()) return "this is the page's own thread, which may not wait for others; compute in a worker";
  return typeof Worker === 'undefined' ? 'workers cannot start workers in this browser' : undefined;
}

function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
