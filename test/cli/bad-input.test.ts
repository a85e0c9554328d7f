import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeSafetensors, type StoredTensor } from '../../src/data/index.js';
import { decodeSafetensors } from '../../src/data/safetensors.js';
import { cli, InterruptAfter, idx, jsonOf, makeWorkplace, SIDE, type Workplace } from './tiny.js';

let work: Workplace;
beforeAll(async () => {
  work = await makeWorkplace();
});
afterAll(() => work.remove());

/** The error of a command: exit code 2, one line on standard error, the same as JSON if asked for. */
async function failure(...args: string[]): Promise<string> {
  const [command = '', ...rest] = args;
  const { code, out, err } = await cli([command, '--json', ...rest]);
  const last = err.trimEnd().split('\n').at(-1)!;
  const { error } = jsonOf(out) as { error: { code: string; message: string } };
  expect([code, last]).toEqual([2, `${error.code}: ${error.message}`]);
  return last;
}

describe('the command line', () => {
  test.each([
    [['run', 'mnist-lt', '--sed', '1'], /^ERR_CONFIG: command line: unknown option '--sed' \(Did you mean --seed\?\)$/],
    [['run', 'mnist-lt', '--zzzzzzzzz'], /unknown option '--zzzzzzzzz'; --help lists what there is$/],
    [['evaluat'], /unknown command 'evaluat' \(Did you mean evaluate\?\)/],
    [['run', 'mnist-tl'], /^ERR_CONFIG: preset: there is no preset "mnist-tl"; did you mean "mnist-lt"\?$/],
    [['run'], /a preset is needed; name one of mnist-lt/],
    [['run', 'mnist-lt', 'again'], /too many arguments for 'run'\. Expected 1 argument but got 2/],
    [['run', 'mnist-lt', '--seed'], /option '--seed <n>' argument missing/],
    [['run', 'mnist-lt', '--seed', '1.5'], /^ERR_CONFIG: --seed: must be an integer of at least 0, got "1\.5"$/],
    [['run', 'mnist-lt', '--seed', '99999999999999999999'], /--seed: must be an integer/],
    [['run', 'mnist-lt', '--epochs', '0'], /--epochs: must be an integer of at least 1, got "0"/],
    [['run', 'mnist-lt', '--checkpoint-every', 'x'], /--checkpoint-every: must be a number of seconds/],
    [
      ['run', 'mnist-lt', '--methods', 'autobalanced'],
      /--methods: there is no method "autobalanced"; did you mean "autobalance"\?/,
    ],
    [['run', 'mnist-lt', '--methods', ''], /--methods: there is no method ""/],
    [['run', 'fashion-mnist-lt'], /^ERR_CONFIG: preset fashion-mnist-lt: reads four IDX files: .* --data-dir/],
    [['retrain', 'mnist-lt'], /^ERR_CONFIG: retrain: needs a learned loss; .*--loss FILE/],
    [['evaluate', 'mnist-lt'], /required option '--weights <file>' not specified/],
    [
      ['run', 'mnist-lt', '--config', '/nowhere/x.yaml'],
      /^ERR_FILE: Cannot read \/nowhere\/x\.yaml: ENOENT; check the spelling/,
    ],
    [['info', '--config', '/nowhere/x.yaml'], /^ERR_FILE: /],
  ])('%j', async (args, message) => {
    expect(await failure(...args)).toMatch(message);
  });

  test('a misspelt key of the config', async () => {
    const config = await work.file('misspelt.yaml', 'training: {epohcs: 3}\n');
    expect(await failure('run', 'mnist-lt', '--config', config)).toBe(
      `ERR_CONFIG: ${config}: unknown key "training.epohcs"; did you mean "training.epochs"?`,
    );
    expect(await failure('info', '--config', config)).toMatch(/unknown key/);
  });

  test('help and version end with 0, no command with 2', async () => {
    for (const args of [
      ['--help'],
      ['--version'],
      ...['run', 'search', 'retrain', 'evaluate', 'info'].map((c) => [c, '--help']),
    ]) {
      const { code, out, err } = await cli(args);
      expect([code, err]).toEqual([0, '']);
      expect(out.length).toBeGreaterThan(0);
    }
    for (const name of ['run', 'search', 'retrain', 'evaluate', 'info']) {
      const { out } = await cli([name, '--help']);
      for (const option of ['--seed', '--json', '--config', '--help']) expect(out).toContain(option);
    }
    const nothing = await cli([]);
    expect([nothing.code, nothing.out]).toEqual([2, '']);
    expect(nothing.err).toMatch(/^Usage: autobalance/);
  });
});

