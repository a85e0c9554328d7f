import { expect, test } from 'vitest';
import { trainingSamples } from '../../src/index.js';

const data = { labels: Int32Array.of(0, 1, 0, 1, 0, 2, 0, 1), classes: 3 };
const of = (settings: Parameters<typeof trainingSamples>[1]): number[] => [...trainingSamples(data, settings)];

test('all, those of a long tail, or the first of each class', () => {
  expect(of({ longTail: null })).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(of({ longTail: { n0: 4, imbalance: 4 } })).toEqual([0, 2, 4, 6, 1, 3, 5]);
  // Half of 4 and 3, rounded up; of one, one.
  expect(of({ longTail: null, data: { share: 0.5 } })).toEqual([0, 1, 2, 3, 5]);
  expect(of({ longTail: { n0: 4, imbalance: 4 }, data: { share: 0.25 } })).toEqual([0, 1, 5]);
});
