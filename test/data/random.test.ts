import { describe, expect, it } from 'vitest';
import { philox4x32, portableLog, Random, type RandomState, streamKey } from '../../src/data/random.js';
import { ConfigError } from '../../src/ir/errors.js';

const ALL = 0xffffffff;
const draw = <T>(n: number, next: () => T): T[] => Array.from({ length: n }, next);

describe('philox4x32', () => {
  it.each([
    { counter: [0, 0, 0, 0], key: [0, 0], out: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    { counter: [ALL, ALL, ALL, ALL], key: [ALL, ALL], out: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      out: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ] as { counter: [number, number, number, number]; key: [number, number]; out: number[] }[])(
    'gives the published answer for counter $counter',
    ({ counter, key, out }) => {
      expect(Array.from(philox4x32(counter, key))).toEqual(out);
    },
  );
});

describe('streamKey', () => {
  it.each([
    ['', 0x84222325, 0xcbf29ce4],
    ['a', 0x8601ec8c, 0xaf63dc4c],
    ['foobar', 0x73967e8 + 0xf0000000, 0x85944171],
  ])('is the published 64-bit FNV-1a of %o', (text, low, high) => {
    expect(streamKey(text)).toEqual([low, high]);
  });
});

describe('portableLog', () => {
  it('agrees with Math.log to two units in the last place', () => {
    const random = new Random(5, 'log');
    for (let i = 0; i < 20_000; i++) {
      const x = random.uniform() * 2 ** -random.integer(100) + 2 ** -110;
      const exact = Math.log(x);
      expect(Math.abs(portableLog(x) - exact)).toBeLessThanOrEqual(Math.abs(exact) * 2 ** -51);
    }
  });

  it('is exact at powers of two that matter', () => {
    expect(portableLog(1)).toBe(0);
    expect(portableLog(2)).toBe(Math.LN2);
    expect(portableLog(0.5)).toBe(-Math.LN2);
  });
});

describe('Random', () => {
  // Expected numbers come from an independent program in Python (arbitrary-precision integers).
  it('gives the same words everywhere', () => {
    const zero = new Random(0);
    expect(draw(6, () => zero.uint32())).toEqual([1253671063, 447161057, 3418586639, 1141733044, 450862905, 502458977]);
    const largest = new Random(Number.MAX_SAFE_INTEGER, 'weights/é');
    expect(draw(6, () => largest.uint32())).toEqual([
      1645896161, 1838880913, 2461093339, 184602957, 3954071307, 3057973446,
    ]);
  });

  it('gives the same uniform numbers everywhere', () => {
    const random = new Random(42, 'x');
    expect(draw(3, () => random.uniform())).toEqual([0.32915866599766364, 0.17969994565064373, 0.7211739135597084]);
  });

  it('gives the same normal numbers everywhere', () => {
    const random = new Random(42, 'n');
    const expected = [
      -1.029558451073955, 0.10630563519924874, 0.5359071728973311, 1.0575552827497539, 1.1535392050379019,
    ];
    for (const value of expected) expect(random.normal()).toBeCloseTo(value, 14);
  });

  it('gives the same permutation everywhere', () => {
    expect(Array.from(new Random(7, 'p').permutation(12))).toEqual([1, 10, 7, 4, 11, 6, 0, 9, 5, 3, 8, 2]);
  });

  it('rejects the words that would bias an integer', () => {
    const random = new Random(3);
    expect(draw(8, () => random.integer(3 * 2 ** 30))).toEqual([
      722853995, 844373293, 3033913592, 862207102, 3083570143, 2451509033, 962999612, 1939392597,
    ]);
    expect(random.state().position).toBe(12);
  });

  it('counts beyond 2^32 blocks', () => {
    const random = Random.fromState({ algorithm: 'philox4x32-10', seed: 1, stream: '', position: 2 ** 34 + 5 });
    expect(draw(3, () => random.uint32())).toEqual([4145261050, 2601246591, 2404408366]);
  });

  it('is uniform: mean, variance and a chi-squared of ten bins', () => {
    const random = new Random(11, 'uniform');
    const n = 100_000;
    const values = draw(n, () => random.uniform());
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12 * n));
    const bins = new Array<number>(10).fill(0);
    for (const value of values) bins[Math.floor(value * 10)]++;
    const chiSquared = bins.reduce((sum, count) => sum + (count - n / 10) ** 2 / (n / 10), 0);
    expect(chiSquared).toBeLessThan(27.88); // 0.1 % level at 9 degrees of freedom
  });

  it('is normal: first four moments', () => {
    const random = new Random(12, 'normal');
    const n = 100_000;
    const values = draw(n, () => random.normal());
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });

  it('gives every order of three about equally often', () => {
    const random = new Random(13);
    const seen = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.permutation(3).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('shuffles in place, keeping every element', () => {
    const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const shuffled = new Random(1).shuffle(items);
    expect(shuffled).toBe(items);
    expect(shuffled.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    expect(new Random(1).shuffle([])).toEqual([]);
    expect(new Random(1).permutation(0)).toHaveLength(0);
  });

  it('continues a saved state through JSON, in the middle of a block', () => {
    for (let drawn = 0; drawn < 9; drawn++) {
      const random = new Random(99, 'resume');
      draw(drawn, () => random.uint32());
      const saved: RandomState = JSON.parse(JSON.stringify(random.state()));
      const resumed = Random.fromState(saved);
      expect(draw(10, () => resumed.normal())).toEqual(draw(10, () => random.normal()));
    }
  });

  it('forks by name, whatever was drawn', () => {
    const fresh = new Random(4, 'root');
    const used = new Random(4, 'root');
    draw(17, () => used.uint32());
    const position = used.state().position;
    expect(used.fork('weights').uint32()).toBe(fresh.fork('weights').uint32());
    expect(used.state().position).toBe(position);
    expect(fresh.fork('weights').stream).toBe('root/weights');
    expect(new Random(4).fork('weights').stream).toBe('weights');
    const first = ['a', 'b', 'weights'].map((name) => fresh.fork(name).uint32());
    expect(new Set([...first, fresh.uint32(), new Random(5, 'root').uint32()]).size).toBe(5);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => new Random(seed)).toThrow(ConfigError);
    expect(() => new Random(seed)).toThrow(/seed must be an integer from 0/);
  });

  it('refuses arguments out of range', () => {
    const random = new Random(0);
    for (const n of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) expect(() => random.integer(n)).toThrow(ConfigError);
    expect(random.integer(2 ** 32)).toBeLessThan(2 ** 32);
    expect(random.integer(1)).toBe(0);
    for (const n of [-1, 0.5, 2 ** 31]) expect(() => random.permutation(n)).toThrow(ConfigError);
    expect(() => random.fork('')).toThrow(ConfigError);
    const state = random.state();
    expect(() => Random.fromState({ ...state, position: -1 })).toThrow(ConfigError);
    expect(() => Random.fromState({ ...state, seed: 0.5 })).toThrow(ConfigError);
    const foreign: RandomState = JSON.parse('{"algorithm":"mt19937","seed":0,"stream":"","position":0}');
    expect(() => Random.fromState(foreign)).toThrow(/another generator/);
  });
});
