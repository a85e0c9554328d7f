import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseTableFile } from '../../src/cli/table-file.js';
import { cifar10, cifar100 } from '../../src/data/formats/cifar.js';
import { refusalOf, temporaryFolder } from '../support/folder.js';
import {
  adultFiles,
  cifarFiles,
  type Files,
  idxFile,
  imageListFiles,
  npzFile,
  waterbirdsFiles,
} from '../support/formats.js';
import { cli, jsonOf, makeWorkplace, type Workplace } from './tiny.js';

let work: Workplace;
beforeAll(async () => {
  work = await makeWorkplace();
});
afterAll(() => work.remove());

const folder = temporaryFolder();
const placed = (name: string, files: Files): string => {
  for (const [file, content] of Object.entries(files)) folder.write(`${name}/${file}`, content);
  return `${folder.path}/${name}`;
};

const table = {
  train: 'all.csv',
  testFraction: 0.25,
  header: true,
  columns: [
    { name: 'age', type: 'numeric' },
    { name: 'sex', type: 'ignored', sensitive: true },
    { name: 'ill', type: 'label' },
  ],
};
const csv = `age,sex,ill\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 2 ? 'f' : 'm'},${i % 4 ? 'no' : 'yes'}`).join('\n')}\n`;

describe('data describe', () => {
  const idx: Files = {
    'train-images-idx3-ubyte': idxFile([3, 1, 2], [1, 2, 3, 4, 5, 6]),
    'train-labels-idx1-ubyte': idxFile([3], [0, 2, 1]),
    't10k-images-idx3-ubyte': idxFile([1, 1, 2], [7, 8]),
    't10k-labels-idx1-ubyte': idxFile([1], [2]),
  };
  test.each<[string, Files, object]>([
    [
      'idx',
      idx,
      { kind: 'images', sample: '1×2×1 pixels', parts: [{ samples: 3, classCounts: [1, 1, 1] }, { samples: 1 }] },
    ],
    [
      'cifar10',
      cifarFiles(cifar10),
      { kind: 'images', sample: '32×32×3 pixels', parts: [{ samples: 10 }, { samples: 2 }] },
    ],
    ['cifar100', cifarFiles(cifar100), { parts: [{ groups: [{ name: 'superclass' }] }, {}] }],
    [
      'image-list',
      imageListFiles,
      { kind: 'image-files', parts: [{ part: 'training' }, { part: 'validation' }, { part: 'test' }] },
    ],
    [
      'waterbirds',
      waterbirdsFiles,
      {
        classNames: ['landbird', 'waterbird'],
        parts: [
          {
            groups: [
              {
                counts: [1, 2],
                cells: [
                  [1, 1],
                  [0, 1],
                ],
              },
            ],
          },
          {},
          {},
        ],
      },
    ],
    [
      'adult',
      adultFiles,
      { kind: 'table', parts: [{ missing: [{ column: 'workclass', count: 1 }, {}, {}] }, { classCounts: [2, 1] }] },
    ],
    ['npz', { 'x.npz': npzFile() }, { parts: [{ groups: [{ name: 'sex', counts: [1, 2, 0] }] }, {}] }],
    [
      'csv',
      { 'schema.yaml': stringify(table), 'all.csv': csv },
      { parts: [{ classCounts: [22, 7] }, { classCounts: [8, 3] }] },
    ],
  ])('reads %s', async (format, files, expected) => {
    const { code, out, err } = await cli(['data', 'describe', format, '--data-dir', placed(format, files), '--json']);
    expect([code, err]).toEqual([0, '']);
    expect(jsonOf(out)).toMatchObject({ name: format, ...expected });
  });

  test('cuts the long tail of a preset, and takes its settings from a file', async () => {
    const args = ['data', 'describe', 'mnist-lt', '--data-dir', work.data, '--config', work.config];
    const { code, out } = await cli([...args, '--json']);
    expect(code).toBe(0);
    // n_0 = 30 at imbalance 6.
    expect(jsonOf(out)).toMatchObject({
      parts: [{ classCounts: [30, 12, 5], imbalance: 6 }, { classCounts: [20, 20, 20] }],
    });
    const text = await cli(args);
    expect(text.out).toMatch(
      /mnist-lt: 3 classes, 8×8×1 pixels\n[\s\S]*Imbalance, largest over smallest class: training 6.00, test 1.00/,
    );
  });

  test('counts by products of group columns, and reads a schema from elsewhere', async () => {
    const place = placed('elsewhere', { 'all.csv': csv });
    const schema = folder.write('other.yaml', stringify(table));
    const args = ['data', 'describe', 'csv', '--data-dir', place, '--schema', schema];
    expect((await cli([...args, '--group', 'sex*sex'])).out).toMatch(/training: classes by sex×sex/);
    expect((await cli([...args, '--group', 'race'])).err).toMatch(
      /ERR_CONFIG: csv \(training\): there is no group column "race"; it has sex/,
    );
  });

  test.each([
    [
      'an unknown name',
      ['describe', 'cifra10'],
      /ERR_CONFIG: .*no preset or format "cifra10"; did you mean "cifar10"\?/,
    ],
    ['a name that objects have', ['describe', 'toString'], /no preset or format "toString"/],
    [
      'no folder',
      ['describe', 'adult'],
      /ERR_CONFIG: adult: reads adult.data and adult.test of UCI Adult; name the folder with --data-dir/,
    ],
    ['a folder that is not there', ['describe', 'cifar10', '--data-dir', '/nowhere'], /ERR_FILE: .*ENOENT/],
    [
      'settings for a format',
      ['describe', 'idx', '--config', 'x.yaml'],
      /ERR_CONFIG: --config: changes the settings of a preset/,
    ],
    [
      'a table without a schema',
      ['describe', 'csv', '--data-dir', '/nowhere'],
      /ERR_FILE: Cannot read .nowhere.schema.yaml: ENOENT/,
    ],
    [
      'two archives',
      ['describe', 'npz', '--data-dir', 'TWO'],
      /ERR_FILE: .*holds 2 files ending in .npz; name the one/,
    ],
  ])('refuses %s', async (_, args, message) => {
    const two = placed('two', { 'a.npz': npzFile(), 'b.npz': npzFile() });
    const { code, err } = await cli(['data', ...args.map((arg) => (arg === 'TWO' ? two : arg))]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test('an archive may be named itself', async () => {
    const { code } = await cli(['data', 'describe', 'npz', '--data-dir', `${placed('two', {})}/a.npz`]);
    expect(code).toBe(0);
  });
});

describe('parseTableFile', () => {
  const parse = (changes: object, without?: string): unknown => {
    const value: Record<string, unknown> = { ...table, ...changes };
    if (without !== undefined) delete value[without];
    return parseTableFile(stringify(value), 's.yaml', '/data');
  };

  test('gives complete paths and the schema', () => {
    expect(parse({ test: 'sub/test.csv', missing: ['?'] })).toEqual({
      files: { train: '/data/all.csv', test: '/data/sub/test.csv', testFraction: 0.25 },
      schema: { header: true, columns: table.columns, missing: ['?'] },
    });
  });

  test.each<[string, () => unknown, RegExp]>([
    ['what is not YAML', () => parseTableFile('a: [', 's.yaml', '/'), /ERR_CONFIG: s.yaml: not valid YAML/],
    ['nothing', () => parseTableFile('', 's.yaml', '/'), /s.yaml: train must be the name of a file, got nothing/],
    ['an unknown key', () => parse({ colums: [] }), /s.yaml: unknown key "colums"; did you mean "columns"/],
    [
      'an unknown type',
      () => parse({ columns: [{ name: 'a', type: 'number' }] }),
      /columns.0.type must be one of numeric, categorical, label, ignored, got "number"/,
    ],
    ['a share that is none', () => parse({ testFraction: 1 }), /testFraction must be below 1, got 1/],
    ['no header', () => parse({}, 'header'), /header must be true or false, got nothing/],
    [
      'no label',
      () => parse({ columns: [{ name: 'a', type: 'numeric' }] }),
      /exactly one column must have the type label/,
    ],
  ])('refuses %s', async (_, run, message) => {
    expect(await refusalOf(run)).toMatch(message);
  });
});
