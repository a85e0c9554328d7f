import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { requirePage } from '../report/page/require-page.js';
import { cli, InterruptAfter, jsonOf, makeWorkplace, tinySettings, type Workplace, writeTinyData } from './tiny.js';

interface Results {
  readonly seeds: number[];
  readonly comparisons: {
    readonly scenario: string;
    readonly reference: string;
    readonly methods: {
      readonly method: string;
      readonly values: number[];
      readonly against?: { differences: number[] };
    }[];
    readonly failures: object[];
  }[];
  readonly cells: { readonly method: string; readonly seed: number; readonly seconds: number }[];
}

const timeless = (results: unknown): unknown =>
  JSON.parse(JSON.stringify(results), (key, value: unknown) =>
    key === 'seconds' || key === 'runDirectory' ? 0 : value,
  );

let work: Workplace;
let options: string[];
let whole: Results;
beforeAll(async () => {
  work = await makeWorkplace();
  options = [
    'mnist-lt',
    ...work.options,
    '--methods',
    'autobalance,cross-entropy',
    '--seeds',
    '2',
    '--epochs',
    '2',
    '--json',
  ];
  const { code, out } = await cli(['compare', ...options]);
  expect(code).toBe(0);
  whole = jsonOf(out) as unknown as Results;
});
afterAll(() => work.remove());

