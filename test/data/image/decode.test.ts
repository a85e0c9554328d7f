import { deflateSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { crc32 } from '../../../src/data/crc32.js';
import { decodeImage, MAX_PIXELS } from '../../../src/data/image/decode.js';
import { luma, middle, resizeWindow } from '../../../src/data/image/resize.js';
import { DataError } from '../../../src/ir/errors.js';
import { bytesOf, images, largestDifference } from '../../support/images.js';

const jpegOf = (name = 'jpeg'): Uint8Array => bytesOf(images.files[name]!.file);
const pngOf = (name = 'png'): Uint8Array => bytesOf(images.files[name]!.file);

describe('decodeImage against Pillow', () => {
  // Pillow interpolates halved colour planes and rounds its inverse cosine transform otherwise; where colour is not halved they agree to a few levels.
  const bound: Readonly<Record<string, number>> = {
    jpeg: 2,
    'jpeg, progressive': 2,
    'jpeg, restart markers': 2,
    'jpeg, grey': 1,
    'jpeg, CMYK': 3,
    'jpeg, halved colour': 60,
  };
  test.each(Object.keys(images.files))('%s', (name) => {
    const { file, pixels } = images.files[name]!;
    const { width, height, data } = decodeImage(bytesOf(file), name);
    expect([width, height]).toEqual([images.width, images.height]);
    expect(largestDifference(data, bytesOf(pixels))).toBeLessThanOrEqual(bound[name] ?? 0);
  });

  it('takes the upper 8 of 16 bits', () => {
    const grey = bytesOf(images.sixteenPixels);
    const { data } = decodeImage(bytesOf(images.sixteen), 'sixteen');
    expect(
      largestDifference(
        data,
        Uint8Array.from({ length: 3 * grey.length }, (_, i) => grey[Math.floor(i / 3)]!),
      ),
    ).toBe(0);
  });
});

describe('resizing against Pillow', () => {
  const { width, height, pixels, grey } = images.large;
  const large = { width, height, data: bytesOf(pixels) };

  test.each(images.resized)('to $width×$height, of $box', ({ width: w, height: h, box, pixels: expected }) => {
    const [left, top, right, bottom] = box ?? [0, 0, width, height];
    const from = { x: left, y: top, width: right - left, height: bottom - top };
    const found = resizeWindow(large, from, { width: w, height: h }, { x: 0, y: 0, width: w, height: h });
    // Pillow rounds after each of the two passes.
    expect(largestDifference(found, bytesOf(expected))).toBeLessThanOrEqual(1);
  });

  test.each(images.middles)(
    'the middle $height×$width of the side $side',
    ({ side, height: h, width: w, pixels: expected }) => {
      expect(largestDifference(middle(large, side, h, w), bytesOf(expected))).toBeLessThanOrEqual(1);
    },
  );

  it('leaves an image of the right size as it is', () => {
    const whole = { x: 0, y: 0, width, height };
    expect(largestDifference(resizeWindow(large, whole, whole, whole), large.data)).toBe(0);
  });

  it('makes grey as Pillow does', () => {
    expect(largestDifference(luma(large.data), bytesOf(grey))).toBe(0);
  });
});

describe('decodeImage refuses', () => {
  const refusal = (bytes: Uint8Array): string => {
    try {
      decodeImage(bytes, 'bad');
    } catch (error) {
      if (error instanceof DataError) return error.message;
      throw error;
    }
    throw new Error('was decoded');
  };
  const changed = (bytes: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array => {
    const copy = bytes.slice();
    for (const [at, byte] of Object.entries(changes)) copy[Number(at)] = byte;
    return copy;
  };

  it('what is neither JPEG nor PNG', () => {
    expect(refusal(new TextEncoder().encode('GIF89a..'))).toMatch(
      /bad: at byte 0: .* JPEG or PNG, .* begins with 0x47 0x49/,
    );
    expect(refusal(new Uint8Array(0))).toMatch(/begins with nothing; convert it/);
  });

  it('a JPEG cut off anywhere', () => {
    const whole = jpegOf();
    for (let end = 3; end < whole.length - 2; end += 7) expect(refusal(whole.subarray(0, end))).toMatch(/^bad: /);
  });

  it('a PNG cut off anywhere', () => {
    const whole = pngOf();
    for (let end = 8; end < whole.length - 12; end += 7) expect(refusal(whole.subarray(0, end))).toMatch(/^bad: /);
  });

  it('giant sizes before anything is allocated for them', () => {
    const jpeg = jpegOf();
    // The frame header: ff c0, length, precision, height, width.
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    expect(refusal(changed(jpeg, { [frame + 5]: 0xff, [frame + 7]: 0xff }))).toMatch(
      new RegExp(`at byte ${frame + 5}: an image must have 1 to ${MAX_PIXELS} pixels, this one claims 65\\d+×65\\d+`),
    );
    expect(refusal(changed(jpeg, { [frame + 5]: 0, [frame + 6]: 0 }))).toMatch(/claims 26×0/);
    expect(refusal(changed(pngOf(), { 16: 0x7f, 20: 0x7f }))).toMatch(/at byte 16: .* claims 2130706458×2130706453/);
  });

  it('a second frame, which could have another size', () => {
    const jpeg = jpegOf();
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    const copy = jpeg.slice(frame, frame + 19);
    const [height, width] = [0x20, 0x00];
    copy.set([height, width], 5);
    const scan = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xda);
    const end = scan + 2 + jpeg[scan + 3]!;
    const twice = Uint8Array.of(...jpeg.subarray(0, end), ...copy, ...jpeg.subarray(end));
    expect(refusal(twice)).toMatch(/a second frame begins inside the image/);
  });

  it('more scans than any encoder writes', () => {
    const jpeg = jpegOf();
    const scans = Array.from({ length: 201 }, () => [0xff, 0xda]).flat();
    expect(refusal(Uint8Array.of(...jpeg.subarray(0, -2), ...scans, 0xff, 0xd9))).toMatch(
      /may have 200 scans, this one has 202/,
    );
  });

  it('a PNG that inflates to more than its size', () => {
    const chunk = (kind: string, data: Uint8Array): number[] => {
      const body = Uint8Array.of(...new TextEncoder().encode(kind), ...data);
      const word = (n: number): number[] => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
      return [...word(data.length), ...body, ...word(crc32(body))];
    };
    const bomb = (interlaced: number): Uint8Array =>
      Uint8Array.of(
        ...pngOf().subarray(0, 8),
        ...chunk('IHDR', Uint8Array.of(0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, interlaced)),
        ...chunk('IDAT', deflateSync(new Uint8Array(1 << 24))),
        ...chunk('IEND', new Uint8Array(0)),
      );
    expect(refusal(bomb(1))).toMatch(/the PNG is damaged or cut off \(.*larger than/);
    // Without interlacing the decoder stops by itself.
    expect(refusal(bomb(0))).toMatch(/the PNG is damaged or cut off/);
  });

  it('a PNG whose checksum is wrong', () => {
    const png = pngOf();
    expect(refusal(changed(png, { 60: png[60]! ^ 1 }))).toMatch(/the PNG is damaged/);
  });
});
