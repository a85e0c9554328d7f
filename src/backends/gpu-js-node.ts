import { createRequire } from 'node:module';
import { BackendError } from '../ir/index.js';
import type { Backend } from './backend.js';
import { type GpuJs, gpuJsBackend } from './gpu-js/backend.js';

/** The version that this package is tested with; the next major one makes every call asynchronous. */
const VERSION = '2.24.1';

/**
 * gpu.js as Node finds it. The package takes 0.3 s to load and to check, which is spent when a program first needs it.
 * @param from a file of the package that must have gpu.js among its own; this one unless given
 * @throws {BackendError} if gpu.js is not installed, or in another version
 */
export function requireGpuJs(from: string = import.meta.url): Backend {
  const require = createRequire(from);
  let version: string;
  try {
    version = (require('gpu.js/package.json') as { readonly version: string }).version;
  } catch (error) {
    throw new BackendError(`gpu.js is an optional package and is not installed; run npm install gpu.js@${VERSION}`, {
      cause: error,
    });
  }
  if (version !== VERSION) {
    throw new BackendError(`gpu.js must be version ${VERSION}, got ${version}; run npm install gpu.js@${VERSION}`);
  }
  let backend: Backend | undefined;
  const started = (): Backend => {
    backend ??= gpuJsBackend(require('gpu.js') as GpuJs);
    return backend;
  };
  return { name: 'gpu.js', info: () => started().info(), compile: (program) => started().compile(program) };
}
