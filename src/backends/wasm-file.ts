import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError } from '../ir/index.js';
import type { Backend } from './backend.js';
import { convolutionWanted } from './convolution-wanted.js';
import { wasmBackend } from './wasm.js';

/** The module that comes with this package, compiled. @throws {BackendError} if it is missing or this engine cannot compile it. */
export function wasmModule(): WebAssembly.Module {
  // From src/backends and from dist/src/backends alike, the package is the nearest folder above with a binding.gyp.
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'binding.gyp')) && dirname(root) !== root) root = dirname(root);
  const path = join(root, 'native', 'wasm', 'autobalance.wasm');
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
