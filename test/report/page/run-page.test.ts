import { expect, test } from 'vitest';
import { runPage } from '../../../src/report/page/run-page.js';
import { madeUpRun } from './made-up.js';
import { requirePage, textOf } from './require-page.js';

/** Pages are slow to draw, so each is drawn once. */
const pages = {
  'four classes': madeUpRun(),
  'two classes, two groups': madeUpRun({ classes: 2, groups: 2 }),
  'one class, one method': madeUpRun({ classes: 1, methods: ['cross-entropy'], hypergradients: 1 }),
  'fifty classes, three groups': madeUpRun({
    classes: 50,
    groups: 3,
    methods: ['cross-entropy', 'cdt', 'autobalance'],
  }),
  'a hundred and one classes': madeUpRun({ classes: 101, methods: ['autobalance'], hypergradients: 0 }),
  'a search only': { ...madeUpRun(), methods: [] },
};
type Name = keyof typeof pages;
const drawn = new Map<Name, Promise<string>>();
const pageOf = (name: Name): Promise<string> => {
  const page = drawn.get(name) ?? runPage(pages[name]);
  drawn.set(name, page);
  return page;
};

test.each(Object.keys(pages) as Name[])('%s: whole, self-contained, accessible, without a script', async (name) => {
  const page = await pageOf(name);
  requirePage(page);
  expect(page).toContain('default-src &#39;none&#39;');
  expect(page).not.toContain('script-src');
  expect(page).not.toContain('<script');
});

test('is the same every time', async () => {
  expect(await runPage(pages['a search only'])).toBe(await pageOf('a search only'));
});

const sectionsOf = (page: string): string[] => [...page.matchAll(/<section id="([^"]+)"/g)].map(([, id]) => id!);

test('sections are there as far as there is something to say', async () => {
  const whole = await pageOf('two classes, two groups');
  expect(sectionsOf(whole)).toEqual([
    'results',
    'classes',
    'groups',
    'confusion',
    'calibration',
    'learned',
    'search',
    'hypergradients',
    'training',
    'data',
  ]);
  const { learned: _, ...begun } = { ...madeUpRun({ hypergradients: 0 }), methods: [], epochs: [], finished: false };
  const early = await runPage(begun);
  expect(sectionsOf(early)).toEqual(['data']);
  expect(early).toContain('The run has not ended');
  expect(whole).not.toContain('The run has not ended');
});

test('the learned loss stands beside the curves of logit adjustment and CDT', async () => {
  const run = madeUpRun({ classes: 2, methods: [], hypergradients: 0 });
  const page = await runPage(run);
  const table = /<figure id="learned-iota"[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(page)![1]!;
  const rows = [...table.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
    [...row!.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/g)].map(([, cell]) => cell),
  );
  // ι is 0 and −1, the mean taken off; log π of 400 and 120 samples, likewise.
  const logs = [400 / 520, 120 / 520].map(Math.log);
  const middle = (logs[0]! + logs[1]!) / 2;
  expect(rows.map((row) => row.slice(1))).toEqual([
    ['400', '0.5000', (logs[0]! - middle).toFixed(4), '0.0000'],
    ['120', '−0.5000', (logs[1]! - middle).toFixed(4).replace('-', '−'), '0.0000'],
  ]);
  const delta = /<figure id="learned-delta"[\s\S]*?<\/figure>/.exec(page)![0];
  expect(textOf(delta)).toContain(((120 / 400) ** 0.2).toFixed(4));
  expect(page).toContain('id="learned-weight"');
  const plain = await runPage({ ...run, learned: { ...run.learned!, weight: [1, 1] } });
  expect(plain).not.toContain('id="learned-weight"');
});

test('what too few samples stand behind is said', async () => {
  const page = await pageOf('two classes, two groups');
  expect(textOf(page)).toContain('Too few test samples to judge');
  expect(textOf(page)).toContain('too few');
});

test('w is drawn where the search moved it', async () => {
  expect(await pageOf('four classes')).toContain('id="trajectory-weight"');
  const run = madeUpRun({ classes: 2, methods: [] });
  const still = { ...run, hypergradients: run.hypergradients.map((point) => ({ ...point, weight: [1, 1] })) };
  expect(await runPage(still)).not.toContain('id="trajectory-weight"');
  const unknown = { ...run, hypergradients: run.hypergradients.map(({ weight: _, ...point }) => point) };
  expect(await runPage(unknown)).not.toContain('id="trajectory-weight"');
});

