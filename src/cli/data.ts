import { join } from 'node:path';
import { presets } from '../autobalance/index.js';
import { type DatasetParts, type FormatName, type FormatOptions, fingerprint, formatNamed } from '../data/index.js';
import { ConfigError } from '../ir/index.js';
import type { RunConfig } from './schema.js';
import { readTableFile, TABLE_FILE } from './table-file.js';

export interface LoadedData extends DatasetParts {
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
export async function loadData({ preset, dataDir, data: { side } = {} }: RunConfig): Promise<LoadedData> {
  const format = presets[preset]!.data;
  if (side !== undefined && !formatNamed(format).imageFiles) {
    throw new ConfigError(
      `preset ${preset}: data.side is for data in image files, ${format} comes in one size; leave it out`,
    );
  }
  const options = { name: preset, ...(side !== undefined && { side }) };
  const parts = await loadParts({ format, folder: dataDir }, `preset ${preset}`, options);
  const { train, test } = parts;
  return { train, test, fingerprint: fingerprint([train, test]) };
}
