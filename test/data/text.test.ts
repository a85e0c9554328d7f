import { describe, expect, it } from 'vitest';
import { decodeText, linesOf } from '../../src/data/text.js';
import { refusalOf } from '../support/folder.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('decodeText', () => {
  it('takes UTF-8 with and without a byte order mark', () => {
    expect(decodeText(utf8('größe ≤ 3'), 'f')).toBe('größe ≤ 3');
    expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), 'f')).toBe('a');
  });

  it('names the byte that is no text', async () => {
    const latin1 = Uint8Array.of(...utf8('grün, gr'), 0xfc, 0x6e);
    expect(await refusalOf(() => decodeText(latin1, 'f'))).toMatch(
      /ERR_DATA: f: at byte 9: the text is not UTF-8; save it as UTF-8/,
    );
    expect(await refusalOf(() => decodeText(Uint8Array.of(0x61, 0xe2, 0x89), 'f'))).toMatch(
      /at byte 3: the text is not UTF-8/,
    );
    expect(await refusalOf(() => decodeText(Uint8Array.of(0xc0, 0x80), 'f'))).toMatch(
      /at byte [01]: the text is not UTF-8/,
    );
    expect(await refusalOf(() => decodeText(utf8('ab\0c'), 'f'))).toMatch(/at byte 2: a text must not hold the byte 0/);
    expect(await refusalOf(() => decodeText(Uint8Array.of(0xff, 0xfe, 0x61, 0), 'f'))).toMatch(
      /at byte 0: the text is UTF-16/,
    );
  });
});

describe('linesOf', () => {
  it('knows both ways to end a line', () => {
    expect(linesOf('a\r\nb\n\nc')).toEqual(['a', 'b', '', 'c']);
    expect(linesOf('a\r\n')).toEqual(['a']);
    expect(linesOf('')).toEqual([]);
  });
});