test('many confusions are the most frequent mistakes, not all', async () => {
  const page = await pageOf('fifty classes, three groups');
  const ids = [...page.matchAll(/<figure id="confusion-([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toEqual(['cross-entropy', 'autobalance']);
  const rows = /<figure id="confusion-autobalance"[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(page)![1]!.match(/<tr>/g)!;
  expect(rows).toHaveLength(50);
  expect(page.length).toBeLessThan(2_000_000);
});

test('data can be taken from the page', async () => {
  const page = await pageOf('four classes');
  const links = [...page.matchAll(/<a download="([^"]+)" href="data:([^;]+);charset=utf-8;base64,([^"]+)"/g)];
  expect(links.map(([, name]) => name)).toEqual(['errors.csv', 'probabilities.csv', 'metrics.ndjson']);
  const content = new Map(links.map(([, name, , data]) => [name, Buffer.from(data!, 'base64').toString()]));
  expect(content.get('metrics.ndjson')).toBe('{"kind":"epoch"}\n');
  expect(content.get('errors.csv')).toMatch(/^method,balanced error,95\s% interval,error,/);
  expect(content.get('errors.csv')!.split('\r\n')).toHaveLength(5);
  const heavy = { ...madeUpRun({ hypergradients: 0 }), methods: [], epochs: [] };
  const large = await runPage({
    ...heavy,
    files: [{ name: 'metrics.ndjson', type: 'text/plain', text: 'x'.repeat(5 * 2 ** 20) }],
  });
  expect(large).not.toContain('download="metrics.ndjson"');
  expect(textOf(large)).toContain('metrics.ndjson: 5.0 MB, in the run directory');
});

test('learned augmentation: a row for each policy from the most frequent class on, probability and magnitude of each operation', async () => {
  const run = madeUpRun({ classes: 3, methods: [], hypergradients: 0 });
  const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => (from + i) / 20);
  const operation = (name: string, count: number) => ({
    name,
    unit: 'degrees',
    probability: numbers(1, count),
    magnitude: numbers(2, count),
  });
  const pageFor = (augmentation: NonNullable<NonNullable<typeof run.learned>['augmentation']>): Promise<string> =>
    runPage({ ...run, learned: { ...run.learned!, augmentation } });
  const rowsOf = (page: string): string[][] => {
    const table = /<figure id="learned-augmentation"[\s\S]*?<tbody>([\s\S]*?)<\/tbody>/.exec(page)![1]!;
    return [...table.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
      [...row!.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/g)].map(([, cell]) => textOf(cell!).trim()),
    );
  };
  const byClass = await pageFor({ by: 'class', operations: [operation('rotate', 3), operation('flip', 3)] });
  requirePage(byClass);
  expect(sectionsOf(byClass)).toContain('augmentation');
  const { names, counts } = run.classes;
  const order = [0, 1, 2].sort((a, b) => counts[b]! - counts[a]!);
  expect(rowsOf(byClass)).toEqual(
    order.map((k) => {
      const both = [((1 + k) / 20).toFixed(3), ((2 + k) / 20).toFixed(3)];
      return [names[k], ...both, ...both];
    }),
  );
  expect(textOf(byClass)).toContain(
    `Most often done: rotate to ${names[2]}, with probability 0.15 and magnitude 0.20.`,
  );

  const shared = await pageFor({ by: 'shared', operations: [operation('rotate', 1)] });
  expect(rowsOf(shared)).toEqual([['all images', '0.050', '0.100']]);
  const cells = await pageFor({ by: 'class-group', groups: ['a', 'b'], operations: [operation('rotate', 6)] });
  expect(rowsOf(cells).slice(0, 2)).toEqual([
    [`${names[order[0]!]}, a`, ((1 + 2 * order[0]!) / 20).toFixed(3), ((2 + 2 * order[0]!) / 20).toFixed(3)],
    [`${names[order[0]!]}, b`, ((2 + 2 * order[0]!) / 20).toFixed(3), ((3 + 2 * order[0]!) / 20).toFixed(3)],
  ]);
  const many = madeUpRun({ classes: 101, methods: [], hypergradients: 0 });
  const long = await runPage({
    ...many,
    learned: { ...many.learned!, augmentation: { by: 'class', operations: [operation('flip', 101)] } },
  });
  expect(long).toContain('Drawn are the first 60 of 101; the table has all.');
  expect(rowsOf(long)).toHaveLength(101);
});
