import { readFileSync } from 'node:fs';
import { format } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const blocks = (markdown: string, language: string): string[] =>
  Array.from(markdown.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs')), (match) => match[1]!);

afterEach(() => {
  vi.restoreAllMocks();
});

test('the walk through the engine is the example, and the outputs it shows are those it prints', async () => {
  const walk = read('docs/from-scratch.md');
  expect(blocks(walk, 'ts').join('\n')).toBe(read('examples/from-scratch.ts'));
  const printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    printed.push(format(...values));
  });
  await import('../../examples/from-scratch.js');
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  expect(lines(printed.join('\n'))).toEqual(lines(blocks(walk, 'text').join('\n')));
});
