import { describe, test } from 'vitest';
import type { DType } from '../../src/ir/index.js';
import { targets } from '../support/targets.js';
import { entries } from './matrix.js';
import type { Sample } from './sample.js';
import { prepareValue } from './value-check.js';

const name = (sample: Sample, dtype: DType): string => `${sample.name} (${dtype})`;

describe.each(targets.map((target) => [target.name, target] as const))('values on %s', (_, target) => {
  describe.each(entries.map((entry) => [entry.name, entry] as const))('%s', (_, entry) => {
    for (const sample of entry.family.samples) {
      test.each(sample.dtypes.map((dtype) => [name(sample, dtype), dtype] as const))('%s', (_, dtype) => {
        prepareValue(entry, sample, dtype)(target);
      });
    }
  });
});
