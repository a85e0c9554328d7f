import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../ir/errors.js';
import { wrongByte } from '../corrupt.js';
import { type DatasetParts, type ImageDataset, imageDataset } from '../dataset.js';
import { errnoOf, fileError, readFileOrThrow } from '../files.js';
import type { GroupColumn } from '../groups.js';
import { linesOf, readText } from '../text.js';

const SIDE = 32;
const CHANNELS = 3;
const PLANE = SIDE * SIDE;
const PIXELS = PLANE * CHANNELS;

/** One of the label bytes in front of each image. */
interface LabelByte {
  /** A text file with a name a line. */
  readonly namesFile: string;
  readonly classes: number;
}

/** How a version of CIFAR is laid out (Krizhevsky 2009): records of label bytes, then a red, a green and a blue plane of 32×32. */
export interface CifarLayout {
  /** Folder the archive unpacks to. */
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly label: LabelByte;
  /** A coarser label in the byte before, given as a group column. */
  readonly coarse?: LabelByte & { readonly name: string };
}

export const cifar10: CifarLayout = {
  folder: 'cifar-10-batches-bin',
  train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
  test: ['test_batch.bin'],
  label: { namesFile: 'batches.meta.txt', classes: 10 },
};

export const cifar100: CifarLayout = {
  folder: 'cifar-100-binary',
  train: ['train.bin'],
  test: ['test.bin'],
  label: { namesFile: 'fine_label_names.txt', classes: 100 },
  coarse: { name: 'superclass', namesFile: 'coarse_label_names.txt', classes: 20 },
};

/** Images and labels of some records. */
export interface CifarRecords {
  /** u8 [n, 32, 32, 3] */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** Empty if the layout has none. */
  readonly coarse: Int32Array;
}

/**
 * Decodes a file of binary records; the planes are interleaved to NHWC.
 * @param file name used in error messages
 * @throws DataError naming the byte where a record is cut off or a label out of range
 */
export function decodeCifar(bytes: Uint8Array, file: string, layout: CifarLayout): CifarRecords {
  const labelBytes = layout.coarse ? 2 : 1;
  const record = labelBytes + PIXELS;
  const count = Math.floor(bytes.length / record);
  if (count === 0 || bytes.length % record !== 0) {
    throw wrongByte(
      file,
      count * record,
      `the file must be a whole number of records of ${record} bytes, found ${bytes.length} bytes, which leaves ` +
        `${bytes.length % record} after ${count} records`,
      'download the archive again, and check that it is the binary version of the right CIFAR',
    );
  }
  const images = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  const coarse = new Int32Array(layout.coarse ? count : 0);
  const label = (at: number, { classes, namesFile }: LabelByte): number => {
    if (bytes[at]! < classes) return bytes[at]!;
    throw wrongByte(
      file,
      at,
      `the label must be 0 to ${classes - 1} (see ${namesFile}), found ${bytes[at]}`,
      'download the archive again, and check that it is the binary version of the right CIFAR',
    );
  };
  for (let n = 0; n < count; n++) {
    const start = n * record;
    if (layout.coarse) coarse[n] = label(start, layout.coarse);
    labels[n] = label(start + labelBytes - 1, layout.label);
    for (let pixel = 0; pixel < PLANE; pixel++) {
      for (let channel = 0; channel < CHANNELS; channel++) {
        images[n * PIXELS + pixel * CHANNELS + channel] = bytes[start + labelBytes + channel * PLANE + pixel]!;
      }
    }
  }
  return { images, labels, coarse };
}

/** The folder itself or, in it, the one the archive unpacks to. */
async function locate(folder: string, layout: CifarLayout): Promise<string> {
  const first = layout.train[0]!;
  for (const candidate of [folder, join(folder, layout.folder)]) {
    try {
      await stat(join(candidate, first));
      return candidate;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw fileError('read', join(candidate, first), error);
    }
  }
  return folder;
}

/** The names of the classes; numbers if the file that has them is not there. */
async function namesIn(folder: string, { namesFile, classes }: LabelByte): Promise<readonly string[]> {
  const path = join(folder, namesFile);
  try {
    await stat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return Array.from({ length: classes }, (_, k) => String(k));
    throw fileError('read', path, error);
  }
  const names = linesOf(await readText(path)).filter((line) => line.trim() !== '');
  if (names.length === classes) return names;
  throw new DataError(
    `${path}: must name ${classes} classes, one a line, found ${names.length} lines; download the archive again, or remove the file.`,
  );
}

async function readPart(folder: string, files: readonly string[], layout: CifarLayout): Promise<CifarRecords> {
  const parts: CifarRecords[] = [];
  // One after the other: a file's bytes are let go before the next is read.
  for (const file of files) {
    const path = join(folder, file);
    parts.push(decodeCifar(await readFileOrThrow(path), path, layout));
  }
  const images = new Uint8Array(parts.reduce((bytes, part) => bytes + part.images.length, 0));
  let at = 0;
  for (const part of parts) {
    images.set(part.images, at);
    at += part.images.length;
  }
  const joined = (key: 'labels' | 'coarse'): Int32Array => Int32Array.from(parts.flatMap((part) => [...part[key]]));
  return { images, labels: joined('labels'), coarse: joined('coarse') };
}

/**
 * Reads CIFAR-10 or CIFAR-100 in the binary version. The superclasses of CIFAR-100 become the group column `superclass`.
 * @param folder that of the .bin files, or the one above it
 * @throws FileError when a file is missing or unreadable
 * @throws DataError naming file and byte when one is truncated, too long or mislabelled
 */
export async function loadCifar(
  folder: string,
  layout: CifarLayout,
  { name }: { readonly name: string },
): Promise<DatasetParts<ImageDataset>> {
  const place = await locate(folder, layout);
  const classes = await namesIn(place, layout.label);
  const coarseNames = layout.coarse && (await namesIn(place, layout.coarse));
  const part = async (files: readonly string[], which: string): Promise<ImageDataset> => {
    const { images, labels, coarse } = await readPart(place, files, layout);
    const groups: GroupColumn[] =
      layout.coarse && coarseNames ? [{ name: layout.coarse.name, names: coarseNames, values: coarse }] : [];
    return imageDataset({
      name: `${name} (${which})`,
      images,
      labels,
      imageShape: [SIDE, SIDE, CHANNELS],
      classes,
      groups,
    });
  };
  return { train: await part(layout.train, 'training'), test: await part(layout.test, 'test') };
}
