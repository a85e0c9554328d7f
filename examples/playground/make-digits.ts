import { writeFile } from 'node:fs/promises';
import { loadIdxDataset, locateMnist } from '../../src/data/index.js';
import { longTailCounts } from '../../src/data/long-tail.js';
import type { ImageDataset } from '../../src/data/portable.js';
import { imbalances } from './choices.js';
import { type Digits, encodeDigits, N0, SIDE, TEST } from './digits-file.js';

/** The first `counts[k]` digits of each class, each pixel the mean of two by two. */
function sample({ images, labels, imageShape: [, width] }: ImageDataset, counts: readonly number[]): Digits {
  const left = [...counts];
  const chosen = [...labels.keys()].filter((i) => left[labels[i]!]!-- > 0);
  const halved = new Uint8Array(chosen.length * SIDE * SIDE);
  chosen.forEach((from, to) => {
    for (let i = 0; i < SIDE * SIDE; i++) {
      const corner = from * 4 * SIDE * SIDE + 2 * Math.floor(i / SIDE) * width + 2 * (i % SIDE);
      const four = [0, 1, width, width + 1].reduce((sum, offset) => sum + images[corner + offset]!, 0);
      halved[to * SIDE * SIDE + i] = Math.round(four / 4);
    }
  });
  return { images: halved, labels: Int32Array.from(chosen, (i) => labels[i]!) };
}

/** Writes the digits that the page brings along: 0.8 MB of MNIST, which comes with npm. */
export async function makeDigits(path: string): Promise<void> {
  const { train, test } = await loadIdxDataset(locateMnist(), { name: 'MNIST' });
  const counts = longTailCounts(N0, train.classes, Math.min(...imbalances));
  const each = Array.from({ length: test.classes }, () => TEST);
  await writeFile(path, encodeDigits([sample(train, counts), sample(test, each)]));
}
