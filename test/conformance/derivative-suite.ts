import { describe, test } from 'vitest';
import type { Prepared } from '../support/derivatives.js';
import { targets } from '../support/targets.js';
import { type Check, derivativeChecks, entries } from './matrix.js';

/** Tests for every derivative check of the matrix in one dtype, on every backend. */
export function checkDerivatives(dtype: 'f64' | 'f32'): void {
  const checks = entries.flatMap((entry) =>
    entry.family.samples.flatMap((sample) =>
      derivativeChecks(entry, sample)
        .filter((check) => check.dtype === dtype)
        .map((check): [string, Check] => [`${entry.name}, ${sample.name}, ${check.name}`, check]),
    ),
  );
  describe.each(checks)('%s', (_, check) => {
    // Made by the first backend that asks, shared by the others.
    let prepared: Prepared | undefined;
    test.each(targets.map((target) => [target.name, target] as const))('on %s', (_, target) => {
      prepared ??= check.prepare();
      prepared(target);
    });
  });
}
