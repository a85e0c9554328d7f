import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { classMethods } from '../../src/autobalance/index.js';
import { evaluationSchema, lossFileSchema, summarySchema } from '../../src/cli/schema.js';
import { cli, InterruptAfter, jsonOf, makeWorkplace, type Outcome, type Workplace } from './tiny.js';

let work: Workplace;
let whole: Outcome;
let run: string;

beforeAll(async () => {
  work = await makeWorkplace();
  whole = await cli(['run', 'mnist-lt', ...work.options, '--methods', 'all', '--json']);
  run = join(work.runs, 'mnist-lt-1');
  // Fifteen methods: a second or two, but not while others use the machine.
}, 120_000);
afterAll(() => work.remove());

const read = async (...path: string[]): Promise<string> => readFile(join(...path), 'utf8');

describe('--methods all', () => {
  test('runs every method that needs only labels', () => {
    expect(whole.code).toBe(0);
    const { runDirectory: _, ...summary } = jsonOf(whole.out);
    expect(Object.keys(summarySchema.parse(summary).methods)).toEqual(classMethods);
  });

  test('its weights are evaluated to the errors of the run, each with its own classifier', async () => {
    const args = ['evaluate', '--weights', join(run, 'weights.safetensors'), '--data-dir', work.data, '--json'];
    const { evaluations: ___, ...printed } = jsonOf((await cli(args)).out);
    const { methods } = evaluationSchema.parse(printed);
    const { 'autobalance-search': _, ...finished } = methods;
    const summary = summarySchema.parse(JSON.parse(await read(run, 'summary.json')));
    for (const [name, { seconds: __, ...errors }] of Object.entries(summary.methods)) {
      expect([name, finished[name]]).toEqual([name, errors]);
    }
  });

  test('without --json many methods are a table of their own', async () => {
    const names = ['cross-entropy', 'focal', 'cdt', 'post-hoc-logit-adjustment', 'tau-norm'];
    const { out } = await cli(['run', 'mnist-lt', ...work.options, '--epochs', '1', '--methods', names.join(',')]);
    for (const name of names) expect(out).toMatch(new RegExp(`│ ${name} +│ +(\\* )?\\d+\\.\\d\\d │`));
    expect(out).toMatch(/│ +\* \d/);
  });

  test('interrupted among the methods it goes on', async () => {
    const args = ['run', 'mnist-lt', ...work.options, '--methods', 'tau-norm,crt', '--json'];
    const stopped = await cli(args, new InterruptAfter(11));
    expect(stopped.code).toBe(130);
    const done = await cli(['run', '--resume', String(jsonOf(stopped.out).runDirectory), '--json']);
    expect(done.code).toBe(0);
    const { methods } = jsonOf(whole.out) as { methods: Record<string, object> };
    const after = (jsonOf(done.out) as { methods: Record<string, object> }).methods;
    expect(Object.keys(after)).toEqual(['cross-entropy', 'tau-norm', 'crt']);
    for (const [name, errors] of Object.entries(after)) {
      expect({ ...errors, seconds: 0 }).toEqual({ ...methods[name], seconds: 0 });
    }
  });
});

describe('--start', () => {
  test('takes the numbers of a loss.json into the configuration', async () => {
    const loss = join(run, 'loss.json');
    const { delta, iota, weight } = lossFileSchema.parse(JSON.parse(await read(loss)));
    const { code, out } = await cli(['search', 'mnist-lt', ...work.options, '--start', loss, '--json']);
    expect(code).toBe(0);
    const { start } = parse(await read(String(jsonOf(out).runDirectory), 'config.yaml'));
    expect(start).toEqual({ delta, iota, weight });
  });

  test('takes a fixed loss', async () => {
    const { code, out } = await cli(['search', 'mnist-lt', ...work.options, '--start', 'vs', '--json']);
    expect([code, parse(await read(String(jsonOf(out).runDirectory), 'config.yaml')).start]).toEqual([0, 'vs']);
  });
});

describe('a search with clusters and weights', () => {
  test('writes them, and its loss can be retrained under', async () => {
    const config = await work.file(
      'clusters.yaml',
      `${await read(work.config)}\n`.replace(
        'search:\n',
        'search:\n  learn: [delta, iota, weight]\n  clusters: {size: 2}\n  expansion: interpolated\n',
      ),
    );
    const args = ['--data-dir', work.data, '--config', config, '--runs', work.runs, '--json'];
    const search = jsonOf((await cli(['search', 'mnist-lt', ...args])).out);
    const path = join(String(search.runDirectory), 'loss.json');
    const loss = lossFileSchema.parse(JSON.parse(await read(path)));
    expect(loss.clusters).toEqual([0, 0, 1]);
    expect(loss.weight).not.toEqual([1, 1, 1]);
    const { code, out } = await cli(['retrain', 'mnist-lt', ...args, '--loss', path]);
    expect(code).toBe(0);
    expect(jsonOf(out).learned).toEqual({ delta: loss.delta, iota: loss.iota, weight: loss.weight });
  });
});

describe('loss.json by group', () => {
  const good = {
    parametrisation: 'softplus',
    classCounts: [3, 2, 1],
    groups: ['a', 'b'],
    iota: [0, 0, 0],
    weight: [[1, 2]],
  };
  const retrain = async (loss: object) => {
    const path = await work.file('loss.json', JSON.stringify(loss));
    return (await cli(['retrain', 'mnist-lt', ...work.options, '--loss', path])).err;
  };
  const table = [
    [1, 1],
    [1, 2],
    [1, 3],
  ];

  test.each<[object, RegExp]>([
    [{ ...good, delta: [[1, 1], [1, 2], [1]] }, /delta must be a list of numbers, or of rows of equally many/],
    [
      {
        ...good,
        delta: [
          [1, 1, 1],
          [1, 2, 3],
          [1, 1, 1],
        ],
      },
      /delta has 3 numbers for each class, but "groups" names 2/,
    ],
    [{ ...good, groups: undefined, delta: table }, /delta has 2 numbers for each class, but "groups" names 0/],
    [{ ...good, delta: table.slice(1) }, /delta must have a number for each of the 3 classes, got 2/],
    [{ ...good, delta: table, clusters: [0, 1] }, /clusters must have a number for each of the 3 classes, got 2/],
    [{ ...good, delta: table }, /is a loss for groups a, b, and the data has none/],
  ])('%j', async (loss, message) => {
    expect(await retrain(loss)).toMatch(message);
  });
});
