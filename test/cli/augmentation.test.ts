import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { lossFileSchema, summarySchema } from '../../src/cli/schema.js';
import { decodeSafetensors } from '../../src/data/index.js';
import { cli, InterruptAfter, jsonOf, makeWorkplace, type Outcome, tinySettings, type Workplace } from './tiny.js';

const augmentation = { by: 'class', operations: ['translate', 'flip'] };
const settings = {
  ...tinySettings,
  methods: ['cross-entropy', 'autobalance'],
  search: { ...tinySettings.search, augmentation },
};

let work: Workplace;
/** What every command needs here. */
let options: string[];
/** A whole run that nothing disturbed. */
let whole: Outcome;
let wholeRun: string;

beforeAll(async () => {
  work = await makeWorkplace();
  const config = await work.file('policies.yaml', stringify(settings));
  options = ['--data-dir', work.data, '--config', config, '--seed', '3'];
  whole = await cli(['run', 'mnist-lt', ...options, '--runs', work.runs, '--json']);
  wholeRun = join(work.runs, 'mnist-lt-1');
});
afterAll(() => work.remove());

const readText = (...path: string[]): Promise<string> => readFile(join(...path), 'utf8');
const lossOf = async (run: string) => lossFileSchema.parse(JSON.parse(await readText(run, 'loss.json')));
const weightsOf = async (run: string) =>
  decodeSafetensors(await readFile(join(run, 'weights.safetensors')), run).tensors;

