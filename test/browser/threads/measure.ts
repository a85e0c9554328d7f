// What the page and its worker both do: load the executor with threads if they may have them, and run a product that is cut into many tasks.
import module from '../../../native/wasm/autobalance.wasm?url';
import threadsModule from '../../../native/wasm/autobalance-threads.wasm?url';
import { loadedEngine } from '../../../src/backends/browser.js';
import { makeExecutable } from '../../../src/backends/executable.js';
import type { BackendInfo } from '../../../src/backends/portable.js';
import { wasmBackend } from '../../../src/backends/wasm.js';
import { WasmEngine } from '../../../src/backends/wasm-engine.js';
import { Tensor, trace } from '../../../src/ir/index.js';
import { matmul } from '../../../src/ops/index.js';

export interface Measured {
  readonly info: BackendInfo;
  /** How many threads took part in a loop. */
  readonly present: number;
  /** Whether a product has the bits of the module for one thread. */
  readonly same: boolean;
}

const N = 300;

function product(engine: WasmEngine): string {
  const x = Tensor.of(
    Float32Array.from({ length: N * N }, (_, i) => Math.sin(i)),
    [N, N],
    'f32',
  );
  const { program } = trace((a, b) => [matmul(a!, b!)], [x.aval, x.aval]);
  return String(makeExecutable(wasmBackend(engine), program).run([x, x])[0]!.data());
}

export async function measure(threads: number): Promise<Measured> {
  const engine = await loadedEngine(module, { threads, threadsSource: threadsModule });
  const { threadsPresent } = engine.instance.exports as { threadsPresent?(): number };
  const single = new WasmEngine(await WebAssembly.compileStreaming(fetch(module)));
  return {
    info: wasmBackend(engine).info(),
    present: threadsPresent?.() ?? 1,
    same: product(engine) === product(single),
  };
}
