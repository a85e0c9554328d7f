import { describe, expect, it } from 'vitest';
import {
  type Augmentation,
  checkAugmentation,
  cropAndFlip,
  drawsOf,
  randomBox,
} from '../../../src/data/image/augment.js';
import { Random } from '../../../src/data/random.js';
import { ConfigError } from '../../../src/ir/errors.js';

const plain: Augmentation = { cropPadding: 0, flip: false };
/** 2×3 pixels of two channels: pixel p holds (10p + 1, 10p + 2). */
const image = Uint8Array.from({ length: 12 }, (_, i) => 10 * Math.floor(i / 2) + (i % 2) + 1);
const shape = [2, 3, 2] as const;
const firsts = (out: Uint8Array): number[] => Array.from(out).filter((_, i) => i % 2 === 0);

function seen(augmentation: Augmentation, random: Random): number[] {
  const out = new Uint8Array(12);
  cropAndFlip(image, 0, shape, augmentation, random, out);
  return firsts(out);
}

describe('cropAndFlip', () => {
  it('does nothing unless told to', () => {
    const out = new Uint8Array(12);
    cropAndFlip(Uint8Array.of(99, ...image), 1, shape, plain, new Random(1), out);
    expect(out).toEqual(image);
  });

  it('mirrors about every second image, channels kept together', () => {
    const flips = Array.from({ length: 2000 }, (_, i) => seen({ ...plain, flip: true }, drawsOf(1, 's', i, 0)));
    const mirrored = flips.filter((rows) => rows[0] === 21);
    expect(mirrored[0]).toEqual([21, 11, 1, 51, 41, 31]);
    // Binomial: 1000 ± 3·22.4.
    expect(Math.abs(mirrored.length - 1000)).toBeLessThan(68);
  });

  it('cuts out every offset equally often, with black beyond the edge', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 9000; i++) {
      const key = seen({ ...plain, cropPadding: 1 }, drawsOf(1, 's', i, 0)).join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // Nine offsets (dy, dx); moving the window up by one shows a black row first.
    expect(counts.size).toBe(9);
    expect([...counts.keys()]).toEqual(
      expect.arrayContaining([
        '1 11 21 31 41 51',
        '0 0 0 1 11 21',
        '31 41 51 0 0 0',
        '11 21 0 41 51 0',
        '0 0 0 0 1 11',
      ]),
    );
    // 1000 each, ± 4·29.8.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});

describe('drawsOf', () => {
  const first = (...of: Parameters<typeof drawsOf>): number => drawsOf(...of).uint32();

  it('depends on seed, stream, sample and visit, and on nothing else', () => {
    const reference = first(1, 's', 5, 2);
    expect(first(1, 's', 5, 2)).toBe(reference);
    const others = [
      first(2, 's', 5, 2),
      first(1, 't', 5, 2),
      first(1, 's', 6, 2),
      first(1, 's', 5, 3),
      first(1, 's', 52, 0),
    ];
    expect(new Set([reference, ...others]).size).toBe(6);
  });
});

describe('randomBox', () => {
  const usual = { scale: [0.08, 1], ratio: [3 / 4, 4 / 3] } as const;

  it('keeps to area, shape and the picture', () => {
    let area = 0;
    const count = 3000;
    for (let i = 0; i < count; i++) {
      const { x, y, width, height } = randomBox({ width: 500, height: 400 }, usual, drawsOf(1, 's', i, 0));
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(500);
      expect(y + height).toBeLessThanOrEqual(400);
      // Rounding to whole pixels moves shape and area by less than 1 % at this size.
      expect(width / height).toBeGreaterThan(0.74);
      expect(width / height).toBeLessThan(1.35);
      expect((width * height) / 200_000).toBeGreaterThan(0.079);
      area += (width * height) / 200_000 / count;
    }
    // Uniform on [0.08, 1] has mean 0.54; the largest boxes are refused more often for not fitting.
    expect(area).toBeGreaterThan(0.45);
    expect(area).toBeLessThan(0.54);
  });

  it('takes the middle where nothing fits', () => {
    expect(randomBox({ width: 1000, height: 10 }, { ...usual, scale: [1, 1] }, new Random(1))).toEqual({
      width: 13,
      height: 10,
      x: 493,
      y: 0,
    });
    expect(randomBox({ width: 1, height: 1 }, usual, new Random(1))).toEqual({ width: 1, height: 1, x: 0, y: 0 });
    expect(randomBox({ width: 1, height: 60000 }, usual, new Random(1))).toMatchObject({ width: 1, height: 1 });
  });
});

describe('checkAugmentation', () => {
  it('refuses what makes no sense', () => {
    expect(() => checkAugmentation({ ...plain, resizedCrop: { scale: [0.1, 1], ratio: [0.5, 2] } })).not.toThrow();
    for (const cropPadding of [-1, 1.5, Number.NaN]) {
      expect(() => checkAugmentation({ ...plain, cropPadding })).toThrow(ConfigError);
    }
    for (const scale of [
      [0, 1],
      [0.5, 1.5],
      [0.9, 0.1],
    ] as const) {
      expect(() => checkAugmentation({ ...plain, resizedCrop: { scale, ratio: [1, 1] } })).toThrow(
        /scale must be two rising/,
      );
    }
    const ratio = [1, Number.POSITIVE_INFINITY] as const;
    expect(() => checkAugmentation({ ...plain, resizedCrop: { scale: [1, 1], ratio } })).toThrow(/ratio/);
  });
});
