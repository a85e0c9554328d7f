import { describe, expect, test } from 'vitest';
import { DTypeError, type Primitive } from '../../src/ir/index.js';
import { primitives } from '../../src/ops/index.js';
import { addonExists, targets } from '../support/targets.js';
import { ANY, type Sample } from './sample.js';
import type { Family } from './samples/family.js';
import { families } from './samples/index.js';

const entries: readonly (readonly [string, Primitive, Family])[] = Object.entries<Primitive>(primitives).map(
  ([name, primitive]) => [name, primitive, (families as { readonly [name: string]: Family })[name]!],
);

describe('coverage', () => {
  test('every primitive is registered under its own name', () => {
    for (const [name, primitive] of entries) expect(primitive.name).toBe(name);
  });

  test('the samples are those of the registry, no more and no fewer', () => {
    expect(Object.keys(families).sort()).toEqual(Object.keys(primitives).sort());
  });

  test('names of samples are unique, so that no two draw the same numbers', () => {
    for (const [, , { samples }] of entries) {
      const names = samples.map((sample) => sample.name);
      expect(names).toEqual([...new Set(names)]);
    }
  });

  test.each(entries)('%s is tried in every dtype of its domain', (_, __, { domain, samples }) => {
    const tried = new Set(samples.flatMap(({ dtypes, params }) => [...dtypes, params.dtype]));
    for (const dtype of domain) expect(tried).toContain(dtype);
  });

  test.each(entries)('%s refuses dtypes outside its domain', (_, primitive, { domain, samples }) => {
    const [first] = samples as readonly [Sample, ...Sample[]];
    if (!first.inputs.some(({ dtype }) => dtype === 'T')) return;
    for (const dtype of ANY) {
      const avals = first.inputs.map(({ shape, dtype: own }) => ({ shape, dtype: own === 'T' ? dtype : own }));
      if (domain.includes(dtype)) expect(() => primitive.infer(avals, first.params)).not.toThrow();
      else expect(() => primitive.infer(avals, first.params)).toThrow(DTypeError);
    }
  });

  test.each(entries)('%s states how close its results are', (_, primitive, { accuracy }) => {
    expect(accuracy === 'ulps').toBe(primitive.ulps !== undefined);
    if (primitive.category === 'elementwise') expect(primitive.evaluate).toBeDefined();
  });

  test('the native backend runs wherever the addon has been compiled', () => {
    if (addonExists) expect(targets.map(({ name }) => name)).toContain('native');
    else expect(targets.map(({ name }) => name)).not.toContain('native');
  });
});
