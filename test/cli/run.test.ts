import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { evaluationSchema, lossFileSchema, summarySchema } from '../../src/cli/schema.js';
import { decodeSafetensors } from '../../src/data/index.js';
import { cli, InterruptAfter, jsonOf, makeWorkplace, type Outcome, type Workplace, writeTinyData } from './tiny.js';

let work: Workplace;
/** A whole run that nothing disturbed. */
let whole: Outcome;
let wholeRun: string;

beforeAll(async () => {
  work = await makeWorkplace();
  whole = await cli(['run', 'mnist-lt', ...work.options, '--json', '--seed', '3']);
  wholeRun = join(work.runs, 'mnist-lt-1');
});
afterAll(() => work.remove());

const readText = (...path: string[]): Promise<string> => readFile(join(...path), 'utf8');
const readJson = async (...path: string[]): Promise<unknown> => JSON.parse(await readText(...path));
const weightsOf = async (run: string) =>
  decodeSafetensors(await readFile(join(run, 'weights.safetensors')), run).tensors;
const timeless = (summary: unknown) => {
  const { methods, ...rest } = summarySchema.parse(summary);
  return { ...rest, methods: Object.entries(methods).map(([name, { seconds: _, ...errors }]) => [name, errors]) };
};

describe('run', () => {
  test('prints one JSON object and ends with 0', () => {
    expect(whole.code).toBe(0);
    const { runDirectory, ...summary } = jsonOf(whole.out);
    expect(runDirectory).toBe(wholeRun);
    const { dataset, seed, classCounts, methods, learned, hypergradient } = summarySchema.parse(summary);
    expect([dataset, seed]).toEqual(['mnist-lt', 3]);
    expect(classCounts).toEqual([30, 12, 5]);
    expect(Object.keys(methods)).toEqual(['cross-entropy', 'logit-adjustment', 'autobalance']);
    for (const { balancedError, classError, seconds } of Object.values(methods)) {
      expect(balancedError).toBeCloseTo(classError.reduce<number>((sum, error) => sum + error!, 0) / 3, 9);
      expect(seconds).toBeGreaterThan(0);
    }
    expect([learned!.delta.length, learned!.iota.length]).toEqual([3, 3]);
    const taken = Object.values(hypergradient.counts).reduce((sum, count) => sum + count, 0);
    expect(taken).toBeGreaterThan(0);
    expect(hypergradient.status).not.toBeNull();
    expect(hypergradient.residuals[0]).toBe(1);
  });

  test('shows progress on standard error: a line per epoch, one per result', () => {
    const lines = whole.err.split('\n');
    expect(
      lines.filter((line) => /^cross-entropy, epoch \d\/3 {2}loss \d.+balanced error .+ left$/.test(line)),
    ).toHaveLength(3);
    expect(lines.filter((line) => line.startsWith('autobalance search, epoch'))).toHaveLength(3);
    expect(lines.filter((line) => line.startsWith('autobalance retrain, epoch'))).toHaveLength(3);
    expect(lines.filter((line) => / hypergradients \(.*\), validation .*Δ .* ι /.test(line))).toHaveLength(2);
    expect(lines.filter((line) => /^logit-adjustment: balanced error .* %/.test(line))).toHaveLength(1);
    expect(whole.err).not.toContain('\x1b');
  });

  test('writes the run directory', async () => {
    expect((await readdir(wholeRun)).sort()).toEqual([
      'checkpoint.safetensors',
      'config.yaml',
      'env.json',
      'evaluation.json',
      'loss.json',
      'metrics.ndjson',
      'report.html',
      'summary.json',
      'weights.safetensors',
    ]);
    const { runDirectory: _, ...printed } = jsonOf(whole.out);
    expect(await readJson(wholeRun, 'summary.json')).toEqual(printed);
    expect(parse(await readText(wholeRun, 'config.yaml'))).toMatchObject({
      preset: 'mnist-lt',
      seed: 3,
      dataDir: work.data,
      model: { channels: [3] },
      longTail: { n0: 30, imbalance: 6 },
    });
    const loss = lossFileSchema.parse(await readJson(wholeRun, 'loss.json'));
    expect(loss.classCounts).toEqual([30, 12, 5]);
    expect({ delta: loss.delta, iota: loss.iota, weight: loss.weight }).toEqual(printed.learned);
    expect(await readJson(wholeRun, 'env.json')).toMatchObject({
      version: expect.any(String),
      backend: expect.any(String),
      threads: expect.any(Number),
      cpu: { model: expect.any(String), cores: expect.any(Number) },
      memoryBytes: expect.any(Number),
      platform: expect.any(String),
      versions: { node: process.versions.node },
      commandLine: expect.stringContaining('autobalance run mnist-lt'),
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      resumed: [],
    });
  });

  test('metrics.ndjson has a line per epoch and hypergradient', async () => {
    const lines = (await readText(wholeRun, 'metrics.ndjson')).trimEnd().split('\n');
    const metrics = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const epochs = metrics.filter(({ kind }) => kind === 'epoch');
    expect(epochs.map(({ method, stage, epoch }) => [method, stage, epoch])).toEqual(
      [
        ['cross-entropy', 'train'],
        ['logit-adjustment', 'train'],
        ['autobalance', 'search'],
        ['autobalance', 'retrain'],
      ].flatMap((stage) => [1, 2, 3].map((epoch) => [...stage, epoch])),
    );
    const { counts } = summarySchema.parse(await readJson(wholeRun, 'summary.json')).hypergradient;
    const taken = Object.values(counts).reduce((sum, count) => sum + count, 0);
    expect(metrics.filter(({ kind }) => kind === 'hypergradient')).toHaveLength(taken);
    expect(metrics).toHaveLength(12 + taken);
  });

  test('without --json it ends with the table', async () => {
    const { code, out } = await cli([
      'run',
      'mnist-lt',
      ...work.options,
      '--epochs',
      '1',
      '--methods',
      'cross-entropy',
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/mnist-lt, seed 1: test error by class in percent/);
    expect(out).toMatch(/│ balanced │ +47 │ +\d+\.\d\d │/);
    expect(out).toMatch(/Everything is in .*mnist-lt-2\.\n$/);
  });

  test('a terminal gets a live line', async () => {
    const args = ['run', 'mnist-lt', ...work.options, '--epochs', '1', '--methods', 'cross-entropy'];
    const { err } = await cli(args, undefined, 40);
    const live = err
      .split('\r\x1b[2K')
      .map((piece) => stripVTControlCharacters(piece.split('\n')[0]!))
      .filter((line) => line.includes(' · '));
    expect(live[0]).toMatch(/^cross-entropy · epoch 1\/1 · step 1\//);
    for (const line of live) expect([...line].length).toBeLessThan(40);
    expect(stripVTControlCharacters(err)).toMatch(/\ncross-entropy: balanced error \d+\.\d\d %/);
  });
});

describe('resuming', () => {
  // In the first stage, between two, in the search before and after the loss moved, at its end, in the retraining.
  test.each([0, 4, 9, 20, 23, 24, 32])('after %i steps ends with the same bits', async (steps) => {
    const runs = join(work.folder, `runs-${steps}`);
    const args = [
      'run',
      'mnist-lt',
      '--data-dir',
      work.data,
      '--config',
      work.config,
      '--runs',
      runs,
      '--seed',
      '3',
      '--json',
    ];
    const stopped = await cli(args, new InterruptAfter(steps));
    expect(stopped.code).toBe(130);
    const run = join(runs, 'mnist-lt-1');
    const { resume, ...rest } = jsonOf(stopped.out);
    expect(rest).toEqual({ interrupted: 'SIGINT', runDirectory: run });
    expect(resume).toBe(`autobalance run --resume ${run}`);

    const done = await cli([...String(resume).split(' ').slice(1), '--json']);
    expect(done.code).toBe(0);
    await expectSame(run);
    expect(await readJson(run, 'env.json')).toMatchObject({ resumed: [{ commandLine: `${resume} --json` }] });
  });

  async function expectSame(run: string): Promise<void> {
    expect(await weightsOf(run)).toEqual(await weightsOf(wholeRun));
    expect(await readText(run, 'metrics.ndjson')).toBe(await readText(wholeRun, 'metrics.ndjson'));
    expect(await readText(run, 'loss.json')).toBe(await readText(wholeRun, 'loss.json'));
    expect(await readText(run, 'evaluation.json')).toBe(await readText(wholeRun, 'evaluation.json'));
    expect(timeless(await readJson(run, 'summary.json'))).toEqual(timeless(await readJson(wholeRun, 'summary.json')));
  }

  test('from an old checkpoint, as after a crash, repeats no line of the metrics', async () => {
    const runs = join(work.folder, 'runs-crash');
    const args = ['run', 'mnist-lt', '--data-dir', work.data, '--config', work.config, '--runs', runs, '--seed', '3'];
    await cli(args, new InterruptAfter(5));
    const run = join(runs, 'mnist-lt-1');
    const old = await readFile(join(run, 'checkpoint.safetensors'));
    await cli(['run', 'mnist-lt', '--resume', run], new InterruptAfter(18));
    await writeFile(join(run, 'checkpoint.safetensors'), old);
    expect((await cli(['run', '--resume', run])).code).toBe(0);
    await expectSame(run);
  });

  test('a run that is done says its result again', async () => {
    const again = await cli(['run', '--resume', wholeRun, '--json']);
    expect(again.code).toBe(0);
    expect(jsonOf(again.out)).toEqual(jsonOf(whole.out));
  });

  test('checkpoints are written on the way', async () => {
    const runs = join(work.folder, 'runs-often');
    const args = ['run', 'mnist-lt', '--data-dir', work.data, '--config', work.config, '--runs', runs, '--seed', '3'];
    const { code } = await cli([...args, '--checkpoint-every', '0']);
    expect(code).toBe(0);
    await expectSame(join(runs, 'mnist-lt-1'));
  });
});

describe('resuming is refused', () => {
  let run: string;
  beforeAll(async () => {
    const runs = join(work.folder, 'runs-refused');
    const args = ['--data-dir', work.data, '--config', work.config, '--runs', runs];
    await cli(['run', 'mnist-lt', ...args], new InterruptAfter(2));
    run = join(runs, 'mnist-lt-1');
  });
  const copyOf = async (name: string): Promise<string> => {
    const copy = join(work.folder, name);
    await cp(run, copy, { recursive: true });
    return copy;
  };
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await cli(args);
    expect([code, out]).toEqual([2, '']);
    return err;
  };

  test('with settings of its own', async () => {
    expect(await refusal('run', '--resume', run, '--seed', '1')).toMatch(/ERR_CONFIG: .*leave out --seed/);
    expect(await refusal('run', '--resume', run, '--config', work.config)).toMatch(/leave out --config/);
    expect(await refusal('run', 'fashion-mnist-lt', '--resume', run)).toMatch(/is for the preset mnist-lt/);
    expect(await refusal('search', '--resume', run)).toMatch(
      /is a run of "run", not of "search"; use autobalance run --resume/,
    );
  });

  test('where there is no run', async () => {
    expect(await refusal('run', '--resume', join(work.folder, 'nowhere'))).toMatch(/ERR_FILE: .*ENOENT/);
    expect(await refusal('run', '--resume', work.data)).toMatch(/ERR_FILE: .*holds checkpoint\.safetensors/);
  });

  test('after config.yaml was edited', async () => {
    const copy = await copyOf('edited');
    const path = join(copy, 'config.yaml');
    await writeFile(path, (await readText(path)).replace('batchSize: 12', 'batchSize: 13'));
    expect(await refusal('run', '--resume', copy)).toMatch(
      /ERR_CONFIG: .*config\.yaml: was changed after the run began/,
    );
  });

  test('on other data; the same data elsewhere is fine', async () => {
    const copy = await copyOf('moved');
    const [other, same] = [join(work.folder, 'other-data'), join(work.folder, 'same-data')];
    await writeTinyData(other, 2);
    await writeTinyData(same);
    expect(await refusal('run', '--resume', copy, '--data-dir', other)).toMatch(/ERR_DATA: .*began with other data/);
    expect((await cli(['run', '--resume', copy, '--data-dir', same], new InterruptAfter(1))).code).toBe(130);
    expect((await cli(['run', '--resume', copy], new InterruptAfter(0))).code).toBe(130);
  });

  test('from a damaged checkpoint, which is kept', async () => {
    const copy = await copyOf('damaged');
    const path = join(copy, 'checkpoint.safetensors');
    const good = await readFile(path);
    for (const bad of [good.subarray(0, good.length - 5), Buffer.from('nonsense, not a checkpoint'), Buffer.alloc(0)]) {
      await writeFile(path, bad);
      expect(await refusal('run', '--resume', copy)).toMatch(/ERR_DATA: .*checkpoint\.safetensors/);
      expect(await readFile(path)).toEqual(Buffer.from(bad));
    }
    await writeFile(path, await readFile(join(wholeRun, 'weights.safetensors')));
    expect(await refusal('run', '--resume', copy)).toMatch(/is no checkpoint/);
  });
});

describe('search, retrain, evaluate', () => {
  test('search writes a loss, retrain trains under it, and both come to what run does', async () => {
    const searched = await cli(['search', 'mnist-lt', ...work.options, '--seed', '3', '--json']);
    expect(searched.code).toBe(0);
    const run = String(jsonOf(searched.out).runDirectory);
    expect(run).toBe(join(work.runs, 'mnist-lt-search-1'));
    expect(await readText(run, 'loss.json')).toBe(await readText(wholeRun, 'loss.json'));

    const loss = join(run, 'loss.json');
    const args = ['retrain', 'mnist-lt', '--loss', loss, ...work.options, '--seed', '3', '--json'];
    const stopped = await cli(args, new InterruptAfter(4));
    expect(stopped.code).toBe(130);
    const resume = String(jsonOf(stopped.out).resume);
    expect(resume).toBe(`autobalance retrain --resume ${join(work.runs, 'mnist-lt-retrain-1')}`);
    const retrained = await cli([...resume.split(' ').slice(1), '--json']);
    expect(retrained.code).toBe(0);
    const { runDirectory, ...summary } = jsonOf(retrained.out);
    const expected = timeless(await readJson(wholeRun, 'summary.json'));
    expect(timeless(summary)).toEqual({
      ...expected,
      methods: expected.methods.slice(2),
      hypergradient: { status: null, counts: {}, residuals: [] },
    });
    expect(await readText(String(runDirectory), 'loss.json')).toBe(await readText(loss));
  });

  test('evaluate gives the errors that were reported, by the settings in the file', async () => {
    const weights = join(wholeRun, 'weights.safetensors');
    const args = ['evaluate', '--weights', weights, '--data-dir', work.data, '--seed', '3'];
    const { code, out } = await cli([...args, '--json']);
    expect(code).toBe(0);
    const { evaluations, ...errors } = jsonOf(out);
    const { evaluations: reported } = (await readJson(wholeRun, 'evaluation.json')) as { evaluations: object };
    expect(evaluations).toMatchObject(reported);
    const { dataset, methods } = evaluationSchema.parse(errors);
    expect(dataset).toBe('mnist-lt');
    const { 'autobalance-search': search, ...finished } = methods;
    expect(search).toBeDefined();
    expect(Object.entries(finished)).toEqual(
      expect.arrayContaining(timeless(await readJson(wholeRun, 'summary.json')).methods),
    );
    const one = await cli([...args, '--method', 'autobalance']);
    expect(one.out).toMatch(/│ balanced │/);
    expect(one.out).not.toContain('entropy');
  });
});
