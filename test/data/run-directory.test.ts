import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunDirectory } from '../../src/data/run-directory.js';
import { ConfigError, DataError, FileError, NumericError } from '../../src/ir/errors.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'autobalance-runs-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('RunDirectory.create', () => {
  it('numbers runs upwards, by name, creating the root', async () => {
    const runs = join(root, 'runs');
    const names: string[] = [];
    for (const name of ['mnist', 'mnist', 'other', 'mnist']) {
      names.push(basename((await RunDirectory.create(runs, name)).path));
    }
    expect(names).toEqual(['mnist-1', 'mnist-2', 'other-1', 'mnist-3']);
  });

  it('continues after the largest number and ignores what is not a run', async () => {
    for (const name of ['a-7', 'a-2', 'a-x', 'a-08', 'a-b-99', 'b-50']) await mkdir(join(root, name));
    await writeFile(join(root, 'a-8'), 'a file in the way');
    expect(basename((await RunDirectory.create(root, 'a')).path)).toBe('a-9');
  });

  it('gives concurrent runs folders of their own', async () => {
    const runs = await Promise.all(Array.from({ length: 12 }, () => RunDirectory.create(root, 'race')));
    expect(new Set(runs.map((run) => run.path)).size).toBe(12);
    expect(await readdir(root)).toHaveLength(12);
  });

  it.each(['', '../x', 'a/b', '.hidden', '-x', 'a b', 'x'.repeat(101)])('refuses the name %o', async (name) => {
    await expect(RunDirectory.create(root, name)).rejects.toThrow(ConfigError);
  });

  it('reports a root that cannot be written to', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(RunDirectory.create(join(root, 'file', 'runs'), 'a')).rejects.toThrow(FileError);
    await expect(RunDirectory.create(join(root, 'file', 'runs'), 'a')).rejects.toThrow(/ENOTDIR; /);
  });
});

describe('RunDirectory.open', () => {
  it('opens what exists', async () => {
    const run = await RunDirectory.create(root, 'a');
    await run.write('note.txt', 'hello');
    const again = await RunDirectory.open(run.path);
    expect(new TextDecoder().decode(await again.read('note.txt'))).toBe('hello');
  });

  it('refuses what does not, and files', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(RunDirectory.open(join(root, 'none'))).rejects.toThrow(/ENOENT/);
    await expect(RunDirectory.open(join(root, 'file'))).rejects.toThrow(FileError);
  });
});

describe('files of a run', () => {
  it('writes bytes and JSON, also in folders, and nothing else', async () => {
    const run = await RunDirectory.create(root, 'a');
    await run.write('checkpoints/last/model.bin', Uint8Array.of(1, 2));
    expect(Array.from(await run.read('checkpoints/last/model.bin'))).toEqual([1, 2]);
    const value = { error: 0.25, alpha: Float32Array.of(1, 0.5), nested: [null, 'ä'] };
    await run.writeJson('result.json', value);
    expect(await run.readJson('result.json')).toEqual({ error: 0.25, alpha: [1, 0.5], nested: [null, 'ä'] });
    expect((await readFile(join(run.path, 'result.json'), 'utf8')).endsWith('}\n')).toBe(true);
    expect((await readdir(run.path)).sort()).toEqual(['checkpoints', 'result.json']);
  });

  it.each(['', '/etc/passwd', '../x', 'a/../../x', 'a//b', './x', 'a\\b', 'a\0b'])(
    'refuses the name %o',
    async (name) => {
      const run = await RunDirectory.create(root, 'a');
      await expect(run.write(name, 'x')).rejects.toThrow(ConfigError);
      await expect(run.readJson(name)).rejects.toThrow(ConfigError);
    },
  );

  it('refuses JSON that would lose something, and keeps the old file', async () => {
    const run = await RunDirectory.create(root, 'a');
    await run.writeJson('r.json', { ok: true });
    await expect(run.writeJson('r.json', { loss: Number.NaN })).rejects.toThrow(NumericError);
    await expect(run.writeJson('r.json', { loss: Float64Array.of(1, Number.NEGATIVE_INFINITY) })).rejects.toThrow(
      /-Infinity/,
    );
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    await expect(run.writeJson('r.json', cycle)).rejects.toThrow(ConfigError);
    await expect(run.writeJson('r.json', { big: 1n })).rejects.toThrow(ConfigError);
    await expect(run.writeJson('r.json', undefined)).rejects.toThrow(ConfigError);
    expect(await run.readJson('r.json')).toEqual({ ok: true });
  });

  it('tells a missing file from a damaged one', async () => {
    const run = await RunDirectory.create(root, 'a');
    await expect(run.readJson('none.json')).rejects.toThrow(FileError);
    await run.write('bad.json', '{"a": ');
    await expect(run.readJson('bad.json')).rejects.toThrow(DataError);
    await expect(run.readJson('bad.json')).rejects.toThrow(/bad\.json: not valid JSON/);
  });

  it('reports a folder that is in the way', async () => {
    const run = await RunDirectory.create(root, 'a');
    await run.write('file', '');
    await expect(run.write('file/below', '')).rejects.toThrow(FileError);
  });
});

