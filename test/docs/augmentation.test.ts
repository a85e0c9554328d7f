import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { lossFileSchema } from '../../src/cli/schema.js';
import { augmentOperations } from '../../src/index.js';
import { cli, jsonOf, makeWorkplace, tinySettings, type Workplace } from '../cli/tiny.js';

let work: Workplace;
let page: string;
beforeAll(async () => {
  work = await makeWorkplace();
  page = await readFile(new URL('../../docs/augmentation.md', import.meta.url), 'utf8');
});
afterAll(() => work.remove());

test('the settings on the page work: on tiny data they are learned and trained under', async () => {
  const own = parse(page.match(/```yaml\n([\s\S]*?)```/)![1]!) as { search: object };
  const search = { ...tinySettings.search, ...own.search };
  const config = await work.file('policies.yaml', stringify({ ...tinySettings, search }));
  const args = ['run', 'fashion-mnist-lt', '--methods', 'autobalance', '--data-dir', work.data, '--config', config];
  const { code, out, err } = await cli([...args, '--runs', work.runs, '--json']);
  expect([code, err]).toEqual([0, expect.not.stringContaining('ERR')]);
  const run = String(jsonOf(out).runDirectory);
  const { augmentation } = lossFileSchema.parse(JSON.parse(await readFile(join(run, 'loss.json'), 'utf8')));
  expect(augmentation).toMatchObject({ by: 'class', spread: 0.5 });
  expect(augmentation!.operations.map(({ name }) => name)).toEqual(['rotate', 'translate']);
});

test('the page has every operation with its range and unit', () => {
  for (const { name, range, unit, differentiable } of Object.values(augmentOperations)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`))!;
    if (!differentiable) expect(row).toMatch(/\| probability \|$/);
    else {
      expect(row).toContain(`| ${range[0]} – ${range[1]}`);
      expect(row).toContain(`| ${unit} | probability and magnitude |`);
    }
  }
});
