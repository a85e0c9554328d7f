import { describe, expect, it, test } from 'vitest';
import { ClassSampler } from '../../src/data/class-sampler.js';
import { PowerSampler } from '../../src/data/power-sampler.js';
import { Random } from '../../src/data/random.js';
import { BatchSampler, type Draw, type Sampler } from '../../src/data/sampler.js';
import { type Sampling, samplings } from '../../src/data/sampling.js';
import { ConfigError } from '../../src/ir/errors.js';

/** 64, 16 and 4 samples of three classes, shuffled among each other, at every second position of the data set. */
const sizes = [64, 16, 4];
const labels = new Int32Array(168).fill(7);
const indices = Int32Array.from({ length: 84 }, (_, i) => 2 * i);
const shuffled = new Random(3).shuffle(Int32Array.from(sizes.flatMap((size, k) => new Array<number>(size).fill(k))));
indices.forEach((index, i) => {
  labels[index] = shuffled[i]!;
});
const options = { cells: labels, indices, batchSize: 12, random: new Random(1, 'draws') };
const names = Object.keys(samplings) as Sampling[];

const take = (sampler: Sampler, count: number): Draw[] => Array.from({ length: count }, () => sampler.draw());
const classesOf = (draws: readonly Draw[]): number[] => {
  const counts = [0, 0, 0];
  for (const { indices: of } of draws) for (const index of of) counts[labels[index]!]! += 1;
  return counts;
};

describe.each(names)('%s', (name) => {
  const make = (): Sampler => samplings[name](options);

  test('gives the same batches again, and whole ones', () => {
    const [a, b] = [take(make(), 30), take(make(), 30)];
    expect(a).toEqual(b);
    expect(a.every(({ indices: of }) => of.length === make().batchSize)).toBe(true);
    const other = samplings[name]({ ...options, random: new Random(2, 'draws') });
    expect(take(other, 30)).not.toEqual(a);
  });

  test('goes on from any state, passed through JSON', () => {
    const all = take(make(), 40);
    for (const at of [0, 1, 6, 7, 8, 20, 33]) {
      const first = make();
      take(first, at);
      const resumed = make();
      resumed.restore(JSON.parse(JSON.stringify(first.state())));
      expect(take(resumed, 40 - at)).toEqual(all.slice(at));
    }
  });

  test('counts the visits of every sample from 0 on, without a gap', () => {
    const seen = new Map<number, number[]>();
    for (const { indices: of, visits } of take(make(), 60)) {
      of.forEach((index, i) => {
        seen.set(index, [...(seen.get(index) ?? []), visits[i]!]);
      });
    }
    for (const [index, visits] of seen) {
      expect(indices.includes(index)).toBe(true);
      expect(new Set(visits).size).toBe(visits.length);
      expect([...visits].sort((a, b) => a - b)[0]).toBe(0);
    }
  });

  test('refuses a state of other samples', () => {
    const state = make().state() as Record<string, unknown>;
    const fewer = samplings[name]({ ...options, indices: indices.slice(1) });
    expect(() => fewer.restore(state)).toThrow(ConfigError);
    const broken = Object.fromEntries(
      Object.entries(state).map(([key, value]) => [key, key === 'batch' || key === 'batches' ? -1 : value]),
    );
    expect(() => make().restore(broken)).toThrow(/non-negative/);
  });
});

describe('shares of the classes', () => {
  const epochs = 100;
  const batches = epochs * 7;

  test('instance: as in the data, every sample once an epoch', () => {
    expect(classesOf(take(samplings.instance(options), batches))).toEqual(sizes.map((size) => size * epochs));
  });

  test('square-root: in proportion to 8 : 4 : 2', () => {
    const counts = classesOf(take(samplings['square-root'](options), batches));
    [8 / 14, 4 / 14, 2 / 14].forEach((share, k) => {
      // One sample more or less in each epoch, at random: ± 4 standard deviations of 0.5·√100.
      expect(Math.abs(counts[k]! - share * 84 * epochs)).toBeLessThan(20);
    });
  });

  test('class-aware: equal, and within one of it in every epoch', () => {
    const sampler = samplings['class-aware'](options);
    for (let epoch = 0; epoch < 5; epoch++) expect(classesOf(take(sampler, 7))).toEqual([28, 28, 28]);
  });

  test('balanced: equal in every batch', () => {
    for (const draw of take(samplings.balanced(options), 10)) expect(classesOf([draw])).toEqual([4, 4, 4]);
  });

  test('balanced in batches of fewer samples than classes: equal over an epoch', () => {
    const sampler = samplings.balanced({ ...options, batchSize: 2 });
    expect([sampler.batchSize, sampler.batchesPerEpoch]).toEqual([2, 42]);
    expect(classesOf(take(sampler, 42))).toEqual([28, 28, 28]);
  });

  test('within a class every sample comes equally often', () => {
    const counts = new Map<number, number>();
    for (const { indices: of } of take(samplings['class-aware'](options), 70)) {
      for (const index of of) counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    // 280 draws of each class.
    sizes.forEach((size, k) => {
      for (const [index, count] of counts) {
        if (labels[index] === k) expect(Math.abs(count - 280 / size)).toBeLessThanOrEqual(1);
      }
    });
  });

  test('cells may be groups as well as classes', () => {
    const groups = labels.map((_, i) => (i % 4 === 0 ? 1 : 0));
    const draws = take(samplings['class-aware']({ ...options, cells: groups }), 14);
    const counts = [0, 0];
    for (const { indices: of } of draws) for (const index of of) counts[groups[index]!]! += 1;
    expect(counts).toEqual([84, 84]);
  });
});

describe('PowerSampler', () => {
  it('with power 1 shows every sample once an epoch', () => {
    const sampler = new PowerSampler(labels, indices, 12, new Random(4), 1);
    for (let epoch = 0; epoch < 3; epoch++) {
      const seen = take(sampler, 7).flatMap(({ indices: of }) => [...of]);
      expect(seen.sort((a, b) => a - b)).toEqual([...indices]);
    }
  });

  it('refuses powers and batch sizes out of range, and states of others', () => {
    const random = new Random(1);
    for (const power of [-0.1, 1.1, Number.NaN]) {
      expect(() => new PowerSampler(labels, indices, 12, random, power)).toThrow(/power must be from 0 to 1/);
    }
    for (const size of [0, 85, 1.5])
      expect(() => new PowerSampler(labels, indices, size, random, 0)).toThrow(ConfigError);
    const state = new PowerSampler(labels, indices, 12, random, 0.5).state();
    expect(() => new PowerSampler(labels, indices, 12, random, 0).restore(state)).toThrow(
      /of power 0.5 and batches of 12, not 0/,
    );
    expect(() => new PowerSampler(labels, indices, 12, random, 0.5).restore({ ...state, batch: 8 })).toThrow(/damaged/);
  });
});

describe('visits', () => {
  it('are the epoch of a BatchSampler and the round of a ClassSampler', () => {
    const batches = new BatchSampler(Int32Array.of(5, 6, 7), 2, new Random(1));
    expect(take(batches, 4).map(({ visits }) => Array.from(visits))).toEqual([[0, 0], [0], [1, 1], [1]]);
    const classes = new ClassSampler(Int32Array.of(0, 0, 1), Int32Array.of(0, 1, 2), 2, new Random(1));
    expect(take(classes, 3).map(({ visits }) => Array.from(visits))).toEqual([
      [0, 0],
      [0, 1],
      [1, 2],
    ]);
  });
});