describe('metrics', () => {
  it('appends one line each, in order of the calls', async () => {
    const run = await RunDirectory.create(root, 'a');
    expect(await run.readMetrics()).toEqual([]);
    await Promise.all(Array.from({ length: 20 }, (_, step) => run.appendMetrics({ step, text: 'two\nlines' })));
    const lines = (await readFile(join(run.path, 'metrics.ndjson'), 'utf8')).split('\n');
    expect(lines).toHaveLength(21);
    expect((await run.readMetrics()).map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, step) => step));
  });

  it('records numbers that JSON cannot hold as texts', async () => {
    const run = await RunDirectory.create(root, 'a');
    await run.appendMetrics({
      loss: Number.NaN,
      lr: Number.POSITIVE_INFINITY,
      alpha: Float32Array.of(1, Number.NEGATIVE_INFINITY),
    });
    expect(await run.readMetrics()).toEqual([{ loss: 'NaN', lr: 'Infinity', alpha: [1, '-Infinity'] }]);
    await expect(run.appendMetrics({ big: 1n })).rejects.toThrow(ConfigError);
    await run.appendMetrics({ after: true });
    expect(await run.readMetrics()).toHaveLength(2);
  });

  it('drops a line that a crash cut off, on reading and before appending', async () => {
    const run = await RunDirectory.create(root, 'a');
    await run.appendMetrics({ step: 1 });
    await appendFile(join(run.path, 'metrics.ndjson'), '{"step": 2, "lo');
    const again = await RunDirectory.open(run.path);
    expect(await again.readMetrics()).toEqual([{ step: 1 }]);
    await again.appendMetrics({ step: 3 });
    expect(await again.readMetrics()).toEqual([{ step: 1 }, { step: 3 }]);
  });

  it('names the damaged line', async () => {
    const run = await RunDirectory.create(root, 'a');
    await run.write('metrics.ndjson', '{"a":1}\nnonsense\n');
    await expect(run.readMetrics()).rejects.toThrow(/metrics\.ndjson: line 2: not valid JSON/);
    await run.write('metrics.ndjson', '[1]\n');
    await expect(run.readMetrics()).rejects.toThrow(/line 1: every line must be a JSON object/);
  });

  it('reports a failed write and works again once the cause is gone', async () => {
    const run = await RunDirectory.create(root, 'a');
    await mkdir(join(run.path, 'metrics.ndjson'));
    await expect(run.appendMetrics({ step: 1 })).rejects.toThrow(/EISDIR/);
    await expect(run.readMetrics()).rejects.toThrow(FileError);
    await rm(join(run.path, 'metrics.ndjson'), { recursive: true });
    await run.appendMetrics({ step: 2 });
    expect(await run.readMetrics()).toEqual([{ step: 2 }]);
  });
});
