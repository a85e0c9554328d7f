import { describe, expect, it, test } from 'vitest';
import { decodeNpy } from '../../../src/data/formats/npy.js';
import { readNpz } from '../../../src/data/formats/npz.js';
import { loadNpzDataset } from '../../../src/data/formats/npz-dataset.js';
import { readFixture } from '../../fixtures/read.js';
import { refusalOf, temporaryFolder } from '../../support/folder.js';
import { npzArrays, npzFile } from '../../support/formats.js';
import { bytesOf } from '../../support/images.js';
import { npy, zip } from '../../support/zip.js';

interface Fixture {
  readonly stored: string;
  readonly compressed: string;
  readonly values: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>;
  readonly refused: Readonly<Record<string, string>>;
}
const numpy = readFixture<Fixture>('npz');
const folder = temporaryFolder();

describe('readNpz', () => {
  test.each(['stored', 'compressed'] as const)('reads what NumPy has %s', async (kind) => {
    const path = folder.write(`${kind}.npz`, bytesOf(numpy[kind]));
    const { arrays, names } = await readNpz(path);
    expect(names).toEqual(Object.keys(numpy.values));
    for (const [name, { shape, values }] of Object.entries(numpy.values)) {
      const found = arrays.get(name)!;
      expect([name, found.shape, Array.from(found.data)]).toEqual([name, shape, values]);
    }
    expect(arrays.get('big')!.dtype).toBe('i32');
    expect(arrays.get('i8')!.dtype).toBe('i64');
  });

  test.each([
    ['fortran', /column-major; save numpy.ascontiguousarray/],
    ['object', /must be one of b1, .* found O/],
    ['text', /must be one of b1, .* found U2/],
    ['record', /must describe one array of plain numbers, found "\{'descr': \[\('a'/],
    ['complex', /found c8; convert the array with astype/],
    ['half', /found f2/],
    ['wide', /element 0 does not fit into 53 bits/],
  ])('refuses NumPy’s %s arrays', async (name, message) => {
    const path = folder.write(`${name}.npz`, bytesOf(numpy.refused[name]!));
    const refusal = await refusalOf(() => readNpz(path));
    expect(refusal).toMatch(message);
    expect(refusal).toMatch(new RegExp(`^ERR_DATA: .*${name}\\.npz: a: at byte \\d+: `));
  });

  it('does not decompress what is not wanted', async () => {
    const bad = npy('<f8', [1e9], new Uint8Array(0));
    const path = folder.write('partial.npz', npzFile({ ...npzArrays, bad }));
    const { arrays, names } = await readNpz(path, (name) => name === 'y_train');
    expect([...arrays.keys()]).toEqual(['y_train']);
    expect(names).toContain('bad');
  });

  const small = npy('|u1', [4], Uint8Array.of(1, 2, 3, 4));
  const big = npy('|u1', [20_000], new Uint8Array(20_000));
  test.each<[string, Uint8Array, RegExp]>([
    ['what is no archive', new TextEncoder().encode('PK but not really'), /is not a ZIP archive/],
    ['an empty file', new Uint8Array(0), /is not a ZIP archive/],
    ['an archive cut off', npzFile().subarray(0, 700), /is not a ZIP archive/],
    ['a checksum that is wrong', zip([{ name: 'a.npy', data: small, crc32: 1 }]), /a: does not have the checksum/],
    [
      'an entry of another length',
      zip([{ name: 'a.npy', data: small, uncompressedSize: 131 }]),
      /the archive is damaged|ends after/,
    ],
    [
      'more than it declares',
      zip([{ name: 'a.npy', data: small, uncompressedSize: 10 }]),
      /the archive is damaged|at byte/,
    ],
    [
      'an array twice',
      zip([
        { name: 'a.npy', data: small },
        { name: 'a.npy', data: small },
      ]),
      /has two arrays called "a"/,
    ],
    [
      'a header that claims terabytes',
      zip([{ name: 'a.npy', data: npy('<f8', [2 ** 40], new Uint8Array(20_000)) }]),
      /needs 8796093022336 bytes, but the archive says 20128/,
    ],
    [
      'a header of another size than the entry',
      zip([{ name: 'a.npy', data: npy('|u1', [15_000], new Uint8Array(20_000)), deflate: false }]),
      /needs 15128 bytes, but the archive says 20128/,
    ],
    [
      'a header that claims more than 2^53',
      zip([{ name: 'a.npy', data: npy('<f8', [2 ** 30, 2 ** 30], new Uint8Array(20_000)) }]),
      /exceeds 2\^53/,
    ],
    [
      'terabytes in a few bytes',
      zip([{ name: 'a.npy', data: npy('|u1', [2 ** 31], new Uint8Array(20_000)), uncompressedSize: 2 ** 31 + 128 }]),
      /but the archive says 2147483776 in \d+ compressed/,
    ],
    [
      'an array beyond the limit',
      zip([
        { name: 'a.npy', data: small, uncompressedSize: 2 ** 32 - 1 },
        { name: 'b.npy', data: small },
      ]),
      /ends after|damaged|needs/,
    ],
    [
      'arrays that overlap',
      zip([
        { name: 'a.npy', data: big, deflate: false },
        ...Array.from({ length: 9 }, (_, i) => ({ name: `${i}.npy`, data: big, deflate: false, overlap: true })),
      ]),
      /its arrays overlap|damaged/,
    ],
    [
      'a huge number of entries',
      zip([{ name: 'a.npy', data: small }], { entryCount: 60_000 }),
      /may hold up to 10000 arrays, this archive claims 60000/,
    ],
    [
      'a name that leads out',
      zip([{ name: '../../a.npy', data: small }]),
      /the archive is damaged \(invalid relative path/,
    ],
  ])('refuses %s', async (_, bytes, message) => {
    const path = folder.write('bad.npz', bytes);
    const refusal = await refusalOf(() => readNpz(path));
    expect(refusal).toMatch(/^ERR_DATA: .*bad\.npz: /);
    expect(refusal).toMatch(message);
  });

  it('names a file that is not there', async () => {
    expect(await refusalOf(() => readNpz(`${folder.path}/none.npz`))).toMatch(
      /ERR_FILE: Cannot read .*none.npz: ENOENT/,
    );
    expect(await refusalOf(() => readNpz(folder.path))).toMatch(/ERR_FILE: Cannot read .*EISDIR/);
  });
});

describe('decodeNpy refuses', () => {
  const good = npy('<i2', [3], Uint8Array.of(1, 0, 2, 0, 3, 0));
  const text = (from: string, to: string): Uint8Array =>
    Uint8Array.from(Buffer.from(Buffer.from(good).toString('latin1').replace(from, to), 'latin1'));

  it('takes the good one', () => {
    expect(decodeNpy(good as Uint8Array<ArrayBuffer>, 'f').data).toEqual(Int16Array.of(1, 2, 3));
  });

  test.each<[string, Uint8Array, RegExp]>([
    [
      'another magic',
      Uint8Array.of(...good).fill(0, 0, 1),
      /at byte 0: an NPY file starts with 0x93 0x4e .* found 0x00/,
    ],
    ['a file that ends at once', good.subarray(0, 8), /at byte 8: the file ends inside its header/],
    ['a file that ends in its header', good.subarray(0, 50), /at byte 50: the file ends inside its header/],
    [
      'a truncated file',
      good.subarray(0, -1),
      /at byte 133: the file is truncated: shape 3 of i16 needs 134 bytes, found 133/,
    ],
    ['a file too long', Uint8Array.of(...good, 9), /at byte 134: bytes follow the end of the data/],
    [
      'a version from the future',
      text('\x01\x00', '\x07\x00'),
      /at byte 6: the format version must be 1, 2 or 3, found 7/,
    ],
    [
      'a header of megabytes',
      Uint8Array.of(...good.subarray(0, 6), 2, 0, 0, 0, 9, 0, ...good.subarray(12)),
      /may have 10000 bytes, this one claims 589836/,
    ],
    [
      'Python code',
      text("'fortran_order': False", "'fortran_order': f(x)"),
      /must describe one array of plain numbers/,
    ],
    ['a negative size', text('(3,)', '(-3,)'), /must describe one array/],
    ['no type', text("'<i2'", "'<z2'"), /must be one of .* found z2/],
  ])('%s', async (_, bytes, message) => {
    expect(await refusalOf(() => decodeNpy(bytes as Uint8Array<ArrayBuffer>, 'f'))).toMatch(message);
  });
});

describe('loadNpzDataset', () => {
  const load = (arrays: Readonly<Record<string, Uint8Array>>) =>
    loadNpzDataset(folder.write('data.npz', npzFile(arrays)), { name: 'toy' });

  it('reads images with classes and groups', async () => {
    const { train, validation, test: held } = await load(npzArrays);
    expect(train).toMatchObject({ kind: 'images', imageShape: [2, 2, 1], classes: 3, labels: Int32Array.of(0, 2, 1) });
    // Group 2 occurs in the test set only.
    expect(train.groups).toEqual([{ name: 'sex', names: ['0', '1', '2'], values: Int32Array.of(0, 1, 1) }]);
    expect(held.groups[0]!.values).toEqual(Int32Array.of(0, 2));
    expect(held).toMatchObject({ kind: 'images', labels: Int32Array.of(2, 1) });
    expect(validation).toBeUndefined();
  });

  it('knows the names that MedMNIST uses, and tables', async () => {
    const f4 = (values: number[], columns: number): Uint8Array =>
      npy('<f4', [values.length / columns, columns], new Uint8Array(Float32Array.from(values).buffer));
    const { train, validation } = await load({
      train_images: f4([1, 2, 3, 4], 2),
      train_labels: npy('|u1', [2, 1], Uint8Array.of(0, 1)),
      val_images: f4([5, 6], 2),
      val_labels: npy('|u1', [1, 1], Uint8Array.of(1)),
      test_images: f4([7, 8], 2),
      test_labels: npy('|u1', [1, 1], Uint8Array.of(0)),
    });
    expect(train).toMatchObject({
      kind: 'table',
      numericNames: ['column 0', 'column 1'],
      numeric: Float32Array.of(1, 2, 3, 4),
    });
    expect(validation!.labels).toEqual(Int32Array.of(1));
  });

  const u1 = (shape: number[], ...values: number[]): Uint8Array => npy('|u1', shape, Uint8Array.from(values));
  test.each<[string, Readonly<Record<string, Uint8Array | null>>, RegExp]>([
    ['no labels', { y_test: null }, /must hold an array y_test or test_labels, it has x_train, y_train, x_test/],
    ['half a group column', { group_sex_test: null }, /must hold an array group_sex_test/],
    [
      'labels of numbers with a fraction',
      { y_train: npy('<f4', [3], new Uint8Array(12)) },
      /y_train: must be integers of shape n or n×1, found f32/,
    ],
    [
      'several labels a sample',
      { y_train: u1([3, 2], 0, 1, 0, 1, 0, 1) },
      /must be integers of shape n or n×1, found u8 of shape 3×2/,
    ],
    [
      'a negative label',
      { y_train: npy('|i1', [3], Uint8Array.of(0, 255, 1)) },
      /y_train: sample 1 is -1, but classes and groups are counted from 0/,
    ],
    ['a test label unknown to training', { y_test: u1([2], 0, 3) }, /\(test\): sample 1 has label 3/],
    ['too few labels', { y_train: u1([2], 0, 2) }, /x_train: has 3 samples, but there are 2 labels/],
    [
      'images of another shape',
      { x_test: u1([2, 1, 2], 1, 2, 3, 4) },
      /training has images of 2×2×1 and toy \(test\) images of 1×2×1/,
    ],
    ['inputs of no known form', { x_train: u1([3], 1, 2, 3) }, /x_train: must be u8 of shape n×height×width/],
    [
      'an infinite number',
      { x_train: npy('<f4', [3, 1], new Uint8Array(Float32Array.of(1, Infinity, 2).buffer)) },
      /x_train: .*sample 1, feature 0 is Infinity/,
    ],
    [
      'a number that is none',
      { x_train: npy('<f8', [3, 1], new Uint8Array(Float64Array.of(1, 2, Number.NaN).buffer)) },
      /sample 2, feature 0 is NaN/,
    ],
  ])('refuses %s', async (_, changes, message) => {
    const arrays = Object.fromEntries(
      Object.entries({ ...npzArrays, ...changes }).filter((entry): entry is [string, Uint8Array] => entry[1] !== null),
    );
    expect(await refusalOf(() => load(arrays))).toMatch(message);
  });
});