describe('the run directory', () => {
  test('below a regular file', async () => {
    const file = await work.file('file', 'not a folder');
    expect(
      await failure('run', 'mnist-lt', '--data-dir', work.data, '--config', work.config, '--runs', join(file, 'runs')),
    ).toMatch(/^ERR_FILE: Cannot write to folder .*file\/runs: ENOTDIR; .*choose another path/);
    expect(await readFile(file, 'utf8')).toBe('not a folder');
  });

  test('that cannot be written any more loses nothing that was saved', async () => {
    const runs = join(work.folder, 'blocked');
    const args = ['--data-dir', work.data, '--config', work.config, '--runs', runs];
    await cli(['run', 'mnist-lt', ...args], new InterruptAfter(4));
    const run = join(runs, 'mnist-lt-1');
    const checkpoint = await readFile(join(run, 'checkpoint.safetensors'));
    // A folder where the weights should go: the first write of the end of a stage fails.
    await mkdir(join(run, 'weights.safetensors'));
    expect(await failure('run', '--resume', run)).toMatch(/^ERR_FILE: Cannot write .*weights\.safetensors: EISDIR/);
    expect(await readFile(join(run, 'checkpoint.safetensors'))).toEqual(checkpoint);
    expect((await readdir(run)).filter((name) => name.startsWith('.tmp'))).toEqual([]);
  });
});

describe('data', () => {
  let copies = 0;
  /** A copy of the data with one file replaced. */
  async function broken(file: string, change: (bytes: Uint8Array) => Uint8Array): Promise<string> {
    const folder = join(work.folder, `data-${copies++}`);
    await cp(work.data, folder, { recursive: true });
    const path = join(folder, file);
    await writeFile(path, change(await readFile(path)));
    return folder;
  }
  const run = (data: string, ...more: string[]): Promise<string> =>
    failure(
      'run',
      'mnist-lt',
      '--data-dir',
      data,
      '--config',
      work.config,
      '--runs',
      join(work.folder, 'never'),
      ...more,
    );
  afterAll(() => {
    expect(existsSync(join(work.folder, 'never'))).toBe(false);
  });

  const IMAGES = 'train-images-idx3-ubyte';
  test.each<[string, string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['truncated', IMAGES, (bytes) => bytes.subarray(0, 1000), /^ERR_DATA: .*at byte 1000: the file is truncated/],
    [
      'truncated .gz',
      't10k-images-idx3-ubyte.gz',
      (bytes) => bytes.subarray(0, 500),
      /^ERR_DATA: .*gzip data is corrupt or incomplete/,
    ],
    ['empty', IMAGES, () => new Uint8Array(), /^ERR_DATA: .*ends inside the 4-byte IDX magic/],
    ['not IDX', IMAGES, () => Buffer.from('PNG and so on'), /^ERR_DATA: .*an IDX file starts with two zero bytes/],
    [
      'labels for other images',
      'train-labels-idx1-ubyte',
      () => idx([7], new Uint8Array(7)),
      /^ERR_DATA: .*must agree in number/,
    ],
    [
      'images of rank 2',
      IMAGES,
      () => idx([90, 64], new Uint8Array(90 * 64)),
      /^ERR_DATA: .*images must be u8 of shape/,
    ],
    [
      'NaN in float images',
      IMAGES,
      () => idx([90, SIDE, SIDE], new Uint8Array(90 * SIDE * SIDE * 4).fill(0xff), 0x0d),
      /^ERR_DATA: .*images must be u8 .* found f32/,
    ],
    [
      'test images of another size',
      't10k-images-idx3-ubyte.gz',
      () => gzipSync(idx([60, 4, 4], new Uint8Array(60 * 16))),
      /^ERR_DATA: .*must have one shape, found 8×8×1 and 4×4×1/,
    ],
    [
      'a test label that training has not',
      't10k-labels-idx1-ubyte.gz',
      () => gzipSync(idx([60], new Uint8Array(60).fill(9))),
      /^ERR_DATA: .*has label 9, but labels must be 0 to 2/,
    ],
  ])('%s', async (_, file, change, message) => {
    expect(await run(await broken(file, change))).toMatch(message);
  });

  test('missing', async () => {
    expect(await run(join(work.folder, 'nowhere'))).toMatch(/^ERR_FILE: .*ENOENT/);
    expect(await run(work.folder)).toMatch(/^ERR_FILE: .*no file train-images-idx3-ubyte/);
  });

  test('settings that the data cannot meet', async () => {
    const settings = async (name: string, text: string): Promise<string> => {
      const config = await work.file(name, text);
      return failure(
        'run',
        'mnist-lt',
        '--data-dir',
        work.data,
        '--config',
        config,
        '--runs',
        join(work.folder, 'never'),
      );
    };
    expect(await settings('long.yaml', 'longTail: {n0: 500, imbalance: 2}')).toMatch(
      /^ERR_CONFIG: Long tail: class 0 needs 500 samples/,
    );
    expect(await settings('deep.yaml', 'longTail: {n0: 30, imbalance: 2}\nmodel: {channels: [2, 2, 2, 2]}')).toMatch(
      /^ERR_SHAPE: smallCnn: each block halves the images, and 8×8 cannot be halved 4 times; list fewer channels/,
    );
  });
});

