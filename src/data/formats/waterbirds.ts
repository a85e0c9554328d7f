import { join } from 'node:path';
import { DataError } from '../../ir/errors.js';
import { quoted, wrongLine } from '../corrupt.js';
import { type DatasetParts, type ImageFileDataset, imageFileDataset } from '../dataset.js';
import { readFileOrThrow } from '../files.js';
import '../image/node.js';
import { readCsv } from './csv.js';
import { containedPath, type ImageFileOptions, viewOf } from './image-list.js';
import type { TableColumn } from './table-schema.js';

const CLASSES = ['landbird', 'waterbird'];
const PLACES = ['land', 'water'];
/** By their number in the column `split`. */
const SPLITS = ['train', 'validation', 'test'] as const;

/** In the order in which a row is taken; the file has them in any order. */
const COLUMNS: readonly TableColumn[] = ['img_filename', 'y', 'split', 'place', 'img_id', 'place_filename'].map(
  (name) => ({ name, type: 'ignored' }),
);

interface Part {
  readonly paths: string[];
  readonly labels: number[];
  readonly places: number[];
  readonly lines: number[];
}

/**
 * Reads Waterbirds (Sagawa et al. 2020): `metadata.csv` says of each image the bird (land or water), the background (group column `place`) and the
 * part it belongs to. The classes' own backgrounds are rare in training and as frequent as the others in validation and test.
 *
 * @throws FileError when metadata.csv is missing or unreadable
 * @throws DataError naming file and line of what is wrong
 */
export async function loadWaterbirds(
  folder: string,
  options: ImageFileOptions,
): Promise<DatasetParts<ImageFileDataset>> {
  const file = join(folder, 'metadata.csv');
  const parts = SPLITS.map((): Part => ({ paths: [], labels: [], places: [], lines: [] }));
  readCsv(await readFileOrThrow(file), file, { columns: COLUMNS, header: true }, ([path, y, split, place], line) => {
    const number = (text: string, name: string, count: number): number => {
      if (/^\d$/.test(text) && Number(text) < count) return Number(text);
      throw wrongLine(file, line, `column ${name} must be 0 to ${count - 1}, found ${quoted(text)}`, 'correct it');
    };
    const part = parts[number(split!, 'split', SPLITS.length)]!;
    part.paths.push(containedPath(path!, file, line));
    part.labels.push(number(y!, 'y', CLASSES.length));
    part.places.push(number(place!, 'place', PLACES.length));
    part.lines.push(line);
  });
  const empty = parts.findIndex(({ paths }) => paths.length === 0);
  if (empty >= 0) {
    throw new DataError(`${file}: no image has split ${empty} (${SPLITS[empty]}); check that the file is complete.`);
  }
  const [train, validation, test] = parts.map(({ paths, labels, places, lines }, k) =>
    imageFileDataset({
      name: `${options.name} (${k === 0 ? 'training' : SPLITS[k]})`,
      root: folder,
      paths,
      labels: Int32Array.from(labels),
      classes: CLASSES,
      groups: [{ name: 'place', names: PLACES, values: Int32Array.from(places) }],
      origin: { file, lines: Int32Array.from(lines) },
      ...viewOf(options),
    }),
  ) as [ImageFileDataset, ImageFileDataset, ImageFileDataset];
  return { train, validation, test };
}
