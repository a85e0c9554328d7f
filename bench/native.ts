import { nativeAddon } from '../src/backends/native.js';
import { type EncodeOptions, encode } from '../src/compile/encode.js';
import { allocateArray, flatten, inlineBodies, type Program, simplify, type Value } from '../src/ir/index.js';

/**
 * A program straight on the executor, into the same results every time, as peers do that are given where to write or whose allocator hands
 * the memory just freed out again. What a call from JavaScript adds (about 1 µs, and results in new memory, which are not in the cache)
 * the suites `step`, `hypergradient` and `small` show.
 */
export function onExecutor(
  program: Program,
  args: readonly unknown[],
  captured: readonly Value[] = [],
  options?: EncodeOptions,
): () => unknown {
  const tape = encode(inlineBodies(simplify(program, { final: true })), options);
  const executable = new (nativeAddon().Executable)(tape.words, tape.literals);
  const inputs = [...flatten(args).leaves, ...captured].map((leaf) => leaf.data());
  const outputs = tape.results.map(({ dtype, size }) => allocateArray(dtype, size));
  return () => executable.run(inputs, outputs);
}
