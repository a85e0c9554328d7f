import { z } from 'zod';
import type { LearnedAugmentation } from '../autobalance/index.js';
import { readFileOrThrow } from '../data/files.js';
import type { LearnedLoss } from '../export/learned-loss.js';
import { DataError } from '../ir/index.js';
import { messageOf } from '../ir/message-of.js';
import { learnedAugmentation } from './augmentation-schema.js';
import { validate } from './validate.js';

const REMEDY = 'name the loss.json of a search';

const finite = z.number({ error: 'must be a finite number' });
const table = z.union([z.array(finite), z.array(z.array(finite))], {
  error: 'must be a list of numbers, or a list of such lists',
});

// Whatever else a loss.json says is of no matter here.
const schema = z.looseObject({
  classCounts: z
    .array(z.number().int().min(0), { error: 'must be a list of integers' })
    .min(1, { error: 'must not be empty' }),
  groups: z.array(z.string()).min(1, { error: 'must not be empty' }).exactOptional(),
  delta: table,
  iota: table,
  weight: table,
  augmentation: learnedAugmentation.exactOptional(),
});

/** What a search learned: a loss, and maybe augmentation policies beside it. */
export type LearnedFile = LearnedLoss & { readonly augmentation?: LearnedAugmentation };

/** @throws {FileError} if it cannot be read; {DataError} if it is no loss.json. */
export const readLearnedLoss = async (path: string): Promise<LearnedFile> =>
  parseLearnedLoss(new TextDecoder().decode(await readFileOrThrow(path)), path);

export function parseLearnedLoss(text: string, source: string): LearnedFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = messageOf(error);
    throw new DataError(`${source}: not valid JSON (${reason}); ${REMEDY}`, { cause: error });
  }
  const { classCounts, groups, augmentation, ...tables } = validate(schema, value, {
    source,
    kind: DataError,
    remedy: () => REMEDY,
  });
  const width = Math.max(
    groups?.length ?? 1,
    ...[tables.delta, tables.iota, tables.weight].flat().map((row) => (typeof row === 'number' ? 1 : row.length)),
  );
  const rows = (name: 'delta' | 'iota' | 'weight') => rowsOf(tables[name], name, classCounts.length, width, source);
  const names = groups ?? (width > 1 ? Array.from({ length: width }, (_, g) => String(g)) : undefined);
  return {
    classCounts,
    ...(names && { groups: names }),
    delta: rows('delta'),
    iota: rows('iota'),
    weight: rows('weight'),
    ...(augmentation && { augmentation }),
  };
}

/** A number for each class and group: a list by class holds for every group, one row by group for every class. */
function rowsOf(
  table: readonly (number | readonly number[])[],
  name: string,
  classes: number,
  groups: number,
  source: string,
): number[][] {
  const [first] = table;
  if (table.length !== classes && !(table.length === 1 && typeof first === 'object')) {
    throw new DataError(
      `${source}: ${name} must have a number for each of the ${classes} classes, got ${table.length}; ${REMEDY}`,
    );
  }
  return Array.from({ length: classes }, (_, k) => {
    const row = table[table.length === 1 ? 0 : k]!;
    if (typeof row === 'number') return new Array<number>(groups).fill(row);
    if (row.length !== groups) {
      throw new DataError(
        `${source}: ${name} must have a number for each of the ${groups} groups, class ${k} has ${row.length}; ${REMEDY}`,
      );
    }
    return [...row];
  });
}
