import { describe, expect, it } from 'vitest';
import { Random } from '../../src/data/random.js';
import { BatchSampler, type BatchSamplerState } from '../../src/data/sampler.js';
import { ConfigError } from '../../src/ir/errors.js';

const indices = Int32Array.from({ length: 23 }, (_, i) => i * 10);
const random = () => new Random(8, 'batches');
const take = (sampler: BatchSampler, n: number) => Array.from({ length: n }, () => Array.from(sampler.next()));

describe('BatchSampler', () => {
  it('gives every index once an epoch, with a smaller last batch', () => {
    const sampler = new BatchSampler(indices, 5, random());
    expect(sampler.batchesPerEpoch).toBe(5);
    for (let epoch = 0; epoch < 3; epoch++) {
      const batches = [...sampler.epoch()];
      expect(batches.map((batch) => batch.length)).toEqual([5, 5, 5, 5, 3]);
      expect(batches.flatMap((batch) => [...batch]).sort((a, b) => a - b)).toEqual(Array.from(indices));
    }
  });

  it('drops the smaller last batch when asked', () => {
    const sampler = new BatchSampler(indices, 5, random(), { dropLast: true });
    expect([...sampler.epoch()].map((batch) => batch.length)).toEqual([5, 5, 5, 5]);
    expect(take(sampler, 9).every((batch) => batch.length === 5)).toBe(true);
  });

  it('gives the same epochs through next and epoch, and a new order each time', () => {
    const one = new BatchSampler(indices, 5, random());
    const other = new BatchSampler(indices, 5, random());
    const first = [...one.epoch()].map((batch) => Array.from(batch));
    const second = [...one.epoch()].map((batch) => Array.from(batch));
    expect(take(other, 10)).toEqual([...first, ...second]);
    expect(second).not.toEqual(first);
  });

  it('finishes an interrupted epoch', () => {
    const sampler = new BatchSampler(indices, 5, random());
    const reference = take(new BatchSampler(indices, 5, random()), 5);
    for (const batch of sampler.epoch()) {
      expect(Array.from(batch)).toEqual(reference[0]);
      break;
    }
    sampler.next();
    expect([...sampler.epoch()].map((batch) => Array.from(batch))).toEqual(reference.slice(2));
  });

  it('depends on the stream alone, not on what else was drawn from it, nor on later changes to the arrays', () => {
    const used = random();
    used.uint32();
    const own = indices.slice();
    const sampler = new BatchSampler(own, 5, used);
    own.fill(0);
    sampler.next().fill(-1);
    expect(take(sampler, 6)).toEqual(take(new BatchSampler(indices, 5, random()), 7).slice(1));
    expect(take(new BatchSampler(indices, 5, new Random(8, 'others')), 5)).not.toEqual(
      take(new BatchSampler(indices, 5, random()), 5),
    );
  });

  it('resumes bit for bit from any position, through JSON', () => {
    for (const dropLast of [false, true]) {
      for (let position = 0; position <= 11; position++) {
        const sampler = new BatchSampler(indices, 5, random(), { dropLast });
        take(sampler, position);
        const state: BatchSamplerState = JSON.parse(JSON.stringify(sampler.state()));
        const resumed = BatchSampler.fromState(indices, state);
        expect(resumed.state()).toEqual(state);
        expect(take(resumed, 12)).toEqual(take(sampler, 12));
      }
    }
  });

  it('refuses to resume with other samples or a damaged state', () => {
    const state = new BatchSampler(indices, 5, random()).state();
    expect(() => BatchSampler.fromState(indices.slice(1), state)).toThrow(/fits only the samples/);
    expect(() => BatchSampler.fromState(indices.toReversed(), state)).toThrow(ConfigError);
    for (const damage of [
      { epoch: -1 },
      { epoch: 0.5 },
      { batch: -1 },
      { batch: 0.5 },
      { batch: 6 },
      { batchSize: 0 },
    ]) {
      expect(() => BatchSampler.fromState(indices, { ...state, ...damage })).toThrow(ConfigError);
    }
  });

  it('refuses batches that cannot be', () => {
    for (const size of [0, -1, 1.5, Number.NaN]) {
      expect(() => new BatchSampler(indices, size, random())).toThrow(/batch size/);
    }
    expect(() => new BatchSampler(new Int32Array(0), 5, random())).toThrow(/at least one batch/);
    expect(() => new BatchSampler(indices, 24, random(), { dropLast: true })).toThrow(/dropLast: false/);
    expect(new BatchSampler(indices, 24, random()).next()).toHaveLength(23);
  });
});
