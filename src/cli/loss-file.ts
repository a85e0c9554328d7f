import { policyParams } from '../augment/index.js';
import { type ClassLossNumbers, policyFor } from '../autobalance/index.js';
import { readFileOrThrow } from '../data/files.js';
import { AutobalanceError, DataError } from '../ir/index.js';
import { messageOf } from '../ir/message-of.js';
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
    const reason = messageOf(error);
    throw new DataError(`${source}: not valid JSON (${reason}); ${REMEDY}`, { cause: error });
  }
  const loss = validate(lossFileSchema, value, { source, kind: DataError, remedy: () => REMEDY });
  const classes = loss.classCounts.length;
  for (const key of ['delta', 'iota', 'weight'] as const) {
    const rows = loss[key].length;
    const [row] = loss[key];
    if (Array.isArray(row) && row.length !== loss.groups?.length) {
      throw new DataError(
        `${source}: ${key} has ${row.length} numbers for each class, but "groups" names ${loss.groups?.length ?? 0}; ${REMEDY}`,
      );
    }
    if (rows === classes || (Array.isArray(row) && rows === 1)) continue;
    throw new DataError(
      `${source}: ${key} must have a number for each of the ${classes} classes, got ${rows}; ${REMEDY}`,
    );
  }
  if (loss.clusters && loss.clusters.length !== classes) {
    throw new DataError(
      `${source}: clusters must have a number for each of the ${classes} classes, got ${loss.clusters.length}; ${REMEDY}`,
    );
  }
  requirePolicies(loss, source);
  return loss;
}

/** Whether its augmentation policies can be trained under. */
function requirePolicies({ augmentation, classCounts }: LossFile, source: string): void {
  if (!augmentation) return;
  const { operations, groups = [], ...form } = augmentation;
  const names = operations.map(({ name }) => name);
  try {
    policyParams(policyFor(form, names, { classes: classCounts.length, groups: groups.length }), augmentation);
  } catch (error) {
    if (!(error instanceof AutobalanceError)) throw error;
    throw new DataError(`${source}: ${error.message}`, { cause: error });
  }
}

/** The tables of a loss. */
export function lossTables({ delta, iota, weight }: ClassLossNumbers): Pick<LossFile, 'delta' | 'iota' | 'weight'> {
  return { delta, iota, weight };
}

/** The numbers to train under. @throws {DataError} if they are for another number of classes, or for other groups */
export function lossFor(loss: LossFile, classes: number, groups: readonly string[], source: string): ClassLossNumbers {
  if (loss.classCounts.length !== classes) {
    throw new DataError(
      `${source}: is a loss for ${loss.classCounts.length} classes, the data has ${classes}; ${REMEDY} on this data`,
    );
  }
  if (loss.groups && loss.groups.join('\n') !== groups.join('\n')) {
    const has = groups.length > 0 ? `has ${groups.join(', ')}` : 'has none';
    throw new DataError(
      `${source}: is a loss for groups ${loss.groups.join(', ')}, and the data ${has}; name the group column as data.group, or ${REMEDY} on this data`,
    );
  }
  return lossTables(loss);
}
