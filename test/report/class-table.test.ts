import { expect, test } from 'vitest';
import { classTable } from '../../src/report/class-table.js';

const cells = (table: string): string[][] =>
  table
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const methods = [
  { name: 'cross-entropy', classError: [1, 20.126, null], balancedError: 10.563 },
  { name: 'autobalance', classError: [2, 10, null], balancedError: 6 },
];

test('one row per class, then the balanced errors', () => {
  const learned = { delta: [1, 0.9, 0.81234], iota: [-0.1, -2, -3.5] };
  const [first, second, ...body] = cells(classTable({ counts: [100, 10, 1], methods, learned }));
  expect(first![2]).toBe('cross-');
  expect(second![2]).toBe('entropy');
  expect(body).toEqual([
    ['0', '100', '1.00', '2.00', '1.000', '-0.100'],
    ['1', '10', '20.13', '10.00', '0.900', '-2.000'],
    ['2', '1', '–', '–', '0.812', '-3.500'],
    ['balanced', '111', '10.56', '6.00', '', ''],
  ]);
});

test('no learned loss, no columns for it; no methods, no last row', () => {
  const plain = cells(classTable({ counts: [2, 1, 1], methods }));
  expect(new Set(plain.map((row) => row.length))).toEqual(new Set([4]));
  const search = cells(classTable({ counts: [2, 1], methods: [], learned: { delta: [1, 1], iota: [0, -1] } }));
  expect(search).toEqual([
    ['class', 'samples', 'Δ', 'ι'],
    ['0', '2', '1.000', '0.000'],
    ['1', '1', '1.000', '-1.000'],
  ]);
});

test('three methods on ten classes fit into 80 columns, without colours', () => {
  const counts = Array<number>(10).fill(5000);
  const three = ['cross-entropy', 'logit-adjustment', 'autobalance'].map((name) => ({
    name,
    classError: counts.map(() => 100),
    balancedError: 100,
  }));
  const learned = { delta: counts.map(() => 1.234), iota: counts.map(() => -5.678) };
  const table = classTable({ counts, methods: three, learned });
  for (const line of table.split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
  expect(table).not.toContain('\x1b');
});
