import { ConfigError } from '../../ir/errors.js';

/** What a column of a table is. */
export interface TableColumn {
  readonly name: string;
  /** `label` is the class, and there is one such column; what is `ignored` never reaches a model. */
  readonly type: 'numeric' | 'categorical' | 'label' | 'ignored';
  /**
   * Also a group column: a sensitive attribute. A categorical one is an input too; if it must not be, it is `ignored` and sensitive.
   */
  readonly sensitive?: boolean;
}

/** How to read a CSV file. */
export interface TableSchema {
  /** In the order of the file if it has no header. */
  readonly columns: readonly TableColumn[];
  /** Whether the first line names the columns; they may then stand in any order, but each must be in the schema. */
  readonly header: boolean;
  /** Default a comma. */
  readonly delimiter?: string;
  /** What a missing value looks like, beside an empty field. Default nothing else. */
  readonly missing?: readonly string[];
  /** Lines that begin with this are skipped. Default none. */
  readonly comment?: string;
  /** The classes in order. Default: what the training file has, sorted. */
  readonly classes?: readonly string[];
  /** Taken off the end of a label that has it: the labels of Adult's test file end in a full stop. Default nothing. */
  readonly labelSuffix?: string;
}

/** @throws {ConfigError} when the schema contradicts itself */
export function checkTableSchema({ columns, delimiter = ',', comment }: TableSchema, source: string): void {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  const fail = (rule: string): never => {
    throw new ConfigError(`${source}: ${rule}`);
  };
  if (twice !== undefined) fail(`two columns are called ${JSON.stringify(twice)}; rename one.`);
  const labels = columns.filter(({ type }) => type === 'label');
  if (labels.length !== 1) {
    const found = labels.map(({ name }) => name).join(', ') || 'none';
    fail(`exactly one column must have the type label, found ${found}; say which one holds the class.`);
  }
  if (!columns.some(({ type }) => type === 'numeric' || type === 'categorical')) {
    fail('no column is numeric or categorical, so a model would see nothing; give some column such a type.');
  }
  const sensitive = columns.find(({ type, sensitive: marked }) => marked && (type === 'numeric' || type === 'label'));
  if (sensitive) {
    fail(
      `column ${JSON.stringify(sensitive.name)} is ${sensitive.type} and cannot be sensitive: groups need categories; put the value into ` +
        'classes in a column of its own.',
    );
  }
  if (Buffer.byteLength(delimiter) !== 1 || /["\r\n]/.test(delimiter)) {
    fail(`the delimiter must be one character other than a quote or a line break, got ${JSON.stringify(delimiter)}.`);
  }
  if (comment === '') fail('comment must not be empty; leave it out if there are no comments.');
}
