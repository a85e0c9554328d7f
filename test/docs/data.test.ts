import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readTable } from '../../examples/read-a-table.js';
import { parseConfig, resolveConfig } from '../../src/cli/config.js';
import { parseTableFile } from '../../src/cli/table-file.js';
import { formats } from '../../src/data/index.js';
import { temporaryFolder } from '../support/folder.js';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const page = read('docs/data.md');

test('the page has every format with what it holds', () => {
  const rows = Array.from(page.matchAll(/^\| `([^`]+)` +\| (.*?) +\|$/gm), ([, name, holds]) => [name, holds]);
  expect(rows).toEqual(Object.entries(formats).map(([name, { holds }]) => [name, holds]));
});

const yamlBlocks = Array.from(page.matchAll(/```yaml\n([\s\S]*?)```/g), ([, yaml]) => yaml!);

test('the settings of a run on the page are accepted', () => {
  const text = yamlBlocks[1]!.replaceAll('[...]', '[0.5]');
  const config = resolveConfig('mnist-lt', [parseConfig(text, 'docs/data.md')]);
  expect(config).toMatchObject({ longTail: null, data: { group: 'place', sampling: 'square-root', workers: 2 } });
});

test('the schema on the page is one', () => {
  const [yaml] = yamlBlocks;
  const { schema, files } = parseTableFile(yaml!, 'docs/data.md', '/data');
  expect(files.test).toBe('/data/later.csv');
  expect(schema.columns).toHaveLength(5);
});

test('the program on the page is the example, and it gives batches with equally many of each sex', async () => {
  expect(page).toContain(`\`\`\`ts\n${read('examples/read-a-table.ts')}\`\`\``);
  const rows = Array.from(
    { length: 20 },
    (_, i) => `${i % 7 ? i : '?'},${['baker', 'smith'][i % 2]},${i % 5 ? 'm' : 'f'},${i % 2}`,
  );
  const folder = temporaryFolder();
  const path = folder.write('people.csv', `age,job,sex,ill\n${rows.join('\n')}\n`);
  const { x, y, g, position, heldOut } = await readTable(path);
  // Age and its indicator; the job.
  expect([x.numeric.shape, x.categorical.shape, y.shape]).toEqual([[4, 2], [4, 1], [4]]);
  expect(g.shape).toEqual([4]);
  expect(position).toMatchObject({ epoch: 0, batch: 1, power: 0, batchSize: 4, samples: 16 });
  expect(heldOut.dataset.labels).toHaveLength(4);
});
