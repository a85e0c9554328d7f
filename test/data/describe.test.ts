import { describe, expect, it } from 'vitest';
import { imageDataset, imageFileDataset, type TableParts, tableDataset } from '../../src/data/dataset.js';
import { describeDataset } from '../../src/data/describe.js';
import { groupNamed } from '../../src/data/groups.js';
import { fingerprint, sampleKeys } from '../../src/data/sample-bytes.js';
import { temporaryFolder } from '../support/folder.js';

const { NaN: missing } = Number;
/** `count` rows: x counts up from `from`, c alternates, one class in three is `rare`, one group in two is b. */
function rows(count: number, from: number, changes: Partial<TableParts> = {}) {
  const each = <T>(f: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => f(i));
  return tableDataset({
    name: 'rows',
    labels: Int32Array.from(each((i) => (i % 3 === 0 ? 1 : 0))),
    classes: ['common', 'rare', 'never'],
    numericNames: ['x', 'same'],
    numeric: Float32Array.from(each((i) => [from + i, 7]).flat()),
    categoricalColumns: [{ name: 'c', categories: ['p', 'q'] }],
    categorical: Int32Array.from(each((i) => (i % 5 === 0 ? -1 : i % 2))),
    groups: [
      { name: 'sex', names: ['a', 'b'], values: Int32Array.from(each((i) => i % 2)) },
      { name: 'age', names: ['old', 'none'], values: new Int32Array(count) },
    ],
    ...changes,
  });
}