describe('compare', () => {
  test('trains every method with every seed', () => {
    expect(whole.seeds).toEqual([1, 2]);
    expect(whole.cells.map(({ method, seed }) => [seed, method])).toEqual([
      [1, 'cross-entropy'],
      [1, 'autobalance'],
      [2, 'cross-entropy'],
      [2, 'autobalance'],
    ]);
    const [comparison] = whole.comparisons;
    const [first, second] = comparison!.methods;
    expect(comparison!.reference).toBe('autobalance');
    expect(first!.against!.differences).toEqual(second!.values.map((value, i) => value - first!.values[i]!));
  });

  test('each training is what run would have done', async () => {
    const args = [
      'run',
      'mnist-lt',
      ...work.options,
      '--methods',
      'cross-entropy',
      '--seed',
      '2',
      '--epochs',
      '2',
      '--json',
    ];
    const summary = jsonOf((await cli(args)).out) as { methods: Record<string, { balancedError: number }> };
    expect(whole.comparisons[0]!.methods[0]!.values[1]).toBe(summary.methods['cross-entropy']!.balancedError);
  });

  test('leaves a table in each form and a page', async () => {
    const folder = join(work.runs, 'mnist-lt-compare-1');
    expect((await readdir(folder)).sort()).toEqual([
      'cells',
      'comparison.json',
      'comparison.md',
      'config.yaml',
      'env.json',
      'plan.json',
      'report.html',
      'trainings.csv',
    ]);
    requirePage(await readFile(join(folder, 'report.html'), 'utf8'));
    expect(await readFile(join(folder, 'comparison.md'), 'utf8')).toMatch(/^\| method \| seeds \| balanced error \|/);
    expect((await readFile(join(folder, 'trainings.csv'), 'utf8')).split('\r\n')).toHaveLength(6);
    const cell = join(folder, 'cells', 'autobalance-seed-2');
    expect((await cli(['report', cell])).code).toBe(0);
  });

  test.each([0, 7, 24])('interrupted after %i steps it goes on where it was, and ends with the same', async (steps) => {
    const runs = join(work.folder, `runs-${steps}`);
    const stopped = await cli(['compare', ...options, '--runs', runs], new InterruptAfter(steps));
    expect(stopped.code).toBe(130);
    const { resume } = jsonOf(stopped.out);
    expect(resume).toBe(`autobalance compare --resume ${join(runs, 'mnist-lt-compare-1')}`);
    const done = await cli([...String(resume).split(' ').slice(1), '--json']);
    expect(done.code).toBe(0);
    expect(timeless(jsonOf(done.out))).toEqual(timeless(whole));
    if (steps === 24) expect(done.err).toMatch(/[123] of 4 trainings to do/);
  });

  test('what is done is not trained again', async () => {
    const folder = join(work.runs, 'mnist-lt-compare-1');
    const again = await cli(['compare', '--resume', folder, '--json']);
    expect(again.err).toContain('0 of 4 trainings to do');
    expect(jsonOf(again.out)).toEqual(jsonOf(JSON.stringify(whole)));
    await rm(join(folder, 'cells', 'cross-entropy-seed-1', 'result.json'));
    const one = await cli(['compare', '--resume', folder, '--json']);
    expect(one.err).toContain('1 of 4 trainings to do');
    expect(timeless(jsonOf(one.out))).toEqual(timeless(whole));
  });

  test('a setting may vary; the text has a table for each value', async () => {
    const args = [
      'compare',
      'mnist-lt',
      ...work.options,
      '--methods',
      'cross-entropy,logit-adjustment',
      '--seeds',
      '1',
      '--epochs',
      '1',
    ];
    const { code, out } = await cli([
      ...args,
      '--vary',
      'longTail.imbalance=1,6',
      '--against',
      'cross-entropy',
      '--figure',
      'logLoss',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/longTail\.imbalance = 1\n┌/);
    expect(out).toMatch(/longTail\.imbalance = 6\n┌/);
    expect(out).toContain('cross-entropy');
    expect(out).toMatch(/│ +log │/);
  });

  test('what begins with the same network is trained with it, once', async () => {
    const args = [
      'mnist-lt',
      ...work.options,
      '--seeds',
      '1',
      '--epochs',
      '1',
      '--methods',
      'tau-norm,post-hoc-logit-adjustment',
    ];
    const { out, err } = await cli(['compare', ...args, '--json']);
    const { cells, runDirectory } = jsonOf(out) as unknown as Results & { runDirectory: string };
    expect(cells.map(({ method }) => method)).toEqual(['post-hoc-logit-adjustment', 'tau-norm']);
    expect(err).toContain('2 of 2 trainings to do');
    expect(err.match(/cross-entropy: balanced error/g)).toHaveLength(1);
    expect(await readdir(join(runDirectory, 'cells'))).toEqual(['post-hoc-logit-adjustment+tau-norm-seed-1']);
    const all = ['autobalance', 'lws', 'cross-entropy', 'focal'].join(',');
    const more = await cli(['compare', ...args.slice(0, -1), all, '--json'], new InterruptAfter(1));
    const plan = join(String(jsonOf(more.out).runDirectory), 'cells');
    expect(await readdir(plan)).toEqual(['cross-entropy+lws-seed-1']);
  });

  test('a training that diverges does not stop the others', async () => {
    const config = await work.file(
      'wild.yaml',
      stringify({ ...tinySettings, training: { ...tinySettings.training, learningRate: 1e30 } }),
    );
    const args = [
      'compare',
      'mnist-lt',
      '--data-dir',
      work.data,
      '--config',
      config,
      '--runs',
      work.runs,
      '--seeds',
      '1',
    ];
    const { code, out } = await cli([...args, '--methods', 'cross-entropy,logit-adjustment', '--json']);
    expect(code).toBe(0);
    const { comparisons, runDirectory } = jsonOf(out) as unknown as Results & { runDirectory: string };
    expect(comparisons[0]!.failures).toHaveLength(2);
    expect(await readFile(join(runDirectory, 'report.html'), 'utf8')).toMatch(
      /logit-adjustment, seed 1, failed: training: the loss/,
    );
    const again = await cli(['compare', '--resume', runDirectory]);
    expect(again.err).toContain('0 of 2 trainings to do');
    expect(again.out).toMatch(/cross-entropy, seed 1, failed: training: the loss of step \d+ is/);
  });
});

describe('what cannot be compared', () => {
  test.each<[string[], RegExp]>([
    [['--methods', 'cross-entrpy'], /--methods: there is no method "cross-entrpy"; did you mean "cross-entropy"\?/],
    [['--seeds', '0'], /--seeds: must be an integer of at least 1, got "0"/],
    [['--vary', 'longTail.imbalance'], /--vary: must be a setting and its values/],
    [['--vary', 'longTail.imbalanc=3'], /--vary longTail\.imbalanc = 3: unknown key/],
    [['--vary', 'longTail.imbalance=3,x'], /--vary longTail\.imbalance = x: longTail\.imbalance must be/],
    [['--vary', 'longTail.imbalance=3,3'], /names a value twice/],
    [['--vary', 'seed=3,4'], /seed has an option of its own/],
    [['--vary', '__proto__.x=3'], /--vary: must be a setting/],
    [['--figure', 'deos'], /--figure: there is no figure "deos"; did you mean "deo"\?/],
    [['--methods', 'cross-entropy', '--against', 'autobalance'], /--against: must be one of the methods compared/],
    [['--preset', 'fashion-mnist-lt'], /names two presets, mnist-lt and fashion-mnist-lt/],
  ])('%j', async (args, message) => {
    const { code, err } = await cli(['compare', 'mnist-lt', ...work.options, ...args]);
    expect(code).toBe(2);
    expect(err).toMatch(/^ERR_CONFIG: /);
    expect(err).toMatch(message);
  });

  test('a resumption with other settings, of other data, or of a damaged plan', async () => {
    const folder = join(work.runs, 'mnist-lt-compare-1');
    expect((await cli(['compare', '--resume', folder, '--seeds', '3'])).err).toMatch(/leave out --seeds/);
    expect((await cli(['compare', 'mnist-lt', '--resume', folder])).err).toMatch(/leave out --preset/);
    const other = join(work.folder, 'other-data');
    await writeTinyData(other, 9);
    expect((await cli(['compare', '--resume', folder, '--data-dir', other])).err).toMatch(/^ERR_DATA: .*other data/);
    const plan = join(folder, 'plan.json');
    const good = await readFile(plan);
    await writeFile(plan, '{"scenarios":[]}');
    expect((await cli(['compare', '--resume', folder])).err).toMatch(/^ERR_DATA: .*plan\.json/);
    await writeFile(plan, good);
    const result = join(folder, 'cells', 'autobalance-seed-1', 'result.json');
    await writeFile(result, '{"figures":{}}');
    expect((await cli(['compare', '--resume', folder])).err).toMatch(/^ERR_DATA: .*result\.json.*remove the file/);
    expect((await cli(['compare', '--resume', work.data])).err).toMatch(/^ERR_FILE: .*plan\.json/);
  });
});
