import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cli, jsonOf, makeWorkplace, type Workplace } from './tiny.js';

let work: Workplace;
beforeAll(async () => {
  work = await makeWorkplace();
});
afterAll(() => work.remove());

const loss = { parametrisation: 'softplus', classCounts: [5, 2], delta: [1, 0.5], iota: [0, -1], weight: [1, 1] };

test('writes the file and says so', async () => {
  const path = await work.file('loss.json', JSON.stringify(loss));
  const out = join(work.folder, 'loss.py');
  const { code, out: said } = await cli(['export', path, '--to', 'pytorch', '--out', out]);
  expect([code, said]).toEqual([0, `Wrote ${out}: pytorch, 2 classes.\n`]);
  expect(await readFile(out, 'utf8')).toMatch(/from loss\.json\.[\s\S]*class AutoBalanceLoss/);
  const json = jsonOf(
    (await cli(['export', path, '--to', 'onnx', '--out', join(work.folder, 'loss.onnx'), '--json'])).out,
  );
  expect(json).toMatchObject({
    target: 'onnx',
    classes: 2,
    groups: null,
    bytes: (await readFile(join(work.folder, 'loss.onnx'))).length,
  });
});

test.each<[object | string, RegExp]>([
  ['{', /not valid JSON/],
  ['[]', /ERR_DATA/],
  [{ ...loss, delta: [1] }, /delta must have a number for each of the 2 classes, got 1/],
  [{ ...loss, delta: [1, null] }, /delta must be a list of numbers/],
  [{ ...loss, iota: [[0, 1], [2]] }, /iota must have a number for each of the 2 groups, class 1 has 1/],
  [
    {
      ...loss,
      groups: ['a', 'b', 'c'],
      iota: [
        [0, 1],
        [2, 3],
      ],
    },
    /iota must have a number for each of the 3 groups/,
  ],
  [{ ...loss, classCounts: [] }, /classCounts must not be empty/],
  [{ delta: [1], iota: [0], weight: [1] }, /classCounts must be a list of integers/],
])('a loss.json that is %j is refused', async (content, message) => {
  const path = await work.file('bad.json', typeof content === 'string' ? content : JSON.stringify(content));
  const { code, err } = await cli(['export', path, '--to', 'jax', '--out', join(work.folder, 'never.py')]);
  expect(code).toBe(2);
  expect(err).toMatch(/^ERR_DATA: .*bad\.json: /);
  expect(err).toMatch(message);
});

test('what else cannot be', async () => {
  const path = await work.file('loss.json', JSON.stringify(loss));
  const to = (...args: string[]) => cli(['export', path, ...args]);
  expect((await to('--to', 'pytorhc', '--out', 'x')).err).toMatch(/no export to "pytorhc"; did you mean "pytorch"\?/);
  expect((await to('--to', 'jax')).err).toMatch(/^ERR_CONFIG: command line: required option '--out/);
  expect((await to('--to', 'jax', '--out', join(work.folder, 'no', 'x.py'))).err).toMatch(/^ERR_FILE: /);
  expect((await cli(['export', 'nowhere.json', '--to', 'jax', '--out', 'x'])).err).toMatch(/^ERR_FILE: /);
});
