// Inside the page: starts backends and asks the matrix of them. What the tests call is on `globalThis.conformance`.
import { makeExecutable } from '../../src/backends/executable.js';
import type { Backend, BackendInfo } from '../../src/backends/portable.js';
import { isFloat, type Program, Tensor } from '../../src/ir/index.js';
import { entries } from '../conformance/matrix.js';
import type { Prepared } from '../support/derivatives.js';
import { reference, type Target } from '../support/reference.js';
import { pageBackends } from './backends.js';
import { checksIn } from './checks.js';

/** What the checks of one primitive came to. */
export interface Report {
  readonly checks: number;
  readonly failures: readonly string[];
}

export interface Conformance {
  /** Makes a backend ready. @returns what it says it is */
  start(name: string): Promise<BackendInfo>;
  /** @param slip adds this much to every float that the backend returns, so that it can be seen to be noticed */
  check(backend: string, primitive: string, slip?: number): Promise<Report>;
}

const started = new Map<string, Backend>();

const slipped = (results: readonly Tensor[], slip: number): Tensor[] =>
  results.map((tensor) =>
    isFloat(tensor.dtype) && slip !== 0
      ? Tensor.of(
          tensor.data().map((value) => value + slip),
          tensor.shape,
          tensor.dtype,
        )
      : tensor,
  );

/**
 * A check on a backend that cannot be waited for: what it would run is noted first, with the definition's results in place of the
 * backend's, then run, and then the check gets to see it.
 */
async function checkLater(prepared: Prepared, backend: Backend, slip: number): Promise<void> {
  const calls: { readonly program: Program; readonly inputs: readonly Tensor[] }[] = [];
  prepared({
    name: 'noted',
    run(program, inputs) {
      calls.push({ program, inputs });
      return reference.run(program, inputs);
    },
  });
  const results: Tensor[][] = [];
  for (const { program, inputs } of calls) results.push(await makeExecutable(backend, program).runAsync(inputs));
  prepared({ name: backend.name, run: () => slipped(results.shift()!, slip) });
}

const targetOf = (backend: Backend, slip: number): Target => ({
  name: backend.name,
  run: (program, inputs) => slipped(makeExecutable(backend, program).run(inputs), slip),
});

const conformance: Conformance = {
  async start(name) {
    const backend = await pageBackends[name]!.start();
    started.set(name, backend);
    return backend.info();
  },
  async check(name, primitive, slip = 0) {
    const backend = started.get(name)!;
    const { dtypes, asynchronous } = pageBackends[name]!;
    const entry = entries.find((other) => other.name === primitive)!;
    const failures: string[] = [];
    const checks = checksIn(entry, dtypes);
    for (const check of checks) {
      try {
        if (asynchronous) await checkLater(check.prepared(), backend, slip);
        else check.prepared()(targetOf(backend, slip));
      } catch (error) {
        failures.push(`${check.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return { checks: checks.length, failures };
  },
};

Object.assign(globalThis, { conformance });
