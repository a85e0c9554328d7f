import { expect, test } from 'vitest';
import type { DatasetDescription, GroupDescription, PartDescription } from '../../src/data/describe.js';
import { dataText } from '../../src/report/data-table.js';

const cells = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

function described(
  classes: number,
  changes: Partial<PartDescription> = {},
  warnings: string[] = [],
): DatasetDescription {
  const classCounts = Array.from({ length: classes }, (_, k) => 100 - k);
  const part: PartDescription = {
    part: 'training',
    samples: classCounts.reduce((sum, count) => sum + count, 0),
    classCounts,
    imbalance: 100 / (101 - classes),
    groups: [],
    missing: [],
    ...changes,
  };
  const classNames = classCounts.map((_, k) => `k${k}`);
  return { name: 'toy', kind: 'images', sample: '2×2×1 pixels', classNames, parts: [part], warnings };
}

const groups = (count: number, classes: number): GroupDescription => ({
  name: 'g',
  names: Array.from({ length: count }, (_, g) => `g${g}`),
  counts: Array.from({ length: count }, (_, g) => 10 * g),
  cells: Array.from({ length: classes }, (_, k) => Array.from({ length: count }, (_, g) => 10 * k + g)),
});

test('classes, their shares, sums, imbalance and warnings', () => {
  const text = dataText(described(3, { missing: [{ column: 'age', count: 30 }] }, ['look out.']));
  expect(cells(text)).toEqual([
    ['class', 'training', 'of largest'],
    ['k0', '100', '100.0 %'],
    ['k1', '99', '99.0 %'],
    ['k2', '98', '98.0 %'],
    ['all', '297', ''],
  ]);
  expect(text).toContain('toy: 3 classes, 2×2×1 pixels\n');
  expect(text).toContain('Imbalance, largest over smallest class: training 1.02.');
  expect(text).toContain('training: missing values: age 30 (10.1 %).');
  expect(text).toContain('Warnings:\n- look out.\n');
  expect(dataText(described(3))).toContain('No warnings.');
});

test('of many classes the largest and the smallest', () => {
  const rows = cells(dataText(described(50)));
  expect(rows).toHaveLength(43);
  expect(rows.slice(20, 24).map(([name]) => name)).toEqual(['k19', '… 10 more', 'k30', 'k31']);
});

test('classes by groups, with what is more going down', () => {
  const few = cells(dataText(described(3, { groups: [groups(2, 3)] }))).slice(5);
  expect(few.slice(0, 2)).toEqual([
    ['class', 'g0', 'g1', 'all'],
    ['k0', '0', '1', '100'],
  ]);
  expect(few.at(-1)).toEqual(['all', '0', '10', '297']);
  const more = cells(dataText(described(2, { groups: [groups(3, 2)] }))).slice(4);
  expect(more).toEqual([
    ['g', 'k0', 'k1', 'all'],
    ['g0', '0', '10', '0'],
    ['g1', '1', '11', '10'],
    ['g2', '2', '12', '20'],
    ['all', '100', '99', '199'],
  ]);
  const many = cells(dataText(described(12, { groups: [groups(11, 12)] }))).slice(14);
  expect(many[0]).toEqual(['g', 'samples']);
  expect(many).toHaveLength(12);
});
