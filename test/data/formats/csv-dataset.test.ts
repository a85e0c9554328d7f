import { describe, expect, it, test } from 'vitest';
import { loadAdult } from '../../../src/data/formats/adult.js';
import { loadCsvDataset } from '../../../src/data/formats/csv-dataset.js';
import { checkTableSchema, type TableSchema } from '../../../src/data/formats/table-schema.js';
import { groupNamed } from '../../../src/data/groups.js';
import { encodeTable } from '../../../src/data/table-encoder.js';
import { ConfigError } from '../../../src/ir/errors.js';
import { refusalOf, temporaryFolder } from '../../support/folder.js';
import { adultFiles } from '../../support/formats.js';

const folder = temporaryFolder();
const schema: TableSchema = {
  header: true,
  columns: [
    { name: 'age', type: 'numeric' },
    { name: 'city', type: 'categorical', sensitive: true },
    { name: 'sex', type: 'ignored', sensitive: true },
    { name: 'id', type: 'ignored' },
    { name: 'ill', type: 'label' },
  ],
  missing: ['NA'],
};
const TRAIN = 'id,ill,age,sex,city\n1,yes,30,f,Bonn\n2,no,4e1,m,"Halle, Saale"\n3,no,NA,f,\n';
const TEST = 'id,ill,age,sex,city\n4,no,50.5,m,Ulm\n';

const load = (train: string | Uint8Array, changes: Partial<TableSchema> = {}, test: string | null = TEST) =>
  loadCsvDataset(
    {
      train: folder.write('train.csv', train),
      ...(test !== null && { test: folder.write('test.csv', test) }),
    },
    { ...schema, ...changes },
    { name: 'people' },
  );

