import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { lossFileSchema } from '../../src/cli/schema.js';
import { adultPeople, writeFiles } from '../support/datasets.js';
import { cli, InterruptAfter, jsonOf, makeWorkplace, tinySettings, type Workplace } from './tiny.js';

let work: Workplace;
let people: string;
beforeAll(async () => {
  work = await makeWorkplace();
  people = writeFiles(join(work.folder, 'people'), adultPeople(8));
});
afterAll(() => work.remove());

const read = (run: string, name: string): Promise<string> => readFile(join(run, name), 'utf8');
const { model: _, longTail: __, ...short } = tinySettings;
const table = { ...short, model: { hidden: [4] }, search: { ...short.search, method: { ...short.search.method } } };
const options = async (name: string, settings: object): Promise<string[]> => {
  const config = await work.file(`${name}.yaml`, stringify(settings));
  return ['--config', config, '--runs', work.runs];
};
const adult = async (name: string, settings: object = {}): Promise<string[]> => [
  ...(await options(name, { ...table, ...settings })),
  '--data-dir',
  people,
];

describe('the model of a configuration', () => {
  test.each([
    ['resnet-20', { name: 'resnet-20', channels: [2, 2, 2] }],
    ['small-cnn', { channels: [2] }],
  ])('%s trains, and its weights say which it is', async (name, model) => {
    const settings = { ...tinySettings, model, methods: ['cross-entropy'] };
    const args = [...(await options(name, settings)), '--data-dir', work.data];
    const { code, out, err } = await cli(['run', 'mnist-lt', ...args, '--epochs', '1', '--json']);
    expect([code, err.includes('ERR')]).toEqual([0, false]);
    const { runDirectory, methods } = jsonOf(out) as { runDirectory: string; methods: Record<string, object> };
    expect(parse(await read(runDirectory, 'config.yaml')).model).toEqual({ name, ...model });
    const weights = join(runDirectory, 'weights.safetensors');
    const evaluated = jsonOf((await cli(['evaluate', '--weights', weights, '--data-dir', work.data, '--json'])).out);
    const { seconds: _, ...errors } = methods['cross-entropy'] as { seconds: number };
    expect((evaluated.methods as Record<string, object>)['cross-entropy']).toEqual(errors);
  });

  test.each([
    [{ name: 'resnet-33' }, /model\.name must be one of small-cnn, resnet-20, .*, mlp, got "resnet-33"/],
    [{ hidden: [3] }, /model\.hidden means nothing to small-cnn, which has channels; leave it out/],
    [{ name: 'mlp', channels: [3] }, /model\.channels means nothing to mlp, which has hidden, embedding; leave it out/],
    [{ name: 'mlp' }, /mlp reads tables, not images; choose one of small-cnn, resnet-20/],
    [
      { name: 'resnet-20', channels: [2] },
      /resNet: channels takes three whole numbers from 1, one per stage, got \[2\]/,
    ],
    [{ embedding: 'wide' }, /model\.embedding must be an integer from 1 to 65536, or a list of such, got "wide"/],
    [{ channels: [1e9] }, /model\.channels\.0 must be an integer from 1 to 65536, got 1000000000/],
    [{ channels: [Number.NaN] }, /model\.channels\.0 must be an integer from 1 to 65536, got NaN/],
    [{ channels: new Array(40).fill(2) }, /smallCnn: each block halves the images, and 8×8 cannot be halved 40 times/],
    ['resnet-20', /model must be a section with keys of its own, got "resnet-20"/],
    [null, /model must be a section with keys of its own, got null/],
    [[], /model must be a section with keys of its own, got \[\]/],
    [{ name: '__proto__' }, /model\.name must be one of small-cnn, .*, got "__proto__"/],
    [{ name: ['mlp'] }, /model\.name must be one of small-cnn, .*, got \["mlp"\]/],
    [{ depth: 32 }, /unknown key "model\.depth"/],
  ])('%j is refused', async (model, message) => {
    const args = [...(await options('bad', { ...tinySettings, model })), '--data-dir', work.data];
    const { code, err } = await cli(['run', 'mnist-lt', ...args]);
    expect([code, err]).toEqual([2, expect.stringMatching(message)]);
  });
});

test.each<[object, RegExp]>([
  [{ data: { share: 0 } }, /data\.share must be a number above 0, at most 1, got 0/],
  [{ data: { share: 2 } }, /data\.share must be a number above 0, at most 1, got 2/],
  [{ data: { side: 1e6 } }, /data\.side must be an integer from 1 to 4096, got 1000000/],
  [{ training: { schedule: 'linear' } }, /training\.schedule must be one of staircase, cosine, got "linear"/],
])('%j is refused', async (settings, message) => {
  const args = [...(await options('bad', settings)), '--data-dir', work.data];
  const { code, err } = await cli(['run', 'mnist-lt', ...args, '--quick']);
  expect([code, err]).toEqual([2, expect.stringMatching(message)]);
});

