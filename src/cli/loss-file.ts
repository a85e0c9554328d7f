import type { ClassLossNumbers } from '../autobalance/index.js';
import { readFileOrThrow } from '../data/files.js';
import { DataError } from '../ir/index.js';
import { type LossFile, lossFileSchema } from './schema.js';
import { validate } from './validate.js';

const REMEDY = 'write it with `autobalance search`';

/** @throws {FileError} if it cannot be read; {DataError} if it is no loss.json. */
export const readLossFile = async (path: string): Promise<LossFile> =>
  parseLossFile(new TextDecoder().decode(await readFileOrThrow(path)), path);

export function parseLossFile(text: string, source: string): LossFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`${source}: not valid JSON (${reason}); ${REMEDY}`, { cause: error });
  }
  const loss = validate(lossFileSchema, value, { source, kind: DataError, remedy: () => REMEDY });
  const classes = loss.classCounts.length;
  for (const key of ['delta', 'iota', 'weight'] as const) {
    if (loss[key].length === classes) continue;
    throw new DataError(
      `${source}: ${key} must have a number for each of the ${classes} classes, got ${loss[key].length}; ${REMEDY}`,
    );
  }
  return loss;
}

/** The numbers to train under. @throws {DataError} if they are for another number of classes. */
export function lossFor(loss: LossFile, classes: number, source: string): ClassLossNumbers {
  if (loss.classCounts.length !== classes) {
    throw new DataError(
      `${source}: is a loss for ${loss.classCounts.length} classes, the data has ${classes}; ${REMEDY} on this data`,
    );
  }
  const { delta, iota, weight } = loss;
  return { delta, iota, weight };
}
