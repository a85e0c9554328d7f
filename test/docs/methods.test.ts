import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { baselineNames, baselines, fixedLosses, objectiveNames } from '../../src/index.js';

const text = readFileSync(new URL('../../docs/methods.md', import.meta.url), 'utf8');
/** Cells of the table rows that begin with a name in code. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const rowOf = (name: string): string[] | undefined => rows.find(([first]) => first === `\`${name}\``);

test.each(baselineNames)('docs/methods.md describes %s as the registry does', (name) => {
  const { summary, source, settings } = baselines[name];
  const values = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
  expect(rows).toContainEqual([`\`${name}\``, summary, values.join(', ') || '–', source || '–']);
});

test('docs/methods.md lists every objective and every start', () => {
  for (const name of objectiveNames) expect(rowOf(name)).toBeDefined();
  for (const name of Object.keys(fixedLosses)) expect(text).toContain(`\`${name}\``);
});
