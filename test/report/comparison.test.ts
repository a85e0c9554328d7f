import { describe, expect, test } from 'vitest';
import {
  type CellResult,
  cellTable,
  compareMethods,
  comparisonTable,
  type FigureValues,
  figureNames,
  figureValues,
} from '../../src/report/comparison.js';
import { comparisonPage, pointsAcross } from '../../src/report/page/comparison-page.js';
import { csvTable } from '../../src/report/table.js';
import { madeUpRun } from './page/made-up.js';
import { requirePage, textOf } from './page/require-page.js';

const values = (balancedError: number, deo: number | null = null): FigureValues => ({
  ...(Object.fromEntries(figureNames.map((name) => [name, null])) as unknown as FigureValues),
  balancedError,
  deo,
});

const cell = (scenario: string, method: string, seed: number, error: number, deo?: number): CellResult => ({
  scenario,
  method,
  seed,
  figures: values(error, deo),
  seconds: seed,
});

const cells: CellResult[] = [
  cell('', 'cross-entropy', 1, 20),
  cell('', 'autobalance', 1, 17),
  cell('', 'cross-entropy', 2, 22),
  cell('', 'autobalance', 2, 18),
  cell('', 'cross-entropy', 3, 21),
  { scenario: '', method: 'autobalance', seed: 3, figures: null, seconds: 0, failure: 'the loss is <none>' },
];

test('across scenarios a method has a point for each, or one if they mean nothing to it', () => {
  const trained = [
    cell('λ = 0.1', 'group-dro', 1, 18, 10),
    cell('λ = 0.1', 'autobalance', 1, 18, 9),
    cell('λ = 0.1', 'autobalance', 2, 19, 8),
    cell('λ = 0.9', 'group-dro', 1, 18, 10),
    cell('λ = 0.9', 'autobalance', 1, 17, 12),
    cell('λ = 0.9', 'focal', 1, 17),
  ];
  expect(pointsAcross(trained)).toEqual([
    { name: 'group-dro', error: 18, gap: 10 },
    { name: 'autobalance', label: 'λ = 0.1', error: 18.5, gap: 8.5 },
    { name: 'autobalance', label: 'λ = 0.9', error: 17, gap: 12 },
  ]);
});

describe('compareMethods', () => {
  const [comparison] = compareMethods(cells);
  test('against AutoBalance, in pairs of the seeds that both have', () => {
    expect(comparison!.reference).toBe('autobalance');
    const [crossEntropy, autobalance] = comparison!.methods;
    expect(crossEntropy).toMatchObject({ mean: 21, standardDeviation: 1, seeds: [1, 2, 3] });
    expect(crossEntropy!.against).toMatchObject({ pairs: 2, differences: [-3, -4], mean: -3.5, below: 2, above: 0 });
    expect(autobalance!.against).toBeUndefined();
    expect(autobalance).toMatchObject({ seeds: [1, 2], mean: 17.5 });
    // Student's t of one degree of freedom at 97.5 % is 12.7062.
    expect(autobalance!.interval[1] - 17.5).toBeCloseTo(12.7062 * 0.5, 3);
  });
  test('what failed is said, and counts as no seed', () => {
    expect(comparison!.failures.map(({ seed }) => seed)).toEqual([3]);
  });
  test('another reference, another figure', () => {
    const [other] = compareMethods(cells, { against: 'cross-entropy', figure: 'deo' });
    expect(other!.reference).toBe('cross-entropy');
    expect(other!.methods.map(({ seeds }) => seeds)).toEqual([[], []]);
    expect(other!.methods.every(({ against }) => against === undefined)).toBe(true);
  });
  test('pairs are of the same seed, whatever failed and in whatever order they came', () => {
    const [mixed] = compareMethods([
      cell('', 'autobalance', 3, 30),
      cell('', 'autobalance', 1, 10),
      cell('', 'autobalance', 2, 20),
      cell('', 'cross-entropy', 2, 21),
      cell('', 'cross-entropy', 3, 33),
    ]);
    expect(mixed!.methods[1]!.against!.differences).toEqual([-1, -3]);
  });
  test('without AutoBalance the first is the reference', () => {
    expect(compareMethods(cells.filter(({ method }) => method !== 'autobalance'))[0]!.reference).toBe('cross-entropy');
  });
  test('the table', () => {
    const table = comparisonTable(comparison!);
    const [first, second] = csvTable(table).split('\r\n').slice(1);
    expect(first).toMatch(/^cross-entropy,3,21,1,-3.5,−9.85 … 2.85,.* … .*,2 of 2,0.09\d+,2$/);
    expect(second).toMatch(/^autobalance,2,17.5,0.707\d*,,,,,,1$/);
  });
  test('every training in a row', () => {
    const lines = csvTable(cellTable(cells)).split('\r\n');
    expect(lines).toHaveLength(8);
    expect(lines[6]).toMatch(/^,autobalance,3,,.*,0,the loss is <none>$/);
  });
});

test('figureValues takes every figure, and null for what is not there', () => {
  const { evaluation } = madeUpRun({ groups: 2 }).methods[0]!;
  const found = figureValues(evaluation);
  expect(Object.keys(found)).toEqual(figureNames);
  expect(found.deo).toBe(evaluation.groups!.deo);
  expect(found.calibrationError).toBeCloseTo(100 * evaluation.calibration.expectedError, 12);
  const { groups: _, ...without } = evaluation;
  expect(figureValues(without).worstGroupError).toBeNull();
});

describe('page', () => {
  const common = {
    title: 'methods <compared>',
    lead: 'Seeds 1, 2, 3.',
    missing: 0,
    figure: 'balancedError' as const,
    files: [],
    footer: 'Made up.',
  };
  test('one scenario', async () => {
    const page = await comparisonPage({ ...common, cells });
    requirePage(page);
    expect(textOf(page)).toContain('autobalance, seed 3, failed: the loss is <none>');
    expect(page).toContain('download="comparison.md"');
    expect(page).toContain('download="trainings.csv"');
    expect(page).toContain('id="differences-1"');
  });
  test('scenarios with groups have a way through them', async () => {
    const more = ['λ = 0', 'λ = 1'].flatMap((scenario, i) =>
      ['a', 'b'].flatMap((method, m) => [1, 2].map((seed) => cell(scenario, method, seed, 10 + m + i + seed, 5 - i))),
    );
    const page = await comparisonPage({ ...common, cells: more, missing: 3 });
    requirePage(page);
    expect([...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id)).toEqual([
      'scenario-1',
      'scenario-2',
      'across',
      'data',
    ]);
    expect(textOf(page)).toContain('3 of 11 trainings are still to come.');
    const across = /<figure id="trade-off-scenarios"[\s\S]*?<\/figure>/.exec(page)![0];
    expect(textOf(across)).toContain('No other is better in both than: a (λ = 0), a (λ = 1).');
  });
  test('nothing yet', async () => requirePage(await comparisonPage({ ...common, cells: [], missing: 4 })));
});
