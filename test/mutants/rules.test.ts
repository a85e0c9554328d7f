import { describe, expect, test } from 'vitest';
import { primitives } from '../../src/ops/index.js';
import { failureOf } from './mutant.js';
import { ruleMutants } from './rules.js';

/** What the matrix is worth: faults planted in the rules of primitives, each of which it must find. As they are, they pass: see derivatives.test.ts. */
describe('faults planted in rules', () => {
  test('each has a name of its own', () => {
    const names = ruleMutants.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  test('every primitive whose result is a float has one', () => {
    const mutated = new Set<string>(ruleMutants.map(({ primitive }) => primitive));
    const none = Object.keys(primitives).filter((name) => !mutated.has(name));
    expect(none).toEqual(['equal', 'less', 'lessEqual', 'and', 'or', 'not', 'iota', 'argmax', 'windowArgmax']);
  });

  for (const mutant of ruleMutants) {
    test(mutant.name, ({ task }) => {
      const remove = mutant.plant();
      let caught: string | undefined;
      try {
        caught = failureOf(mutant.primitive);
      } finally {
        remove();
      }
      if (caught) task.meta.caught = caught;
      expect(caught, `${mutant.name} survives`).toBeDefined();
    });
  }
});
