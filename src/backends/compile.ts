import { traceFunction } from '../ad/grad.js';
import { bySignature } from '../ad/signature.js';
import { callProgram, isTracing, type Program, simplify, Tensor, unflatten } from '../ir/index.js';
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

/**
 * Compiles a function of trees. It must be pure: tensors it closes over are fixed when it is first called, numbers are written into the
 * program, and JavaScript branches are taken once. Inside another traced function a compiled one is simply inlined.
 */
export function compile<A extends readonly unknown[], R>(fn: (...args: A) => R): Compiled<A, R> {
  const prepare = bySignature((args: A) => {
    const traced = traceFunction(fn as (...args: never[]) => unknown, args);
    return { ...traced, program: simplify(traced.program) };
  });
  const compiled = (...args: A): R => {
    const { made, leaves } = prepare(args);
    return unflatten<R>(made.output, callProgram(made.program, [...leaves, ...made.captured]));
  };
  return Object.assign(compiled, {
    async async(...args: A): Promise<R> {
      if (isTracing()) return compiled(...args);
      const { made, leaves } = prepare(args);
      const inputs = [...leaves, ...made.captured].filter((value) => value instanceof Tensor);
      return unflatten<R>(made.output, await executableFor(made.program).runAsync(inputs));
    },
    program: (...args: A) => prepare(args).made.program,
    stats: (...args: A) => executableFor(prepare(args).made.program).stats(),
  });
}
