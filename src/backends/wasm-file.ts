import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError } from '../ir/index.js';
import type { Backend } from './backend.js';
import { convolutionWanted } from './convolution-wanted.js';
import { packageRoot } from './package-root.js';
import { wasmBackend } from './wasm.js';

/** The module that comes with this package, compiled. @throws {BackendError} if it is missing or this engine cannot compile it. */
export function wasmModule(): WebAssembly.Module {
  const path = join(packageRoot(), 'native', 'wasm', 'autobalance.wasm');
  if (!existsSync(path)) throw new BackendError(`wasm: ${path} does not exist; run npm run build:wasm`);
  try {
    return new WebAssembly.Module(readFileSync(path));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new BackendError(`wasm: this engine does not accept ${path}: ${message}; run npm run build:wasm again`, {
      cause: error,
    });
  }
}

/**
 * The backend of the module that comes with this package.
 * @throws {BackendError} if it is missing or does not start here, saying why
 * @throws {ConfigError} as {@link convolutionWanted}, unless `convolution` is given
 */
export const loadWasm = (convolution = convolutionWanted()): Backend => wasmBackend(wasmModule(), convolution);
