import {
  callProgram,
  flatten,
  formatAval,
  isTracing,
  type Program,
  type Structure,
  simplify,
  structureKey,
  Tensor,
  Tracer,
  trace,
  unflatten,
  type Value,
} from '../ir/index.js';
import type { ExecutableStats } from './backend.js';
import { executableFor } from './registry.js';

/** A function that is traced once per signature (shapes, dtypes, structure of its arguments) and then runs as one backend call. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): R;
  /** The same without blocking this thread, where the backend can. */
  async(...args: A): Promise<R>;
  /** The simplified program for arguments like these. */
  program(...args: A): Program;
  /** What the backend made of it for arguments like these. */
  stats(...args: A): ExecutableStats;
}

interface Signature {
  readonly program: Program;
  readonly captured: readonly Value[];
  readonly output: Structure;
}

/**
 * Compiles a function of trees. It must be pure: tensors it closes over are fixed when it is first called, numbers are written into the
 * program, and JavaScript branches are taken once. Inside another traced function a compiled one is simply inlined.
 */
export function compile<A extends readonly unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  const cache = new Map<string, Signature>();

  function prepare(args: A): { signature: Signature; leaves: Value[] } {
    const { leaves, structure } = flatten(args);
    const key = `${structureKey(structure)} ${leaves.map((leaf) => formatAval(leaf.aval))}`;
    let signature = cache.get(key);
    if (!signature) {
      let output: Structure | undefined;
      const traced = trace(
        (...values) => {
          const result = flatten(fn(...unflatten<A>(structure, values)));
          output = result.structure;
          return result.leaves;
        },
        leaves.map((leaf) => leaf.aval),
      );
      signature = { program: simplify(traced.program), captured: traced.captured, output: output! };
      // A value of an enclosing trace differs from call to call.
      if (!traced.captured.some((value) => value instanceof Tracer)) cache.set(key, signature);
    }
    return { signature, leaves };
  }

  const compiled = (...args: A): R => {
    const { signature, leaves } = prepare(args);
    return unflatten<R>(signature.output, callProgram(signature.program, [...leaves, ...signature.captured]));
  };
  return Object.assign(compiled, {
    async async(...args: A): Promise<R> {
      if (isTracing()) return compiled(...args);
      const { signature, leaves } = prepare(args);
      const inputs = [...leaves, ...signature.captured].filter((value) => value instanceof Tensor);
      return unflatten<R>(signature.output, await executableFor(signature.program).runAsync(inputs));
    },
    program: (...args: A) => prepare(args).signature.program,
    stats: (...args: A) => executableFor(prepare(args).signature.program).stats(),
  });
}
