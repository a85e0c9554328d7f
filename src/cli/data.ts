import { join } from 'node:path';
import { presets } from '../autobalance/index.js';
import {
  type DatasetParts,
  type FormatName,
  type FormatOptions,
  fingerprint,
  formatNamed,
  type ImageDataset,
  type ImageFileDataset,
} from '../data/index.js';
import { ConfigError } from '../ir/index.js';
import { type Model, type SmallCnnParams, type SmallCnnState, smallCnn } from '../nn/index.js';
import type { RunConfig } from './schema.js';
import { readTableFile, TABLE_FILE } from './table-file.js';

/** Images, in memory or in files: what the small CNN takes. */
export type Images = ImageDataset | ImageFileDataset;

export interface LoadedData extends DatasetParts<Images> {
  /** Of everything the run depends on, so that it is resumed on the data it began with. */
  readonly fingerprint: string;
}

export interface DataPlace {
  readonly format: FormatName;
  /** `null` if nobody named one. */
  readonly folder: string | null;
  /** The description of a table; by default `schema.yaml` in the folder. */
  readonly schema?: string;
}

/**
 * Reads a data set of any format.
 * @param source named in the message when a folder is missing
 * @throws {ConfigError} if the format needs a folder and none is given; {FileError|DataError|NumericError} if files are missing or damaged
 */
export async function loadParts(
  { format: name, folder, schema }: DataPlace,
  source: string,
  options: Omit<FormatOptions, 'table'>,
): Promise<DatasetParts> {
  const format = formatNamed(name);
  const place = folder ?? format.locate?.();
  if (place === undefined) {
    throw new ConfigError(
      `${source}: reads ${format.holds}; name the folder with --data-dir` +
        `${format.hint === undefined ? '' : ` (${format.hint})`}`,
    );
  }
  if (!format.needsSchema) return format.load(place, options);
  return format.load(place, { ...options, table: await readTableFile(schema ?? join(place, TABLE_FILE), place) });
}

/** @throws {ConfigError} if the preset needs a folder and none is given; {FileError|DataError} if the files are missing or damaged. */
export async function loadData({ preset, dataDir }: RunConfig): Promise<LoadedData> {
  const parts = await loadParts({ format: presets[preset]!.data, folder: dataDir }, `preset ${preset}`, {
    name: preset,
  });
  const { train, test } = parts;
  if (train.kind === 'table' || test.kind === 'table') {
    throw new ConfigError(`preset ${preset}: its model takes images, the data is a table; choose a preset for tables`);
  }
  return { train, test, fingerprint: fingerprint([train, test]) };
}

/** The network for images of this size. @throws {ConfigError} if they are too small for its blocks. */
export function modelFor({ model }: RunConfig, { train }: LoadedData): Model<SmallCnnParams, SmallCnnState> {
  const { imageShape, classes } = train;
  const side = Math.min(imageShape[0], imageShape[1]);
  const most = Math.floor(Math.log2(side));
  if (model.channels.length > most) {
    throw new ConfigError(
      `model.channels: each block halves the images, so ${imageShape.join('×')} allows ${most} blocks, got ${model.channels.length}; ` +
        'list fewer channels',
    );
  }
  return smallCnn({ classes, imageShape, channels: model.channels });
}
