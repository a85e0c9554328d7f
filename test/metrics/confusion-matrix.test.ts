import { expect, test } from 'vitest';
import { classificationErrors, confusionMatrix, DataError } from '../../src/index.js';

test('row: true class, column: predicted', () => {
  expect([...confusionMatrix([1, 1, 0, 2], [0, 1, 0, 1], 3)]).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 0]);
  expect([...confusionMatrix([1, 0], [0, 0], 2, [2.5, 1])]).toEqual([1, 2.5, 0, 0]);
});

test.each<[number[], number[], number[] | undefined, RegExp]>([
  [[0], [3], undefined, /label must be an integer from 0 to 2, got 3/],
  [[3], [0], undefined, /prediction must be an integer from 0 to 2, got 3/],
  [[Number.NaN], [0], undefined, /got NaN/],
  [[0], [0], [1, 2], /weight for each of the 1 samples, got 2/],
  [[0], [0], [-1], /weight must be a finite number of at least 0, got -1/],
])('predictions %j, labels %j, weights %j are refused', (predictions, labels, weights, message) => {
  for (const figure of [confusionMatrix, classificationErrors]) {
    expect(() => figure(predictions, labels, 3, weights)).toThrow(DataError);
    expect(() => figure(predictions, labels, 3, weights)).toThrow(message);
  }
});
