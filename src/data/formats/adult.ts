import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError } from '../../ir/errors.js';
import type { DatasetParts, TableDataset } from '../dataset.js';
import { fileError } from '../files.js';
import { loadCsvDataset } from './csv-dataset.js';
import type { TableColumn, TableSchema } from './table-schema.js';

const numeric = (name: string): TableColumn => ({ name, type: 'numeric' });
const categorical = (name: string): TableColumn => ({ name, type: 'categorical' });
const ignored = (name: string): TableColumn => ({ name, type: 'ignored' });
const sensitive = (name: string): TableColumn => ({ ...categorical(name), sensitive: true });

/**
 * UCI Adult, whether the census of 1994 has somebody earn more than 50,000 dollars (Becker and Kohavi 1996). The published test file begins with
 * a comment and ends its labels in a full stop. `fnlwgt` says how many people a row stands for, not what they are like; `education` says in
 * words what `education-num` says in order.
 */
export const adultSchema: TableSchema = {
  columns: [
    numeric('age'),
    categorical('workclass'),
    ignored('fnlwgt'),
    ignored('education'),
    numeric('education-num'),
    categorical('marital-status'),
    categorical('occupation'),
    categorical('relationship'),
    sensitive('race'),
    sensitive('sex'),
    numeric('capital-gain'),
    numeric('capital-loss'),
    numeric('hours-per-week'),
    categorical('native-country'),
    { name: 'income', type: 'label' },
  ],
  header: false,
  missing: ['?'],
  comment: '|',
  classes: ['<=50K', '>50K'],
  labelSuffix: '.',
};

/** The names the files go by. */
const NAMES = { train: ['adult.data', 'adult-train.csv'], test: ['adult.test', 'adult-test.csv'] };

/**
 * Reads UCI Adult from a folder with the published `adult.data` and `adult.test`, or the same as `adult-train.csv` and `adult-test.csv`.
 * @throws FileError when a file is missing or unreadable
 * @throws DataError naming file and line of what is not as published
 */
export async function loadAdult(
  folder: string,
  options: { readonly name: string },
): Promise<DatasetParts<TableDataset>> {
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    throw fileError('read the data folder', folder, error);
  }
  const find = (names: string[]): string => {
    const found = names.find((name) => entries.includes(name));
    if (found !== undefined) return join(folder, found);
    throw new FileError(`${folder}: no file ${names.join(' or ')}; put the two files of UCI Adult into this folder.`);
  };
  return loadCsvDataset({ train: find(NAMES.train), test: find(NAMES.test) }, adultSchema, options);
}