test('--quick is for a run that begins', async () => {
  const { err } = await cli(['run', '--resume', work.runs, '--quick']);
  expect(err).toMatch(/--resume goes on with the settings of its run; leave out --quick/);
});

describe('tables', () => {
  test('a run judges groups, its page shows them, and evaluate comes to the same', async () => {
    const args = await adult('groups');
    const { code, out } = await cli(['run', 'adult', ...args]);
    expect(code).toBe(0);
    expect(out).toMatch(/│ method +│.*│ +DEO │/);
    expect(out).toMatch(/│ >50K +│ Female │ +\d+ │ too few │/);
    const run = /Everything is in (.+)\./.exec(out)![1]!;
    const { evaluations } = JSON.parse(await read(run, 'evaluation.json'));
    expect(Object.keys(evaluations)).toEqual(['cross-entropy', 'weighted', 'group-dro', 'autobalance']);
    expect(evaluations.autobalance.groups.names).toEqual(['Male', 'Female']);
    expect(await read(run, 'report.html')).toMatch(/equalised odds/);

    const weights = join(run, 'weights.safetensors');
    const again = jsonOf((await cli(['evaluate', '--weights', weights, '--data-dir', people, '--json'])).out);
    expect((again.evaluations as typeof evaluations)['group-dro']).toEqual(evaluations['group-dro']);
    const page = await cli(['report', run, '--out', join(work.folder, 'again.html')]);
    expect(page.code).toBe(0);
  });

  test('a run of products of groups resumes to the same bits, and its loss can be used', async () => {
    const settings = { data: { group: 'sex×race' }, methods: ['group-vs', 'autobalance'] };
    const whole = jsonOf((await cli(['run', 'adult', ...(await adult('whole', settings)), '--json'])).out);
    const cut = await cli(['run', 'adult', ...(await adult('cut', settings)), '--json'], new InterruptAfter(9));
    expect(cut.code).toBe(130);
    const run = String(jsonOf(cut.out).runDirectory);
    const resumed = await cli(['run', '--resume', run, '--json']);
    expect(resumed.code).toBe(0);
    for (const name of ['weights.safetensors', 'loss.json']) {
      expect(await read(run, name)).toBe(await read(String(whole.runDirectory), name));
    }
    const loss = lossFileSchema.parse(JSON.parse(await read(run, 'loss.json')));
    expect(loss.groups).toHaveLength(4);
    const path = join(run, 'loss.json');
    const retrained = await cli(['retrain', 'adult', ...(await adult('whole', settings)), '--loss', path, '--json']);
    expect(retrained.code).toBe(0);
    const other = await cli(['retrain', 'adult', ...(await adult('sex')), '--loss', path]);
    expect(other.err).toMatch(/is a loss for groups .*, and the data has Male, Female/);
    const exported = await cli(['export', path, '--to', 'pytorch', '--out', join(work.folder, 'loss.py'), '--json']);
    expect(jsonOf(exported.out)).toMatchObject({ classes: 2, groups: 4 });
  });

  test('are compared under several objectives by the figure asked for', async () => {
    const args = [...(await adult('varied')), '--methods', 'cross-entropy,group-dro,autobalance', '--seeds', '1'];
    const vary = ['--vary', 'search.objective.lambda=0.2,0.8', '--figure', 'deo'];
    const { code, out } = await cli(['compare', 'adult', ...args, ...vary, '--json']);
    expect(code).toBe(0);
    const { runDirectory } = jsonOf(out);
    const lines = (await read(String(runDirectory), 'trainings.csv')).trim().split('\n');
    expect(lines).toHaveLength(1 + 2 * 3);
    // The fixed losses know nothing of λ, so they are trained once and stand in both scenarios.
    const cells = (await readdir(join(String(runDirectory), 'cells'))).sort();
    expect(cells).toEqual(['search.objective.lambda-0.2', 'search.objective.lambda-0.8']);
    const trained = (folder: string) => readdir(join(String(runDirectory), 'cells', folder));
    expect(await trained(cells[0]!)).toHaveLength(3);
    expect(await trained(cells[1]!)).toEqual(['autobalance-seed-1']);
    const deo = (line: string) => line.split(',').slice(3, -2);
    expect(deo(lines[4]!)).toEqual(deo(lines[1]!));
    expect(await read(String(runDirectory), 'report.html')).toMatch(/Across the scenarios/);
    const odd = await cli(['compare', 'adult', ...args, '--vary', 'search.objective.lambda.x=1']);
    expect(odd.err).toMatch(/--vary: .* cannot be set, for x would be a key of 0.5/);
  });

  test('a model for images is refused', async () => {
    const { err } = await cli(['run', 'adult', ...(await adult('cnn', { model: { name: 'small-cnn' } }))]);
    expect(err).toMatch(/ERR_CONFIG: model: small-cnn reads images, not tables; choose one of mlp/);
  });
});
