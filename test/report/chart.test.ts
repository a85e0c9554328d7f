import { describe, expect, test } from 'vitest';
import { barChart, densityChart, lineChart } from '../../src/report/chart.js';

const options = { title: 'Residual <of> "H" & co', x: 'products', y: '‖b − Hq‖ / ‖b‖' };
const lines = [
  { name: 'cg & <minres>', y: [1, 0.1, 0.01, 1e-5] },
  { name: 'neumann', x: [0, 2, 4], y: [1, Number.NaN, 0.3] },
];
const bars = [
  { name: 'blocks[0].conv.filter', value: 0.75, group: 'a' },
  { name: 'head <bias>', value: -0.25, group: 'b' },
  { name: 'diverged', value: Number.NaN, group: 'b' },
];
const density = { grid: [0, 1, 2, 3], density: [0.1, 0.7, 0.15, 0.05] };

const charts = {
  'a line chart': () => lineChart(lines, options),
  'a logarithmic line chart': () => lineChart(lines, { ...options, log: true }),
  'a density': () => densityChart(density, options),
  'a logarithmic density': () => densityChart(density, { ...options, log: true }),
  'a bar chart': () => barChart(bars, options),
  'a logarithmic bar chart': () => barChart(bars, { ...options, log: true }),
};

describe.each(Object.entries(charts))('%s', (_, chart) => {
  test('is well-formed XML of 640×400, says what it shows, and escapes text', async () => {
    const svg = await chart();
    requireWellFormed(svg);
    expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toMatch(/^<svg [^>]*viewBox="0 0 640 400"/);
    expect(svg).toMatch(/^<svg [^>]*aria-label="Residual &lt;of&gt; &quot;H&quot; &amp; co"/);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(['Residual &lt;of&gt; "H" &amp; co', '‖b − Hq‖ / ‖b‖', 'products →']),
    );
  });

  test('is the same every time, without anything that is not finite', async () => {
    const svg = await chart();
    expect(await chart()).toBe(svg);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

test('a line has a dot for each number, and a gap where there is none', async () => {
  const svg = await lineChart(lines, options);
  const [, first, second] = /aria-label="dot"([\s\S]*?)<\/g>/.exec(svg) ?? [];
  expect(second).toBeUndefined();
  expect(first!.match(/<circle/g)).toHaveLength(4 + 2);
  expect(textsOf(svg)).toEqual(expect.arrayContaining(['cg &amp; &lt;minres&gt;', 'neumann']));
});

test('values stand where the axis says', async () => {
  const svg = await lineChart([{ name: 'one', y: [0, 5, 10] }], options);
  const heights = [...svg.matchAll(/<circle [^>]*cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  expect(heights[0]! - heights[1]!).toBeCloseTo(heights[1]! - heights[2]!, 9);
  expect(heights[0]).toBeGreaterThan(heights[2]!);
  const log = await lineChart([{ name: 'one', y: [1e-4, 1e-2, 1] }], { ...options, log: true });
  const logHeights = [...log.matchAll(/<circle [^>]*cy="([\d.]+)"/g)].map(([, y]) => Number(y));
  expect(logHeights[0]! - logHeights[1]!).toBeCloseTo(logHeights[1]! - logHeights[2]!, 9);
});

test('a long line has no dots', async () => {
  const svg = await lineChart([{ name: 'one', y: Array.from({ length: 200 }, (_, i) => i % 7) }], options);
  expect(svg).not.toContain('<circle');
});

test('a logarithmic axis has whole decades, and leaves out what is not positive', async () => {
  const svg = await lineChart([{ name: 'one', y: [1, 1e-3, 0, -2, 1e-5] }], { ...options, log: true });
  expect(textsOf(svg)).toEqual(expect.arrayContaining(['1', '0.1', '10⁻³', '10⁻⁵']));
  expect(svg.match(/<circle/g)).toHaveLength(3);
});

test('bars carry name and value; one that cannot be shown has a dash', async () => {
  const svg = await barChart(bars, options);
  expect(textsOf(svg)).toEqual(
    expect.arrayContaining(['blocks[0].conv.filter', 'head &lt;bias&gt;', 'diverged', '0.75', '−0.25', '—', 'a', 'b']),
  );
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toHaveLength(2);
  expect(widths[0]! / widths[1]!).toBeCloseTo(3, 0);
});

test('many bars make the chart higher, long names are cut in front', async () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ name: `${'x'.repeat(50)}${i}`, value: i }));
  const svg = await barChart(many, options);
  expect(Number(/^<svg [^>]*height="(\d+)"/.exec(svg)![1])).toBeGreaterThan(800);
  expect(textsOf(svg)).toContain(`…${'x'.repeat(31)}39`);
});

test('no numbers at all make an empty chart', async () => {
  requireWellFormed(await lineChart([], options));
  requireWellFormed(await barChart([{ name: 'one', value: Number.NaN }], { ...options, log: true }));
});

const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

/** Tags nest, attributes are quoted and occur once, and no bare `&` or `<` is left. */
function requireWellFormed(xml: string): void {
  const open: string[] = [];
  const attribute = /\s+([\w:-]+)="((?:[^"<&]|&(?:\w+|#\d+);)*)"/g;
  const token = /<(\/?)([\w:-]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/gy;
  let end = 0;
  for (const [whole, closing, name, attributes, empty, text] of xml.matchAll(token)) {
    end += whole.length;
    if (text !== undefined) {
      expect(text.replace(/&(\w+|#\d+);/g, '')).not.toContain('&');
      continue;
    }
    const names = [...attributes!.matchAll(attribute)].map(([, key]) => key);
    expect(attributes!.replace(attribute, '')).toBe('');
    expect(new Set(names).size).toBe(names.length);
    if (closing) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name!);
  }
  expect(end).toBe(xml.length);
  expect(open).toEqual([]);
}
