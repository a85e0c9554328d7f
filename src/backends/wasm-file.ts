import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError, memo } from '../ir/index.js';
import { messageOf } from '../ir/message-of.js';
import type { Backend } from './backend.js';
import { convolutionWanted } from './convolution-wanted.js';
import { packageRoot } from './package-root.js';
import { wasmBackend } from './wasm.js';
import { WasmEngine } from './wasm-engine.js';
import { nodeThreads, threadsWanted } from './wasm-threads-node.js';

const FILES = { single: 'autobalance.wasm', threads: 'autobalance-threads.wasm' } as const;

/** A module that comes with this package, compiled. @throws {BackendError} if it is missing or this engine cannot compile it. */
export function wasmModule(which: keyof typeof FILES = 'single'): WebAssembly.Module {
  const path = join(packageRoot(), 'native', 'wasm', FILES[which]);
  if (!existsSync(path)) throw new BackendError(`wasm: ${path} does not exist; run npm run build:wasm`);
  try {
    return new WebAssembly.Module(readFileSync(path));
  } catch (error) {
    throw new BackendError(
      `wasm: this engine does not accept ${path}: ${messageOf(error)}; run npm run build:wasm again`,
      { cause: error },
    );
  }
}

/**
 * An executor of its own, of the modules that come with this package, on so many threads; on one, if memory cannot be shared.
 * @throws {BackendError} if a module is missing or does not start here, saying why
 */
export function wasmEngine(threads = 1): WasmEngine {
  if (threads === 1) return new WasmEngine(wasmModule());
  const module = wasmModule('threads');
  try {
    return new WasmEngine(module, { count: threads, host: nodeThreads });
  } catch (error) {
    return new WasmEngine(wasmModule(), undefined, messageOf(error));
  }
}

const engines = new Map<number, WasmEngine>();

/**
 * The backend of the modules that come with this package; however often it is asked for, it is the same executor.
 * @throws {BackendError} if one is missing or does not start here, saying why
 * @throws {ConfigError} as {@link convolutionWanted} and {@link threadsWanted}, unless both are given
 */
export const loadWasm = (convolution = convolutionWanted(), threads = threadsWanted()): Backend =>
  wasmBackend(
    memo(engines, threads, () => wasmEngine(threads)),
    convolution,
  );
