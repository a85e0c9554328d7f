import { PNG } from 'pngjs';
import type { CifarLayout } from '../../src/data/formats/cifar.js';
import { npy, zip } from './zip.js';

/** Files of a folder by their names. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** One record: the label bytes, then three planes of 32×32. */
export function cifarRecord(labels: readonly number[], pixel: (channel: number, pixel: number) => number): Uint8Array {
  const planes = Array.from({ length: 3 * 1024 }, (_, i) => pixel(Math.floor(i / 1024), i % 1024));
  return Uint8Array.of(...labels, ...planes);
}

/** Two records in each file; a record's class and pixels are its number in its part. */
export function cifarFiles({ train, test, label, coarse }: CifarLayout): Files {
  const files: Record<string, string | Uint8Array> = {};
  for (const part of [train, test]) {
    part.forEach((name, file) => {
      const records = [2 * file, 2 * file + 1].map((n) => cifarRecord(coarse ? [n, n] : [n], () => n));
      files[name] = Uint8Array.of(...records[0]!, ...records[1]!);
    });
  }
  for (const byte of [label, coarse]) {
    if (!byte) continue;
    files[byte.namesFile] = `${Array.from({ length: byte.classes }, (_, k) => `name ${k}`).join('\n')}\n`;
  }
  return files;
}

/** An IDX file of bytes. */
export function idxFile(shape: readonly number[], payload: ArrayLike<number>): Uint8Array {
  const sizes = shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]);
  return Uint8Array.of(0, 0, 8, shape.length, ...sizes, ...Array.from(payload));
}

/** A PNG of one colour. */
export function pngFile(width: number, height: number, [r, g, b]: readonly [number, number, number]): Uint8Array {
  const png = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) png.data.set([r, g, b, 255], 4 * i);
  return new Uint8Array(PNG.sync.write(png));
}

/** Six people in training and three to test on, in the ways of UCI Adult. */
export const adultFiles: Files = {
  'adult.data': [
    '39, State-gov, 77516, Bachelors, 13, Never-married, Adm-clerical, Not-in-family, White, Male, 2174, 0, 40, United-States, <=50K',
    '50, Self-emp-not-inc, 83311, Bachelors, 13, Married-civ-spouse, Exec-managerial, Husband, White, Male, 0, 0, 13, United-States, >50K',
    '38, ?, 215646, HS-grad, 9, Divorced, ?, Not-in-family, Black, Female, 0, 0, 40, United-States, <=50K',
    '53, Private, 234721, 11th, 7, Married-civ-spouse, Handlers-cleaners, Husband, Black, Male, 0, 0, 40, ?, <=50K',
    '28, Private, 338409, Bachelors, 13, Married-civ-spouse, Prof-specialty, Wife, Black, Female, 0, 0, 40, Cuba, >50K',
    '37, Private, 284582, Masters, 14, Married-civ-spouse, Exec-managerial, Wife, White, Female, 0, 0, 40, United-States, <=50K',
    '',
  ].join('\n'),
  'adult.test': [
    '|1x3 Cross validator',
    '25, Private, 226802, 11th, 7, Never-married, Machine-op-inspct, Own-child, Black, Male, 0, 0, 40, United-States, <=50K.',
    '44, Private, 160323, Some-college, 10, Married-civ-spouse, Machine-op-inspct, Husband, Black, Male, 7688, 0, 40, Peru, >50K.',
    '18, ?, 103497, Some-college, 10, Never-married, ?, Own-child, White, Female, 0, 0, 30, United-States, <=50K.',
    '',
  ].join('\r\n'),
};

export const waterbirdsFiles: Files = {
  'metadata.csv': [
    'img_id,img_filename,y,split,place,place_filename',
    '1,001.a/1.png,0,0,0,/forest/1.jpg',
    '2,001.a/2.png,0,0,1,/lake/2.jpg',
    '3,002.b/3.png,1,0,1,/ocean/3.jpg',
    '4,002.b/4.png,1,1,0,"/bamboo, forest/4.jpg"',
    '5,001.a/5.png,0,2,1,/lake/5.jpg',
    '',
  ].join('\n'),
  '001.a/1.png': pngFile(9, 8, [10, 20, 30]),
};

export const imageListFiles: Files = {
  'Toy_train.txt': 'train/a b/1.png 0\ntrain/2.png 2\ntrain/3.png 1\n',
  'Toy_val.txt': './val/4.png\t1\r\n',
  'Toy_test.txt': 'val/5.png 2\n\nval/6.png 0\n',
  'train/2.png': pngFile(9, 8, [10, 20, 30]),
};

const bytes = (values: ArrayLike<number> & { readonly buffer: ArrayBufferLike }): Uint8Array =>
  new Uint8Array(values.buffer as ArrayBuffer);

export const npzArrays: Readonly<Record<string, Uint8Array>> = {
  x_train: npy(
    '|u1',
    [3, 2, 2],
    Uint8Array.from({ length: 12 }, (_, i) => i),
  ),
  y_train: npy('<i8', [3], bytes(BigInt64Array.of(0n, 2n, 1n) as never)),
  x_test: npy(
    '|u1',
    [2, 2, 2],
    Uint8Array.from({ length: 8 }, (_, i) => 100 + i),
  ),
  y_test: npy('|u1', [2, 1], Uint8Array.of(2, 1)),
  group_sex_train: npy('<i4', [3], bytes(Int32Array.of(0, 1, 1))),
  group_sex_test: npy('<i4', [2], bytes(Int32Array.of(0, 2))),
};

export const npzFile = (arrays: Readonly<Record<string, Uint8Array>> = npzArrays): Uint8Array =>
  zip(Object.entries(arrays).map(([name, data]) => ({ name: `${name}.npy`, data })));
