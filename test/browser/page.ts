// Inside the page: starts backends and asks the matrix of them. What the tests call is on `globalThis.conformance`.
import type { BackendInfo } from '../../src/backends/portable.js';
import { isFloat, Tensor } from '../../src/ir/index.js';
import { entries } from '../conformance/matrix.js';
import { type Target, targetOf } from '../support/reference.js';
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
  check(backend: string, primitive: string, slip?: number): Report;
}

const started = new Map<string, Target>();

const slipping = (target: Target, slip: number): Target => ({
  ...target,
  run: (program, inputs) =>
    target.run(program, inputs).map((tensor) =>
      isFloat(tensor.dtype)
        ? Tensor.of(
            tensor.data().map((value) => value + slip),
            tensor.shape,
            tensor.dtype,
          )
        : tensor,
    ),
});

const conformance: Conformance = {
  async start(name) {
    const backend = await pageBackends[name]!.start();
    started.set(name, targetOf(name, backend));
    return backend.info();
  },
  check(name, primitive, slip = 0) {
    const target = slip === 0 ? started.get(name)! : slipping(started.get(name)!, slip);
    const entry = entries.find((other) => other.name === primitive)!;
    const checks = checksIn(entry, pageBackends[name]!.dtypes);
    const failures = checks.flatMap((check) => {
      try {
        check.prepared()(target);
        return [];
      } catch (error) {
        return [`${check.name}: ${error instanceof Error ? error.message : String(error)}`];
      }
    });
    return { checks: checks.length, failures };
  },
};

Object.assign(globalThis, { conformance });
