import { readFixture } from '../fixtures/read.js';

interface Fixture {
  readonly width: number;
  readonly height: number;
  readonly files: Readonly<Record<string, { readonly file: string; readonly pixels: string }>>;
  readonly large: { readonly width: number; readonly height: number; readonly pixels: string; readonly grey: string };
  readonly resized: readonly {
    readonly width: number;
    readonly height: number;
    readonly box: readonly [number, number, number, number] | null;
    readonly pixels: string;
  }[];
  readonly middles: readonly {
    readonly side: number;
    readonly height: number;
    readonly width: number;
    readonly pixels: string;
  }[];
  readonly sixteen: string;
  readonly sixteenPixels: string;
}

/** What `generate-images.py` wrote: files, and what Pillow makes of them. */
export const images = readFixture<Fixture>('images');

export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, 'base64'));

/** Largest difference of two arrays of bytes; infinite if their lengths differ. */
export function largestDifference(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
