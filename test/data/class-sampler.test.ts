import { describe, expect, test } from 'vitest';
import { ClassSampler, ConfigError, Random } from '../../src/index.js';

/** Class 0 at the positions 0 … 9, class 1 at 10 … 12, class 2 at 13. */
const labels = Int32Array.from({ length: 14 }, (_, i) => (i < 10 ? 0 : i < 13 ? 1 : 2));
const everything = Int32Array.from(labels, (_, i) => i);
const sampler = (batchSize: number, seed = 1): ClassSampler =>
  new ClassSampler(labels, everything, batchSize, new Random(seed, 'outer'));
const draw = (from: ClassSampler, batches: number): number[][] =>
  Array.from({ length: batches }, () => Array.from(from.next()));

describe('ClassSampler', () => {
  test('every batch holds every class equally often, classes in order', () => {
    const balanced = sampler(6);
    for (const batch of draw(balanced, 20)) {
      expect(batch.map((position) => labels[position])).toEqual([0, 0, 1, 1, 2, 2]);
    }
  });

  test.each([
    [6, 6],
    [8, 6],
    [3, 3],
    [2, 3],
    [1, 3],
    [128, 126],
  ])('a wish for %d gives batches of %d', (wish, size) => {
    const balanced = sampler(wish);
    expect(balanced.batchSize).toBe(size);
    expect(balanced.next()).toHaveLength(size);
  });

  test('a class is gone through completely before any of its samples comes again', () => {
    const batches = draw(sampler(6), 15);
    const drawn = (k: number): number[] => batches.flat().filter((position) => labels[position] === k);
    const rounds = (list: number[], size: number): number[][] =>
      Array.from({ length: Math.floor(list.length / size) }, (_, r) => list.slice(r * size, (r + 1) * size));
    for (const round of rounds(drawn(0), 10)) expect(new Set(round).size).toBe(10);
    for (const round of rounds(drawn(1), 3)) expect(round.toSorted((a, b) => a - b)).toEqual([10, 11, 12]);
    expect(new Set(drawn(2))).toEqual(new Set([13]));
    // Rounds differ in their order.
    expect(new Set(rounds(drawn(1), 3).map(String)).size).toBeGreaterThan(1);
  });

  test('a class with fewer samples than draws per batch repeats them evenly within it', () => {
    const [batch] = draw(sampler(30), 1);
    const times = new Map<number, number>();
    for (const position of batch) times.set(position, (times.get(position) ?? 0) + 1);
    for (let position = 0; position < 10; position++) expect(times.get(position)).toBe(1);
    expect([10, 11, 12].map((position) => times.get(position)).toSorted()).toEqual([3, 3, 4]);
    expect(times.get(13)).toBe(10);
  });

  test('only the given positions are drawn, and classes without any are left out', () => {
    const some = new ClassSampler(labels, Int32Array.of(4, 13, 2), 4, new Random(1));
    for (const batch of draw(some, 6)) {
      expect(batch.slice(0, 2).toSorted()).toEqual([2, 4]);
      expect(batch.slice(2)).toEqual([13, 13]);
    }
  });

  test('the same stream gives the same batches, another seed or stream others', () => {
    expect(draw(sampler(6), 10)).toEqual(draw(sampler(6), 10));
    expect(draw(sampler(6, 2), 10)).not.toEqual(draw(sampler(6), 10));
    const other = new ClassSampler(labels, everything, 6, new Random(1, 'other'));
    expect(draw(other, 10)).not.toEqual(draw(sampler(6), 10));
  });

  test.each([0, 1, 4, 7, 23])('set to position %d, a fresh one goes on from there', (position) => {
    const first = sampler(6);
    draw(first, position);
    expect(first.position).toBe(position);
    const resumed = sampler(6);
    resumed.position = position;
    expect(draw(resumed, 8)).toEqual(draw(first, 8));
  });

  test('can be set back', () => {
    const one = sampler(6);
    const start = draw(one, 5);
    one.position = 0;
    expect(draw(one, 5)).toEqual(start);
  });

  test('each batch is a fresh array', () => {
    const one = sampler(3);
    one.next().fill(-1);
    expect(Math.min(...draw(one, 10).flat())).toBeGreaterThanOrEqual(0);
  });

  test('no indices are refused', () => {
    expect(() => new ClassSampler(labels, new Int32Array(), 6, new Random(1))).toThrow(ConfigError);
  });
});
