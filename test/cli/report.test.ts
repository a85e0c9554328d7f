import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Interrupt } from '../../src/cli/interrupt.js';
import { objectiveText } from '../../src/cli/run-content.js';
import { requirePage, textOf } from '../report/page/require-page.js';
import { cli, InterruptAfter, jsonOf, makeWorkplace, type Workplace } from './tiny.js';

let work: Workplace;
let run: string;
beforeAll(async () => {
  work = await makeWorkplace();
  run = String(jsonOf((await cli(['run', 'mnist-lt', ...work.options, '--json'])).out).runDirectory);
});
afterAll(() => work.remove());

describe('report', () => {
  test('a run writes its page at the end, and the command writes the same', async () => {
    const page = await readFile(join(run, 'report.html'), 'utf8');
    requirePage(page);
    expect(textOf(page)).toContain('mnist-lt, seed 1');
    for (const method of ['cross-entropy', 'logit-adjustment', 'autobalance']) expect(page).toContain(method);
    const out = join(work.folder, 'page.html');
    const { code, out: said } = await cli(['report', run, '--out', out]);
    expect([code, said]).toEqual([0, `Wrote ${out}.\n`]);
    expect(await readFile(out, 'utf8')).toBe(page);
    const json = jsonOf((await cli(['report', run, '--json'])).out);
    expect(json).toEqual({ report: join(run, 'report.html'), bytes: Buffer.byteLength(page) });
  });

  test('an interrupted run has a page too, which says that it has not ended', async () => {
    const stopped = await cli(['run', 'mnist-lt', ...work.options, '--json'], new InterruptAfter(6));
    expect(stopped.code).toBe(130);
    const unfinished = String(jsonOf(stopped.out).runDirectory);
    expect((await cli(['report', unfinished])).code).toBe(0);
    const page = await readFile(join(unfinished, 'report.html'), 'utf8');
    requirePage(page);
    expect(textOf(page)).toContain('The run has not ended');
  });

  test.each<[string, string, string, RegExp]>([
    ['metrics.ndjson', '{"kind":"epoch","method":1}\n', 'ERR_DATA', /metrics\.ndjson: line 1: method/],
    ['metrics.ndjson', '{"kind":"hypergradient"\n', 'ERR_DATA', /metrics\.ndjson: line 1: not valid JSON/],
    ['evaluation.json', '{"dataset":"mnist-lt"}', 'ERR_DATA', /evaluation\.json: seed/],
    ['evaluation.json', '[', 'ERR_DATA', /evaluation\.json: not valid JSON/],
    ['summary.json', '{}', 'ERR_DATA', /summary\.json: dataset/],
    [
      'loss.json',
      '{"classCounts":[1],"delta":[1,2],"iota":[0],"weight":[1]}',
      'ERR_DATA',
      /delta must have a number for each of the 1 classes, got 2/,
    ],
    ['config.yaml', 'seed: [', 'ERR_CONFIG', /config\.yaml: not valid YAML/],
  ])('a damaged %s (%s) is named', async (file, content, code, message) => {
    const path = join(run, file);
    const good = await readFile(path);
    await writeFile(path, content);
    const outcome = await cli(['report', run, '--out', join(work.folder, 'never.html')]);
    await writeFile(path, good);
    expect(outcome.code).toBe(2);
    expect(outcome.err).toMatch(new RegExp(`^${code}: `));
    expect(outcome.err).toMatch(message);
    await expect(readFile(join(work.folder, 'never.html'))).rejects.toThrow(/ENOENT/);
  });

  test('what is no run, or cannot be written, is refused', async () => {
    expect((await cli(['report', join(work.folder, 'nowhere')])).err).toMatch(/^ERR_FILE: /);
    expect((await cli(['report', work.data])).err).toMatch(/^ERR_FILE: .*evaluation\.json/);
    expect((await cli(['report', run, '--out', join(work.folder, 'no', 'page.html')])).err).toMatch(/^ERR_FILE: /);
    expect((await cli(['report'])).code).toBe(2);
  });
});

test.each<[Parameters<typeof objectiveText>[0], string]>([
  ['balanced', 'balanced'],
  [{ name: 'deo', temperature: 0.1 }, 'deo'],
  [{ blend: ['balanced', { name: 'deo' }], lambda: 0.7 }, '0.7·(balanced) + 0.3·(deo)'],
  [{ prior: 'uniform', of: 'balanced' }, 'balanced under a uniform prior'],
  [{ prior: [1, 2], of: 'balanced' }, 'balanced under a prior of its own'],
])('the objective %j in words', (objective, text) => expect(objectiveText(objective)).toBe(text));

describe('run --live', () => {
  test('serves the page while the run goes on, and stops with it', async () => {
    const interrupt = new Interrupt();
    let said = '';
    const running = cli(
      ['run', 'mnist-lt', ...work.options, '--live', '--epochs', '60', '--methods', 'cross-entropy'],
      interrupt,
      undefined,
      (text) => {
        said += text;
      },
    );
    const url = await (async () => {
      for (;;) {
        const found = /Live page: (http:\S+)/.exec(said)?.[1];
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const answer = await fetch(url);
    const page = await answer.text();
    expect(answer.status).toBe(200);
    expect(page).toContain('<script>');
    expect(page).toContain('connect-src &#39;self&#39;');
    expect(textOf(page)).toContain('The run has not ended');
    interrupt.request('SIGINT');
    expect((await running).code).toBe(130);
    await expect(fetch(url)).rejects.toThrow();
  });

  test('a port that cannot be is refused', async () => {
    const { code, err } = await cli(['run', 'mnist-lt', ...work.options, '--live-port', '70000']);
    expect(code).toBe(2);
    expect(err).toMatch(/ERR_CONFIG: live page: the port must be an integer from 0 to 65535, got 70000/);
  });
});

test('a run from before there was an evaluation.json says what is missing', async () => {
  await rm(join(run, 'evaluation.json'));
  expect((await cli(['report', run])).err).toMatch(/^ERR_FILE: .*evaluation\.json: ENOENT/);
});
