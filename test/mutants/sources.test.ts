import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sourceMutants } from './sources.js';

/** `npm run test:mutants` plants these faults; here only that they still can be planted, so that a change of a source is seen at once. */
test.each(sourceMutants.map((mutant) => [mutant.name, mutant] as const))('%s: fits the source', (_, { file, find }) => {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  expect(source.split(find), `${JSON.stringify(find)} must occur once in ${file}`).toHaveLength(2);
});

test('each has a name of its own', () => {
  const names = sourceMutants.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});