describe('training that diverges', () => {
  test('is a typed error, and the run directory keeps what was saved', async () => {
    const config = await work.file(
      'hot.yaml',
      `${await readFile(work.config, 'utf8')}\nseed: 2\nmethods: [cross-entropy]\n`.replace(
        'epochs: 3',
        'epochs: 3\n  learningRate: 1.0e+30',
      ),
    );
    const runs = join(work.folder, 'hot');
    const { code, err } = await cli(['run', 'mnist-lt', '--data-dir', work.data, '--config', config, '--runs', runs]);
    expect(code).toBe(2);
    expect(err).toMatch(
      /The run stopped; what it had saved is in .*mnist-lt-1\.\nERR_NUMERIC: training: the loss of step \d+ is .*lower the learning rate/,
    );
    expect(existsSync(join(runs, 'mnist-lt-1', 'checkpoint.safetensors'))).toBe(true);
  });
});

describe('weights', () => {
  let good: Uint8Array;
  beforeAll(async () => {
    const args = ['run', 'mnist-lt', ...work.options, '--epochs', '1', '--methods', 'cross-entropy', '--json'];
    const { out } = await cli(args);
    good = await readFile(join(String(jsonOf(out).runDirectory), 'weights.safetensors'));
  });
  const evaluate = async (bytes: Uint8Array, ...more: string[]): Promise<string> =>
    failure('evaluate', '--weights', await work.file('w.safetensors', bytes), '--data-dir', work.data, ...more);
  const bias = 'cross-entropy.train.params.head.bias';
  const changed = (change: (tensors: Record<string, StoredTensor>) => void): Uint8Array => {
    const { tensors, metadata } = decodeSafetensors(good, 'good');
    change(tensors);
    return encodeSafetensors(tensors, metadata);
  };

  test('missing, empty, truncated, nonsense', async () => {
    expect(await failure('evaluate', 'mnist-lt', '--weights', join(work.folder, 'none'))).toMatch(
      /^ERR_FILE: .*ENOENT/,
    );
    expect(await evaluate(new Uint8Array())).toMatch(/^ERR_DATA: .*w\.safetensors/);
    expect(await evaluate(good.subarray(0, good.length - 3))).toMatch(/^ERR_DATA: .*truncated/);
    expect(await evaluate(Buffer.from('PK\x03\x04 a zip file, say'))).toMatch(/^ERR_DATA: /);
  });

  test('of another program', async () => {
    const foreign = encodeSafetensors({ 'bert.weight': { shape: [1], dtype: 'f32', data: Float32Array.of(1) } });
    expect(await evaluate(foreign, '--seed', '1')).toMatch(
      /^ERR_DATA: .*holds "bert\.weight", but weights of this program are named/,
    );
    expect(await evaluate(encodeSafetensors({}))).toMatch(/^ERR_DATA: .*holds no arrays/);
  });

  test('of another model, or not whole', async () => {
    const wide = await work.file('wide.yaml', 'model: {channels: [5]}');
    expect(await evaluate(good, '--config', wide)).toMatch(/^ERR_DATA: .*saved from another model/);
    const without = changed((tensors) => {
      delete tensors[bias];
    });
    expect(await evaluate(without)).toMatch(/^ERR_DATA: .*head\.bias is missing/);
    const shaped = changed((tensors) => {
      tensors[bias] = { shape: [2], dtype: 'f32', data: new Float32Array(2) };
    });
    expect(await evaluate(shaped)).toMatch(/^ERR_DATA: .*head\.bias must be f32\[3\], the file has f32\[2\]/);
  });

  test('with NaN', async () => {
    const nan = changed((tensors) => {
      tensors[bias] = { shape: [3], dtype: 'f32', data: Float32Array.of(1, Number.NaN, 0) };
    });
    expect(await evaluate(nan)).toMatch(/^ERR_NUMERIC: .*head\.bias has NaN at 1/);
  });

  test('of another preset or without the method', async () => {
    const path = await work.file('w.safetensors', good);
    expect(await failure('evaluate', 'fashion-mnist-lt', '--weights', path, '--data-dir', work.data)).toMatch(
      /^ERR_CONFIG: .*is for the preset mnist-lt, not fashion-mnist-lt/,
    );
    expect(await evaluate(good, '--method', 'cross-entrpy')).toMatch(/--method: .*did you mean "cross-entropy"\?/);
  });

  test('with damaged settings', async () => {
    const { tensors } = decodeSafetensors(good, 'good');
    const withEntry = (text: string): Uint8Array => encodeSafetensors(tensors, { 'autobalance.model': text });
    expect(await evaluate(withEntry('{'))).toMatch(/^ERR_DATA: .*not valid JSON/);
    expect(await evaluate(withEntry('[]'))).toMatch(/^ERR_DATA: .*must be an object/);
    expect(await evaluate(withEntry('{"preset":"mnist-lt","model":{},"longTial":{}}'))).toMatch(
      /^ERR_DATA: .*unknown key "longTial"; did you mean "longTail"\?/,
    );
  });
});

