import { describe, expect, test } from 'vitest';
import { EarlyStop } from '../../src/index.js';

function fed(values: readonly number[], patience = 3, window = 2): EarlyStop {
  const early = new EarlyStop({ window, patience });
  for (const value of values) early.add(value);
  return early;
}

describe('EarlyStop', () => {
  test('goes on while the averaged objective falls', () => {
    const early = fed([5, 4, 3, 2, 1, 0]);
    expect([early.stopped, early.bestAt]).toEqual([false, 6]);
  });

  test('stops `patience` updates after the best average', () => {
    // Averages of two: 4.5, 3.5, 3, 3.5, 4, 4.5: the best ends at update 4.
    const values = [5, 4, 3, 3, 4, 4, 5];
    expect(fed(values.slice(0, 6)).stopped).toBe(false);
    const early = fed(values);
    expect([early.stopped, early.bestAt]).toEqual([true, 4]);
  });

  test('one good value among bad ones is noise', () => {
    expect(fed([5, 4, 3, 3, 9, 1, 9], 3).bestAt).toBe(4);
  });

  test('stays stopped', () => {
    const early = fed([5, 4, 3, 3, 4, 4, 5]);
    const { stopped, bestAt } = early;
    early.add(9);
    expect([stopped, early.stopped, bestAt, early.bestAt]).toEqual([true, true, 4, 4]);
  });

  test('values that are not finite count as updates, not in averages', () => {
    const early = fed([5, 4, Number.NaN, 3, Number.NaN, Number.NaN, 9]);
    expect([early.bestAt, early.stopped]).toEqual([4, true]);
  });

  test('before the first average nothing is judged', () => {
    const early = fed([1], 1, 4);
    expect([early.bestAt, early.stopped]).toEqual([1, false]);
  });

  test('fed with its values it comes back', () => {
    const early = fed([5, 4, 3, 3, 4, 4, 5]);
    expect(fed(early.values).bestAt).toBe(early.bestAt);
  });
});
