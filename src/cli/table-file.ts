import { join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { checkTableSchema, type TableFiles, type TableSchema } from '../data/index.js';
import { readText } from '../data/text.js';
import { ConfigError } from '../ir/index.js';
import { validate } from './validate.js';

export const TABLE_FILE = 'schema.yaml';

const text = z.string({ error: 'must be a text' });
const named = z.string({ error: 'must be the name of a file' }).min(1, { error: 'must be the name of a file' });

const column = z.strictObject(
  {
    name: text,
    type: z.enum(['numeric', 'categorical', 'label', 'ignored'], {
      error: 'must be one of numeric, categorical, label, ignored',
    }),
    sensitive: z.boolean({ error: 'must be true or false' }).exactOptional(),
  },
  { error: 'must be a section with name and type' },
);

/** What schema.yaml holds: the files of a table, and how to read them. */
const tableFile = z.strictObject({
  train: named,
  validation: named.exactOptional(),
  test: named.exactOptional(),
  testFraction: z
    .number({ error: 'must be a number between 0 and 1, both excluded' })
    .gt(0, { error: 'must be above 0' })
    .lt(1, { error: 'must be below 1' })
    .exactOptional(),
  header: z.boolean({ error: 'must be true or false' }),
  columns: z.array(column, { error: 'must be a list of columns' }).readonly(),
  delimiter: text.exactOptional(),
  missing: z.array(text, { error: 'must be a list of texts' }).readonly().exactOptional(),
  comment: text.exactOptional(),
  classes: z.array(text, { error: 'must be a list of texts' }).readonly().exactOptional(),
  labelSuffix: text.exactOptional(),
});

/** A table's files, as complete paths, and its schema. */
export interface TableDescription {
  readonly files: TableFiles;
  readonly schema: TableSchema;
}

/**
 * Reads the description of a table. The files it names lie in `folder`.
 * @throws {FileError} if it cannot be read; {DataError} if it is not text; {ConfigError} naming the key that is wrong
 */
export const readTableFile = async (path: string, folder: string): Promise<TableDescription> =>
  parseTableFile(await readText(path), path, folder);

export function parseTableFile(content: string, source: string, folder: string): TableDescription {
  const document = parseDocument(content);
  const [problem] = document.errors;
  if (problem) {
    throw new ConfigError(
      `${source}: not valid YAML: ${problem.message.split('\n')[0]!.replace(/:$/, '')}; correct it there`,
    );
  }
  const value = validate<z.infer<typeof tableFile>>(tableFile, document.toJS() ?? {}, {
    source,
    remedy: () => 'correct it',
  });
  const { train, validation, test, testFraction, ...schema } = value;
  checkTableSchema(schema, source);
  const at = (file: string): string => resolve(join(folder, file));
  return {
    files: {
      train: at(train),
      ...(validation !== undefined && { validation: at(validation) }),
      ...(test !== undefined && { test: at(test) }),
      ...(testFraction !== undefined && { testFraction }),
    },
    schema,
  };
}