describe('loadCsvDataset', () => {
  it('reads numbers, categories, labels, groups and what is missing', async () => {
    const { train, test: held } = await load(TRAIN);
    expect(train).toEqual({
      kind: 'table',
      name: 'people (training)',
      labels: Int32Array.of(1, 0, 0),
      classes: 2,
      classNames: ['no', 'yes'],
      numericNames: ['age'],
      numeric: Float32Array.of(30, 40, Number.NaN),
      categoricalColumns: [{ name: 'city', categories: ['Bonn', 'Halle, Saale', 'Ulm'] }],
      categorical: Int32Array.of(0, 1, -1),
      groups: [
        { name: 'city', names: ['Bonn', 'Halle, Saale', 'Ulm', 'missing'], values: Int32Array.of(0, 1, 3) },
        { name: 'sex', names: ['f', 'm'], values: Int32Array.of(0, 1, 0) },
      ],
    });
    expect(held).toMatchObject({
      numeric: Float32Array.of(50.5),
      categorical: Int32Array.of(2),
      labels: Int32Array.of(0),
    });
  });

  it('does not let a test file change the numbers of the training file, and keeps unseen categories apart', async () => {
    const { train, test: held } = await load(TRAIN);
    const alone = await load(TRAIN, {}, 'id,ill,age,sex,city\n4,no,1,m,Bonn\n');
    expect(alone.train.categorical).toEqual(train.categorical);
    const encoder = encodeTable(train);
    expect(encoder.categorical[0]!.slots).toEqual(['Bonn', 'Halle, Saale', 'missing', 'other']);
    const out = new Int32Array(1);
    encoder.fill(held, Int32Array.of(0), new Float32Array(2), out);
    expect(out[0]).toBe(3);
  });

  it('takes Windows line ends, a byte order mark, empty lines, other delimiters and no header', async () => {
    const { train } = await load(TRAIN);
    expect((await load(`\uFEFF${TRAIN.replaceAll('\n', '\r\n')}\r\n\r\n`)).train).toEqual(train);
    const rows = 'x;30;Bonn;f;1;yes\nx;40;Halle, Saale;m;2;no\n# a remark\n  x ; NA;;f;3; no';
    const columns = [{ name: 'extra', type: 'ignored' }, ...schema.columns] as TableSchema['columns'];
    const bare = { header: false, delimiter: ';', comment: '#', columns };
    expect((await load(rows, bare, 'x;1;Ulm;m;4;no')).train).toEqual(train);
  });

  it('takes the classes in the order given', async () => {
    const { train } = await load(TRAIN, { classes: ['yes', 'no', 'unknown'] });
    expect([train.classNames, train.labels]).toEqual([['yes', 'no', 'unknown'], Int32Array.of(0, 1, 1)]);
  });

  it('holds out a share of each class where there is no test file, the same every time', async () => {
    const rows = Array.from(
      { length: 50 },
      (_, i) => `${i},${i % 5 === 0 ? 'yes' : 'no'},${i},${i % 2 ? 'f' : 'm'},c${i % 3}`,
    );
    const text = `id,ill,age,sex,city\n${rows.join('\n')}\n`;
    const { train, test: held } = await load(text, {}, null);
    expect([train.labels.length, held.labels.length]).toEqual([40, 10]);
    expect([...held.labels].filter((label) => label === 1)).toHaveLength(2);
    expect([...train.numeric, ...held.numeric].sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
    const [city, sex] = held.groups;
    held.numeric.forEach((age, i) => {
      expect([city!.names[city!.values[i]!], sex!.names[sex!.values[i]!]]).toEqual([
        `c${age % 3}`,
        age % 2 ? 'f' : 'm',
      ]);
    });
    expect(await load(text, {}, null)).toEqual({ train, test: held });
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    [
      'too few fields',
      'id,ill,age,sex,city\n1,yes,30,f\n',
      /train.csv: line 2: the schema has 5 columns, this line 4 fields/,
    ],
    ['too many fields', `${TRAIN}4,no,1,f,Ulm,6\n`, /line 5: the schema has 5 columns, this line 6 fields/],
    [
      'another header',
      'id,ill,age,sex,town\n',
      /line 1: the schema has no column "town"; add it there, with the type ignored/,
    ],
    ['a column twice', 'id,ill,age,sex,sex\n', /line 1: the header has no column "city"/],
    [
      'a word for a number',
      TRAIN.replace('30', 'old'),
      /line 2: column "age" must be a finite number, found "old"; correct it, or list it under missing/,
    ],
    ['NaN', TRAIN.replace('30', 'NaN'), /line 2: column "age" must be a finite number, found "NaN"/],
    ['infinity', TRAIN.replace('30', 'Infinity'), /must be a finite number, found "Infinity"/],
    ['more than f32 holds', TRAIN.replace('30', '1e39'), /must be a finite number, found "1e39"/],
    ['hexadecimal', TRAIN.replace('30', '0x1f'), /found "0x1f"/],
    [
      'a missing label',
      TRAIN.replace('yes', 'NA'),
      /line 2: column "ill" is the label and must not be missing, found "NA"/,
    ],
    ['a header alone', 'id,ill,age,sex,city\n', /train.csv: has no rows/],
    ['nothing', '', /train.csv: has no rows/],
    ['a quote that is never closed', `${TRAIN}4,no,1,f,"Ulm\n5,no,1,f,Ulm\n`, /line \d: this is not CSV/],
    ['a quote in the middle', `${TRAIN}4,no,1,f,"Ul"m\n`, /line 5: this is not CSV/],
    ['a line of megabytes', `${TRAIN}4,no,1,f,${'x'.repeat(1 << 21)}\n`, /this is not CSV \(.*1048576/],
    ['a byte 0', `${TRAIN}4,no,1,f,U\0\n`, /at byte 83: a text must not hold the byte 0/],
    [
      'Latin-1',
      Uint8Array.of(...Buffer.from(TRAIN), ...Buffer.from('4,no,1,f,Köln\n', 'latin1')),
      /at byte 83: the text is not UTF-8/,
    ],
    ['UTF-16', Uint8Array.of(0xff, 0xfe, ...Buffer.from(TRAIN, 'utf16le')), /at byte 0: the text is UTF-16/],
  ])('refuses %s', async (_, text, message) => {
    const refusal = await refusalOf(() => load(text));
    expect(refusal).toMatch(message);
    expect(refusal).toMatch(/^ERR_DATA: .*train\.csv: /);
  });

  it('names the line of a test label that training does not have', async () => {
    const bad = `${TEST}5,perhaps,1,m,Ulm\n`;
    expect(await refusalOf(() => load(TRAIN, {}, bad))).toMatch(
      /ERR_DATA: .*test.csv: line 3: the label must be one of "no", "yes", found "perhaps"/,
    );
  });

  it('refuses to split what cannot be', async () => {
    const head = 'id,ill,age,sex,city\n1,yes,30,f,Bonn\n';
    expect(await refusalOf(() => load(head, {}, null))).toMatch(/ERR_CONFIG: .*has one row, which cannot be split/);
    expect(await refusalOf(() => load(`${head}2,no,30,f,Bonn\n`, {}, null))).toMatch(/no class of .* has two rows/);
  });
});

describe('checkTableSchema refuses', () => {
  const columns = schema.columns;
  test.each<[string, Partial<TableSchema>, RegExp]>([
    ['a name twice', { columns: [...columns, columns[0]!] }, /two columns are called "age"/],
    ['no label', { columns: columns.slice(0, 4) }, /exactly one column must have the type label, found none/],
    ['two labels', { columns: [...columns, { name: 'dead', type: 'label' }] }, /found ill, dead/],
    ['nothing to see', { columns: columns.slice(2) }, /a model would see nothing/],
    [
      'a sensitive number',
      { columns: [{ name: 'a', type: 'numeric', sensitive: true }, ...columns.slice(1)] },
      /"a" is numeric and cannot be sensitive/,
    ],
    ['a delimiter of two characters', { delimiter: '||' }, /delimiter must be one character/],
    ['a quote as delimiter', { delimiter: '"' }, /delimiter must be one character/],
    ['an empty comment', { comment: '' }, /comment must not be empty/],
  ])('%s', (_, changes, message) => {
    const check = () => checkTableSchema({ ...schema, ...changes }, 'schema.yaml');
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(message);
  });
});

describe('loadAdult', () => {
  const adult = temporaryFolder();

  it('knows its quirks: ?, the comment, the full stops', async () => {
    for (const [name, text] of Object.entries(adultFiles)) adult.write(name, text);
    const { train, test: held } = await loadAdult(adult.path, { name: 'adult' });
    expect(train.numericNames).toEqual(['age', 'education-num', 'capital-gain', 'capital-loss', 'hours-per-week']);
    expect(Array.from(train.numeric.subarray(0, 5))).toEqual([39, 13, 2174, 0, 40]);
    expect(train.labels).toEqual(Int32Array.of(0, 1, 0, 0, 1, 0));
    expect(held.labels).toEqual(Int32Array.of(0, 1, 0));
    expect(train.classNames).toEqual(['<=50K', '>50K']);
    expect(groupNamed(train.groups, 'sex×race', 'adult')).toMatchObject({
      names: ['Male×White', 'Male×Black', 'Female×White', 'Female×Black'],
      values: Int32Array.of(0, 0, 3, 1, 3, 2),
    });
    // workclass and occupation of the third person are missing.
    const columns = train.categoricalColumns.length;
    expect(Array.from(train.categorical.subarray(2 * columns, 3 * columns)).filter((code) => code < 0)).toHaveLength(2);
  });

  it('names what is missing or not as published', async () => {
    expect(await refusalOf(() => loadAdult(`${adult.path}/none`, { name: 'a' }))).toMatch(/ERR_FILE: .*data folder/);
    const other = temporaryFolder();
    other.write('adult.data', adultFiles['adult.data']!);
    expect(await refusalOf(() => loadAdult(other.path, { name: 'a' }))).toMatch(
      /ERR_FILE: .*no file adult.test or adult-test.csv/,
    );
    other.write('adult-test.csv', '25, Private, 226802, 11th, 7\n');
    expect(await refusalOf(() => loadAdult(other.path, { name: 'a' }))).toMatch(
      /adult-test.csv: line 1: the schema has 15 columns, this line 5/,
    );
  });
});