describe('describeDataset', () => {
  it('counts classes, groups, cells and missing values of the samples used', async () => {
    const indices = Int32Array.from({ length: 90 }, (_, i) => i);
    const { parts, kind, sample } = await describeDataset(
      { train: rows(120, 0), test: rows(300, 1000) },
      { name: 'toy', indices, columns: ({ groups, name }) => [groupNamed(groups, 'sex×age', name)] },
    );
    expect([kind, sample]).toEqual(['table', '2 numeric and 1 categorical columns']);
    expect(parts.map(({ part }) => part)).toEqual(['training', 'test']);
    expect(parts[0]).toEqual({
      part: 'training',
      samples: 90,
      classCounts: [60, 30, 0],
      imbalance: 2,
      groups: [
        {
          name: 'sex',
          names: ['a', 'b'],
          counts: [45, 45],
          cells: [
            [30, 30],
            [15, 15],
            [0, 0],
          ],
        },
        {
          name: 'age',
          names: ['old', 'none'],
          counts: [90, 0],
          cells: [
            [60, 0],
            [30, 0],
            [0, 0],
          ],
        },
        expect.objectContaining({ name: 'sex×age', counts: [45, 0, 45, 0] }),
      ],
      missing: [{ column: 'c', count: 18 }],
    });
  });

  it('warns of what cannot be learned and what cannot be judged', async () => {
    const { warnings } = await describeDataset({ train: rows(90, 0), test: rows(270, 1000) }, { name: 'toy' });
    const unjudged = 'an error rate near one half would not be known to within ±10 points.';
    expect(warnings).toEqual([
      'training: classes without samples: never (0); nothing can be learned of them.',
      'training: groups of age without samples: none (0); nothing can be learned of them.',
      'test: classes without samples: never (0); they cannot be judged.',
      `test: classes that may be too small to judge: rare (90); ${unjudged}`,
      'test: classes within sex without samples: never in a (0), never in b (0); rates of these cells do not exist.',
      `test: classes within sex that may be too small to judge: common in a (90), rare in a (45), common in b (90), rare in b (45); ${unjudged}`,
      'test: groups of age without samples: none (0); they cannot be judged.',
      'test: classes within age without samples: never in old (0); rates of these cells do not exist.',
      `test: classes within age that may be too small to judge: rare in old (90); ${unjudged}`,
      'training: column same has one value only; leave it out.',
    ]);
  });

  it('finds test samples that training has seen, contradictions, and identifiers', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `id ${i}`);
    const identified = (from: number): Partial<TableParts> => ({
      categoricalColumns: [{ name: 'id', categories: ids }],
      categorical: Int32Array.from(ids, (_, i) => (i + from) % 60),
    });
    const train = rows(60, 0, identified(0));
    const { warnings } = await describeDataset({ train, test: rows(60, 20, identified(20)) }, { name: 'toy' });
    // Rows 20 to 59 of training come again as the first 40 of the test set, whatever their classes.
    expect(warnings).toContain(
      'test: 40 of 60 samples look exactly like one that is also in training; results on them say nothing new.',
    );
    expect(warnings).toContain(
      'training: column id has another category in most rows, like an identifier; leave it out.',
    );
    const twice = rows(4, 0, {
      numeric: Float32Array.of(1, 7, 1, 7, 1, 7, missing, 7),
      categorical: new Int32Array(4),
    });
    const { warnings: more } = await describeDataset({ train: twice, test: rows(4, 50) }, { name: 'toy' });
    // The first three rows are equal; the first is rare, the others common.
    expect(more).toContain('training: 1 samples occur with more than one class; no model can fit them all.');
    expect(more.some((warning) => warning.startsWith('training: column x has one value only'))).toBe(true);
  });

  it('says nothing where nothing is wrong', async () => {
    const images = (from: number) =>
      imageDataset({
        name: 'images',
        images: Uint8Array.from({ length: 800 }, (_, i) => [from, i >> 2, i >> 10, i % 7][i % 4]!),
        labels: Int32Array.from({ length: 200 }, (_, i) => i % 2),
        classes: 2,
        imageShape: [2, 2, 1],
      });
    const { warnings, sample } = await describeDataset({ train: images(1), test: images(2) }, { name: 'toy' });
    expect([warnings, sample]).toEqual([[], '2×2×1 pixels']);
  });

  it('looks for the files of images', async () => {
    const folder = temporaryFolder();
    folder.write('there.png', '');
    const files = imageFileDataset({
      name: 'files',
      root: folder.path,
      paths: ['there.png', 'gone/1.png', 'gone/2.png'],
      labels: Int32Array.of(0, 0, 0),
      classes: 1,
      origin: { file: 'list.txt', lines: Int32Array.of(1, 2, 4) },
      imageShape: [8, 8, 3],
      resize: 8,
    });
    const { warnings } = await describeDataset({ train: files, test: files }, { name: 'toy' });
    expect(warnings).toContain(
      'list.txt: 2 of 3 files looked for cannot be opened, the first gone/1.png (line 2); check the folder.',
    );
    expect(warnings.some((warning) => /3 of 3 samples name a file that is also in training/.test(warning))).toBe(true);
  });
});

describe('fingerprint and sampleKeys', () => {
  it('depend on everything that a run depends on', () => {
    const base = rows(10, 0);
    const changed = [
      { ...base, numeric: base.numeric.map((value, i) => (i === 3 ? value + 1 : value)) },
      { ...base, categorical: base.categorical.map((value, i) => (i === 3 ? 0 : value)) },
      { ...base, labels: base.labels.map((label, i) => (i === 3 ? 2 : label)) },
      { ...base, groups: base.groups.slice(1) },
      { ...base, numericNames: ['x', 'other'] },
    ];
    const prints = [base, ...changed].map((dataset) => fingerprint([dataset]));
    expect(new Set(prints).size).toBe(6);
    expect(fingerprint([rows(10, 0)])).toBe(prints[0]);
    expect(fingerprint([base, base])).not.toBe(prints[0]);
  });

  it('are equal for samples that look the same', () => {
    const keys = sampleKeys(
      rows(4, 0, { numeric: Float32Array.of(1, 7, 1, 7, 2, 7, 1, 7), categorical: Int32Array.of(0, 0, 0, 1) }),
    );
    expect([keys[0] === keys[1], keys[0] === keys[2], keys[0] === keys[3]]).toEqual([true, false, false]);
  });
});
