/** Pixels of a digit on each side: those of MNIST, two by two. */
export const SIDE = 14;
const PIXELS = SIDE * SIDE;
/** Training samples of the largest class. Of the others the file has no more than the mildest imbalance leaves. */
export const N0 = 600;
/** Test samples of each class. */
export const TEST = 150;

/** Images u8 [n, SIDE, SIDE] and what they show. */
export interface Digits {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** The file that the page fetches: how many digits there are to train and to test on (u32, little endian); their labels; their pixels. */
export function encodeDigits(parts: readonly [train: Digits, test: Digits]): Uint8Array {
  const total = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const bytes = new Uint8Array(8 + total * (1 + PIXELS));
  const view = new DataView(bytes.buffer);
  let next = 8;
  parts.forEach(({ labels }, i) => {
    view.setUint32(4 * i, labels.length, true);
    bytes.set(labels, next);
    next += labels.length;
  });
  for (const { images } of parts) {
    bytes.set(images, next);
    next += images.length;
  }
  return bytes;
}

export function decodeDigits(bytes: Uint8Array): [train: Digits, test: Digits] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const [train, test] = [view.getUint32(0, true), view.getUint32(4, true)];
  const pixels = 8 + train + test;
  const part = (from: number, count: number): Digits => ({
    labels: Int32Array.from(bytes.subarray(8 + from, 8 + from + count)),
    images: bytes.subarray(pixels + from * PIXELS, pixels + (from + count) * PIXELS),
  });
  return [part(0, train), part(train, test)];
}
