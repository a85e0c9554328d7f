import { inflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { DataError } from '../../ir/errors.js';
import { messageOf } from '../../ir/message-of.js';
import { hexOf, wrongByte } from '../corrupt.js';

/** A decoded image: u8 [height, width, 3], row-major. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** 8192×8192. The largest image of ImageNet has 61 million pixels. */
export const MAX_PIXELS = 2 ** 26;
/** What decoding a JPEG of {@link MAX_PIXELS} takes, in MB: coefficients in 32 bits for three components, lines, and the pixels. */
const JPEG_MEMORY_MB = 1536;
/** The JPEG standard puts no bound on progressive scans, each of which costs a pass over the image; encoders write about ten. */
const MAX_SCANS = 200;
const REMEDY = 'replace the file, or take it out of the list';

const JPEG_MAGIC = [0xff, 0xd8, 0xff] as const;
const PNG_MAGIC = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, i) => bytes[i] === byte);

function requireSize(file: string, at: number, width: number, height: number): void {
  if (width >= 1 && height >= 1 && width * height <= MAX_PIXELS) return;
  throw wrongByte(file, at, `an image must have 1 to ${MAX_PIXELS} pixels, this one claims ${width}×${height}`, REMEDY);
}

/**
 * Decodes a JPEG (baseline or progressive; grey, colour or CMYK) or a PNG of any kind; which it is, its first bytes say, not its name.
 * Transparency is dropped, 16 bits become 8, and the orientation that a camera may have noted is not applied, all as Pillow's
 * `convert('RGB')` does. Sizes are checked before anything is allocated for them.
 * @param file name used in error messages
 * @throws DataError when it is neither, damaged, cut off, or larger than {@link MAX_PIXELS}
 */
export function decodeImage(bytes: Uint8Array, file: string): Picture {
  if (startsWith(bytes, JPEG_MAGIC)) return decodeJpeg(bytes, file);
  if (startsWith(bytes, PNG_MAGIC)) return decodePng(bytes, file);
  throw wrongByte(
    file,
    0,
    `an image must be JPEG or PNG, this file begins with ${hexOf(bytes.subarray(0, 8))}`,
    'convert it, or take it out of the list',
  );
}

/** Whether a marker begins a frame, whose header holds the size. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/** Walks the segments up to the first scan, and counts the scans. */
function checkJpeg(bytes: Uint8Array, file: string): void {
  let at = 2;
  let sized = false;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff)
      throw wrongByte(file, at, `a JPEG segment starts with 0xff, found ${hexOf(bytes.subarray(at, at + 1))}`, REMEDY);
    const marker = bytes[at + 1]!;
    // Fill bytes, and markers without a segment.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (isFrame(marker)) {
      if (at + 9 > bytes.length) break;
      requireSize(file, at + 5, (bytes[at + 7]! << 8) | bytes[at + 8]!, (bytes[at + 5]! << 8) | bytes[at + 6]!);
      sized = true;
    }
    if (marker === 0xda) break;
    at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  if (!sized || at + 4 > bytes.length)
    throw wrongByte(file, bytes.length, 'the JPEG ends before its first scan', REMEDY);
  let scans = 0;
  for (let i = at; i + 1 < bytes.length; i++) {
    if (bytes[i] !== 0xff) continue;
    if (bytes[i + 1] === 0xda) scans += 1;
    // A second frame would have its own size, unchecked.
    if (isFrame(bytes[i + 1]!)) throw wrongByte(file, i, 'a second frame begins inside the image', REMEDY);
  }
  if (scans > MAX_SCANS) throw wrongByte(file, at, `a JPEG may have ${MAX_SCANS} scans, this one has ${scans}`, REMEDY);
}

function decodeJpeg(bytes: Uint8Array, file: string): Picture {
  checkJpeg(bytes, file);
  try {
    const { width, height, data } = jpeg.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxResolutionInMP: MAX_PIXELS / 1e6,
      maxMemoryUsageInMB: JPEG_MEMORY_MB,
    });
    return { width, height, data };
  } catch (error) {
    throw new DataError(`${file}: the JPEG is damaged or cut off (${messageOf(error)}); ${REMEDY}.`, { cause: error });
  }
}

/** Bytes a PNG's data may have once inflated: pixels of up to 8 bytes and a filter byte a row, in up to seven passes. */
const mostPngBytes = (width: number, height: number): number => 8 * width * height + 8 * height + 64;

function decodePng(bytes: Uint8Array, file: string): Picture {
  if (bytes.length < 33) throw wrongByte(file, bytes.length, 'the PNG ends inside its header', REMEDY);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height, interlaced] = [view.getUint32(16), view.getUint32(20), bytes[28] !== 0];
  requireSize(file, 16, width, height);
  try {
    // pngjs stops inflating at the image's size unless the image is interlaced.
    if (interlaced) inflateSync(imageData(bytes, view), { maxOutputLength: mostPngBytes(width, height) });
    const { data, ...size } = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const pixels = new Uint8Array(size.width * size.height * 3);
    for (let i = 0, at = 0; at < pixels.length; i += 4) {
      pixels[at++] = data[i]!;
      pixels[at++] = data[i + 1]!;
      pixels[at++] = data[i + 2]!;
    }
    return { width: size.width, height: size.height, data: pixels };
  } catch (error) {
    throw new DataError(`${file}: the PNG is damaged or cut off (${messageOf(error)}); ${REMEDY}.`, { cause: error });
  }
}

/** The compressed pixels: the IDAT chunks, one after the other. */
function imageData(bytes: Uint8Array, view: DataView): Buffer {
  const pieces: Uint8Array[] = [];
  for (let at = PNG_MAGIC.length; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x49444154) pieces.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return Buffer.concat(pieces);
}
