import { describe, expect, test } from 'vitest';
import { csvTable, htmlTable, markdownTable, textTable } from '../../src/report/table.js';

const data = {
  columns: [
    { name: 'method', text: true },
    { name: 'balanced error', decimals: 2 },
    { name: 'seeds', detail: true },
    { name: 'note', text: true },
  ],
  rows: [
    ['a|b', -12.3456, 5, 'say "x", y'],
    ['<c>', Number.NaN, 4, 'two\nlines'],
    ['d', null, 3, ''],
  ],
};

describe('one table, four forms', () => {
  test('text, without the details', () => {
    expect(textTable(data)).toBe(
      [
        '┌────────┬──────────┬────────────┐',
        '│ method │ balanced │ note       │',
        '│        │    error │            │',
        '├────────┼──────────┼────────────┤',
        '│ a|b    │   −12.35 │ say "x", y │',
        '│ <c>    │        – │ two        │',
        '│        │          │ lines      │',
        '│ d      │        – │            │',
        '└────────┴──────────┴────────────┘',
      ].join('\n'),
    );
  });
  test('Markdown', () => {
    expect(markdownTable(data)).toBe(
      [
        '| method | balanced error | seeds | note |',
        '| --- | ---: | ---: | --- |',
        '| a\\|b | −12.35 | 5 | say "x", y |',
        '| <c> | – | 4 | two lines |',
        '| d | – | 3 |  |',
        '',
      ].join('\n'),
    );
  });
  test('CSV: every digit, quotes doubled, nothing for what does not exist', () => {
    expect(csvTable(data)).toBe(
      'method,balanced error,seeds,note\r\na|b,-12.3456,5,"say ""x"", y"\r\n<c>,,4,"two\nlines"\r\nd,,3,\r\n',
    );
  });
  test('HTML: escaped, headed, reachable', () => {
    const { markup } = htmlTable(data, 'A "table"');
    expect(markup).toContain('tabindex="0" role="region" aria-label="A &quot;table&quot;"');
    expect(markup).toContain('<th scope="row" class="text">&lt;c&gt;</th><td class="number">–</td>');
    expect(markup.match(/<tr>/g)).toHaveLength(4);
  });
});
