import { expect, test } from 'vitest';
import { Eta } from '../../src/report/eta.js';

const plan = [
  { kind: 'sgd', steps: 10 },
  { kind: 'search', steps: 4 },
  { kind: 'sgd', steps: 10 },
];

test('nothing is known before the first step', () => {
  expect(new Eta(plan).remaining(0, 0)).toBeUndefined();
});

test('a kind that was not measured yet goes at the pace of the others', () => {
  const eta = new Eta(plan);
  eta.add(0, 10, 2);
  eta.add(0, 10, 4);
  expect(eta.remaining(0, 2)).toBe((8 + 4 + 10) * 3);
});

test('each kind at its own pace, with the steps it turned out to have', () => {
  const eta = new Eta(plan);
  for (let i = 0; i < 10; i++) eta.add(0, 10, 1);
  eta.add(1, 6, 7);
  expect(eta.remaining(1, 1)).toBe(5 * 7 + 10 * 1);
  expect(eta.remaining(2, 10)).toBe(0);
  expect(eta.remaining(3, 0)).toBe(0);
});