describe('a run that learns augmentation', () => {
  test('says what it has learned: on standard output, in loss.json, summary.json and on the page', async () => {
    expect([whole.code, whole.err]).toEqual([0, expect.not.stringContaining('ERR')]);
    const { runDirectory: _, ...printed } = jsonOf(whole.out);
    const { learned } = summarySchema.parse(printed);
    const loss = await lossOf(wholeRun);
    expect(loss.augmentation).toEqual(learned!.augmentation);
    expect(loss.augmentation).toMatchObject({ by: 'class', spread: 0.5, temperature: 0.5, straightThrough: true });
    const [translate, flip] = loss.augmentation!.operations;
    expect([translate!.name, flip!.name]).toEqual(['translate', 'flip']);
    for (const { probability, magnitude } of [translate!, flip!]) {
      expect([probability.length, magnitude.length]).toEqual([3, 3]);
      // Every class has moved from where it began.
      for (const p of probability) expect(Math.abs(p - 0.1)).toBeGreaterThan(1e-4);
    }
    expect(loss.iota).not.toEqual([0, 0, 0]);
    const page = await readText(wholeRun, 'report.html');
    expect(page).toContain('Learned augmentation');
    expect(page).toContain('translate, probability');
  });

  test('metrics.ndjson has the policies after each hypergradient', async () => {
    const lines = (await readText(wholeRun, 'metrics.ndjson'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const reports = lines.filter(({ kind }) => kind === 'hypergradient');
    expect(reports.length).toBeGreaterThan(0);
    for (const { augmentation: own } of reports) expect(own[0].probability).toHaveLength(3);
  });

  test('trains other methods as a run without it does', async () => {
    const runs = join(work.folder, 'runs-without');
    const args = ['run', 'mnist-lt', '--data-dir', work.data, '--config', work.config, '--runs', runs, '--seed', '3'];
    await cli([...args, '--methods', 'cross-entropy,autobalance']);
    const [own, other] = [await weightsOf(wholeRun), await weightsOf(join(runs, 'mnist-lt-1'))];
    const of = (method: string, weights: object) => Object.entries(weights).filter(([name]) => name.startsWith(method));
    expect(of('cross-entropy', own)).toEqual(of('cross-entropy', other));
    expect(of('autobalance.retrain', own)).not.toEqual(of('autobalance.retrain', other));
  });

  // In the search before and after the policies moved, at its end, in the retraining.
  test.each([11, 14, 15, 18])('resumed after %i steps ends with the same bits', async (steps) => {
    const runs = join(work.folder, `runs-${steps}`);
    const stopped = await cli(['run', 'mnist-lt', ...options, '--runs', runs, '--json'], new InterruptAfter(steps));
    expect(stopped.code).toBe(130);
    const run = join(runs, 'mnist-lt-1');
    expect((await cli(['run', '--resume', run])).code).toBe(0);
    expect(await weightsOf(run)).toEqual(await weightsOf(wholeRun));
    for (const file of ['metrics.ndjson', 'loss.json', 'evaluation.json']) {
      expect(await readText(run, file)).toBe(await readText(wholeRun, file));
    }
  });

  test('search writes the policies, retrain applies them, and both come to what run does', async () => {
    const searched = await cli(['search', 'mnist-lt', ...options, '--runs', work.runs, '--json']);
    const run = String(jsonOf(searched.out).runDirectory);
    expect(await readText(run, 'loss.json')).toBe(await readText(wholeRun, 'loss.json'));
    const args = ['--loss', join(run, 'loss.json'), '--runs', work.runs];
    const stopped = await cli(['retrain', 'mnist-lt', ...options, ...args, '--json'], new InterruptAfter(4));
    const resume = String(jsonOf(stopped.out).resume);
    const retrained = await cli([...resume.split(' ').slice(1), '--json']);
    const { learned, runDirectory } = jsonOf(retrained.out);
    expect(learned).toEqual(jsonOf(whole.out).learned);
    const whose = Object.entries(await weightsOf(wholeRun)).filter(([name]) => name.startsWith('autobalance.retrain'));
    expect(Object.entries(await weightsOf(String(runDirectory)))).toEqual(whose);
  });

  test('retraining goes through the policies: without them, or with some that do nothing, it comes to other weights', async () => {
    const loss = await lossOf(wholeRun);
    const retrain = async (name: string, own: object): Promise<object> => {
      const path = await work.file(name, JSON.stringify(own));
      const { out } = await cli(['retrain', 'mnist-lt', ...options, '--loss', path, '--runs', work.runs, '--json']);
      return weightsOf(String(jsonOf(out).runDirectory));
    };
    const never = loss.augmentation!.operations.map((operation) => ({ ...operation, probability: [0, 0, 0] }));
    const { augmentation: policies, ...plain } = loss;
    const [with_, without] = [await retrain('with.json', loss), await retrain('without.json', plain)];
    expect(with_).not.toEqual(without);
    const idle = await retrain('idle.json', { ...plain, augmentation: { ...policies, operations: never } });
    expect(idle).toEqual(without);
  });

  test('a terminal is shown the span over the classes', async () => {
    const { out } = await cli([
      'retrain',
      'mnist-lt',
      ...options,
      '--loss',
      join(wholeRun, 'loss.json'),
      '--runs',
      work.runs,
    ]);
    expect(out).toContain('Learned augmentation, a policy for each class');
    expect(out).toMatch(/│ translate +│ +0\.\d\d … 0\.\d\d │ +0\.\d\d … 0\.\d\d │ of the image's side │/);
  });

  test('a dry run counts the policies and what the search learns of them', async () => {
    const args = ['run', 'mnist-lt', ...options, '--runs', work.runs, '--dry-run'];
    const json = jsonOf((await cli([...args, '--json'])).out);
    // A probability for each of two operations and a magnitude for one.
    expect(json.augmentation).toEqual({ by: 'class', operations: ['translate', 'flip'], policies: 3, parameters: 9 });
    expect((await cli(args)).out).toContain('Augmentation, class: 3 policies of translate, flip; 9 numbers to learn');
  });

  test('an export leaves them out and says so', async () => {
    const out = join(work.folder, 'loss.py');
    const args = ['export', join(wholeRun, 'loss.json'), '--to', 'pytorch', '--out', out];
    expect((await cli(args)).out).toMatch(
      /Its augmentation policies are left out: what is exported is a function of logits/,
    );
    expect(jsonOf((await cli([...args, '--json'])).out)).toMatchObject({
      classes: 3,
      groups: null,
      augmentationLeftOut: true,
    });
  });
});

describe('what cannot be is refused', () => {
  const errorOf = async (search: object, ...more: string[]): Promise<string> => {
    const config = await work.file('odd.yaml', stringify({ ...settings, search: { ...settings.search, ...search } }));
    const { code, err } = await cli(['run', 'mnist-lt', '--data-dir', work.data, '--config', config, ...more]);
    expect(code).toBe(2);
    return err;
  };

  test.each<[object, RegExp]>([
    [
      { operatons: ['flip'] },
      /unknown key "search\.augmentation\.operatons"; did you mean "search\.augmentation\.operations"\?/,
    ],
    [
      { operations: ['rotat'] },
      /search\.augmentation\.operations\.0 must be one of rotate, .*, got "rotat"; did you mean "rotate"\?/,
    ],
    [{ operations: [] }, /search\.augmentation\.operations must name at least one of rotate/],
    [{ operations: ['flip', 'flip'] }, /search\.augmentation\.operations must not name anything twice/],
    [
      { by: 'clas' },
      /search\.augmentation\.by must be one of shared, class, group, class-group, got "clas"; did you mean "class"\?/,
    ],
    [{ by: 'group' }, /search\.augmentation\.by must be shared or class without groups, got group/],
    [{ probability: 1 }, /search\.augmentation\.probability must be a number between 0 and 1, both excluded, got 1/],
  ])('%o', async (odd, message) => {
    const err = await errorOf({ augmentation: { ...augmentation, ...odd } });
    expect(err).toMatch(/^ERR_CONFIG: /);
    expect(err).toMatch(message);
  });

  test('with the published code, or nothing to learn', async () => {
    expect(await errorOf({ compat: 'reference' })).toMatch(
      /ERR_CONFIG: search: the published code learns no augmentation/,
    );
    const config = await work.file('nothing.yaml', stringify({ ...tinySettings, search: { learn: [] } }));
    const { code, err } = await cli(['run', 'mnist-lt', '--data-dir', work.data, '--config', config]);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/search\.learn must name at least one of delta, iota, weight/),
    ]);
  });

  test('a loss.json whose policies are for something else', async () => {
    const loss = await lossOf(wholeRun);
    const retrain = async (own: object): Promise<string> => {
      const path = await work.file(
        'other.json',
        JSON.stringify({ ...loss, augmentation: { ...loss.augmentation, ...own } }),
      );
      const { code, err } = await cli(['retrain', 'mnist-lt', ...options, '--loss', path, '--runs', work.runs]);
      expect(code).toBe(2);
      return err;
    };
    const [translate, flip] = loss.augmentation!.operations;
    expect(await retrain({ operations: [translate, { ...flip, probability: [0.5] }] })).toMatch(
      /ERR_DATA: .*other\.json: augmentation: the probability of flip must have 3 numbers, one for each policy, got 1/,
    );
    expect(await retrain({ operations: [{ ...translate, magnitude: [0, 0.1, 0.9] }] })).toMatch(
      /ERR_DATA: .*other\.json: augmentation: the magnitude of translate must lie between 0 and 0\.3, got 0\.9/,
    );
    expect(await retrain({ by: 'group', groups: ['a'] })).toMatch(/ERR_DATA: .*other\.json: .*need data with groups/);
  });
});
