import { describe, test } from 'vitest';
import { loadWasm } from '../../src/backends/wasm-file.js';
import { derivativeChecks, entries } from '../conformance/matrix.js';
import { prepareValue } from '../conformance/value-check.js';
import { targetOf } from '../support/targets.js';

// The matrix once more, on two threads: values of every dtype, and derivatives in f64. test/conformance/large.test.ts has the sizes that are shared out.

const target = targetOf('wasm on 2', loadWasm('direct', 2));

describe.each(entries.map((entry) => [entry.name, entry] as const))('%s on two threads', (_, entry) => {
  test.each(entry.family.samples.map((sample) => [sample.name, sample] as const))('%s', (_, sample) => {
    for (const dtype of sample.dtypes) prepareValue(entry, sample, dtype)(target);
    for (const { dtype, prepare } of derivativeChecks(entry, sample)) if (dtype === 'f64') prepare()(target);
  });
});
