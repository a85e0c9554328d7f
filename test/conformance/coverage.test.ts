import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { primitives } from '../../src/ops/index.js';
import { addonExists, targets } from '../support/targets.js';
import { CELLS, type Cell, cellsOf, entries } from './matrix.js';
import { drawInputs, operandsOf, paramsOf, SIZES } from './sample.js';
import { families } from './samples/index.js';

/** The matrix is counted from what the tests run: a cell that is thin, or a primitive that is not there, fails here. */

const ENOUGH = 12;

/** Operations that take no float: there is nothing to differentiate in. */
const WITHOUT_FLOATS = ['and', 'iota', 'not', 'or'];

const table = entries.map((entry) => {
  const counts = new Map<Cell, number>(CELLS.map((cell) => [cell, 0]));
  for (const sample of entry.family.samples) {
    for (const cell of cellsOf(entry, sample)) counts.set(cell, counts.get(cell)! + 1);
  }
  return { ...entry, counts };
});
const named = table.map((row) => [row.name, row] as const);

describe('coverage', () => {
  test('every primitive is registered under its own name', () => {
    for (const { name, primitive } of entries) expect(primitive.name).toBe(name);
  });

  test('the samples are those of the registry, no more and no fewer', () => {
    expect(Object.keys(families).sort()).toEqual(Object.keys(primitives).sort());
  });

  test('names of samples are unique, so that no two draw the same numbers', () => {
    for (const { family } of entries) {
      const names = family.samples.map((sample) => sample.name);
      expect(names).toEqual([...new Set(names)]);
    }
  });

  test.each(named)('%s has enough samples in every mode', (name, { family, counts }) => {
    const enough = WITHOUT_FLOATS.includes(name) ? [] : CELLS;
    const thin = enough.filter((cell) => counts.get(cell)! < ENOUGH);
    expect(thin, `cells with fewer than ${ENOUGH} samples`).toEqual([]);
    expect(family.samples.length).toBeGreaterThanOrEqual(ENOUGH);
  });

  test.each(named.filter(([name]) => name !== 'iota'))(
    '%s is tried at every size and layout',
    (_, { primitive, family }) => {
      const { samples } = family;
      const extents = samples.flatMap((sample) => {
        const dtype = sample.dtypes[0]!;
        const operands = operandsOf(sample, drawInputs(sample, dtype)).map((x) => x.aval);
        return [...operands, ...primitive.infer(operands, paramsOf(sample, dtype))].flatMap(({ shape }) => shape);
      });
      expect(SIZES.filter((size) => !extents.includes(size))).toEqual([]);
      const layouts = samples.flatMap(({ inputs }) => inputs.map(({ layout }) => layout));
      expect(layouts).toContain('repeated');
      expect(layouts).toContain('turned');
    },
  );

  test('these take no float, and no others', () => {
    const none = table.filter(({ counts }) => CELLS.every((cell) => cell.startsWith('value') || !counts.get(cell)));
    expect(none.map(({ name }) => name).sort()).toEqual(WITHOUT_FLOATS);
  });

  test.each(named)('%s is tried in every dtype of its domain', (_, { family: { domain, samples } }) => {
    const tried = new Set(samples.flatMap(({ dtypes, params }) => [...dtypes, params.dtype]));
    for (const dtype of domain) expect(tried).toContain(dtype);
  });

  test.each(named)('%s states how close its results are', (_, { primitive, family: { accuracy } }) => {
    expect(accuracy === 'ulps').toBe(primitive.ulps !== undefined);
    if (primitive.category === 'elementwise') expect(primitive.evaluate).toBeDefined();
  });

  test('the matrix is the one on record', async () => {
    const width = Math.max(...table.map(({ name }) => name.length));
    const line = (name: string, columns: readonly (string | number)[]): string =>
      `${name.padEnd(width)}${columns.map((column) => String(column).padStart(6)).join('')}`;
    const text = [
      '# Samples of each primitive by mode and dtype; each runs on every backend. In f64 the derivatives include every mixture.',
      line('', ['all', 'value', '', 'jvp', '', 'vjp', '', 'F·R', '', 'R·R', '', '3rd']),
      line('', ['', ...CELLS.map((cell) => cell.slice(-3))]),
      ...table.map(({ name, family, counts }) => line(name, [family.samples.length, ...counts.values()])),
    ];
    await expect(`${text.join('\n')}\n`).toMatchFileSnapshot('./golden/matrix.txt');
  });

  test('nothing is skipped', () => {
    const folder = new URL('.', import.meta.url);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const skipping = files.filter((name) =>
      /\.(skip|skipIf|runIf|todo|only|fails)\(/.test(readFileSync(new URL(name, folder), 'utf8')),
    );
    expect(skipping).toEqual([]);
  });

  test('the native backend runs wherever the addon has been compiled', () => {
    if (addonExists) expect(targets.map(({ name }) => name)).toContain('native');
    else expect(targets.map(({ name }) => name)).not.toContain('native');
    expect(targets.map(({ name }) => name)).toContain('typescript');
  });
});