describe('loss.json', () => {
  const good = {
    parametrisation: 'softplus',
    classCounts: [3, 2, 1],
    delta: [1, 1, 1],
    iota: [0, 0, 0],
    weight: [1, 1, 1],
  };
  const retrain = async (content: string): Promise<string> => {
    const path = await work.file('bad-loss.json', content);
    return failure(
      'retrain',
      'mnist-lt',
      '--loss',
      path,
      ...work.options.slice(0, 4),
      '--runs',
      join(work.folder, 'never-loss'),
    );
  };
  afterAll(() => {
    expect(existsSync(join(work.folder, 'never-loss'))).toBe(false);
  });
  const four = { classCounts: [4, 3, 2, 1], delta: [1, 1, 1, 1], iota: [0, 0, 0, 0], weight: [1, 1, 1, 1] };

  test.each<[string, RegExp]>([
    ['', /^ERR_DATA: .*not valid JSON/],
    ['[1]', /^ERR_DATA: .*must be a section with keys of its own, got \[1\]/],
    [JSON.stringify({ ...good, iotas: [] }), /^ERR_DATA: .*unknown key "iotas"; did you mean "iota"\?/],
    [JSON.stringify({ ...good, delta: [1, null, 1] }), /^ERR_DATA: .*delta\.1 must be a finite number, got null/],
    [
      JSON.stringify(good).replace('"iota":[0', '"iota":[1e999'),
      /^ERR_DATA: .*iota\.0 must be a finite number, got Infinity/,
    ],
    [JSON.stringify({ ...good, delta: undefined }), /^ERR_DATA: .*delta must be a list of numbers, got nothing/],
    [
      JSON.stringify({ ...good, weight: [1, 1, -1] }),
      /^ERR_DATA: .*weight\.2 must be a number that is not negative, got -1/,
    ],
    [
      JSON.stringify({ ...good, iota: [0, 0] }),
      /^ERR_DATA: .*iota must have a number for each of the 3 classes, got 2/,
    ],
    [JSON.stringify({ ...good, ...four }), /^ERR_DATA: .*is a loss for 4 classes, the data has 3/],
  ])('%s', async (content, message) => {
    expect(await retrain(content)).toMatch(message);
  });
});
