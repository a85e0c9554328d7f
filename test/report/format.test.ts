import { expect, test } from 'vitest';
import { countsText, duration, fixed, percent, span, tally, truncate } from '../../src/report/format.js';

test('numbers that do not exist are dashes', () => {
  expect([fixed(1.005, 1), fixed(null, 2), fixed(undefined, 2), fixed(Number.NaN, 2)]).toEqual(['1.0', '–', '–', '–']);
  expect([percent(8.414), percent(0), percent(Number.POSITIVE_INFINITY)]).toEqual(['8.41 %', '0.00 %', '–']);
});

test('few classes are listed, many told by their sizes', () => {
  expect(countsText([30, 12, 5])).toBe('30, 12, 5');
  expect(countsText(Array.from({ length: 21 }, (_, k) => 30 - k))).toBe('21 classes of 30 … 10, together 420');
});

test.each([
  [-3, '0 s'],
  [0.4, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min 00 s'],
  [185, '3 min 05 s'],
  [3599.6, '1 h 00 min'],
  [7640, '2 h 07 min'],
  [Number.NaN, '–'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test('a span, a tally', () => {
  expect(span([1, -0.5, 3.456])).toBe('-0.50 … 3.46');
  expect(tally(['a', 'b', 'b'])).toBe('2 b, 1 a');
  expect(tally([])).toBe('');
});

test('a text is cut to the width', () => {
  expect([truncate('Δabc', 4), truncate('Δabcd', 4), truncate('abc', 1), truncate('abc', 0)]).toEqual([
    'Δabc',
    'Δab…',
    '…',
    '',
  ]);
});
