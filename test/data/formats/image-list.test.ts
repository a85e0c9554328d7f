import { describe, expect, it, test } from 'vitest';
import { loadImageLists, parseImageList } from '../../../src/data/formats/image-list.js';
import { loadWaterbirds } from '../../../src/data/formats/waterbirds.js';
import { measuredSource } from '../../../src/data/source.js';
import { refusalOf, temporaryFolder } from '../../support/folder.js';
import { imageListFiles, waterbirdsFiles } from '../../support/formats.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('parseImageList', () => {
  it('takes spaces in paths, tabs, ./ and empty lines', () => {
    expect(parseImageList(utf8('a b/1.jpg 3\n\n./c.jpg\t0  \r\n'), 'f')).toEqual({
      file: 'f',
      paths: ['a b/1.jpg', 'c.jpg'],
      labels: Int32Array.of(3, 0),
      lines: Int32Array.of(1, 3),
    });
  });

  test.each([
    ['../secret.jpg 0', /line 2: a path must lie below the folder of the images, .* found "..\/secret.jpg"/],
    ['a/../../secret.jpg 0', /line 2: a path must lie below/],
    ['/etc/passwd 0', /line 2: a path must lie below/],
    ['a//b.jpg 0', /line 2: a path must lie below/],
    ['a/./b.jpg 0', /line 2: a path must lie below/],
    ['a\\..\\b.jpg 0', /line 2: a path must lie below/],
    ['C:/a.jpg 0', /line 2: a path must lie below/],
    ['.. 0', /line 2: a path must lie below/],
    ['a.jpg', /line 2: a line must be a path and a class from 0 to 999999, found "a.jpg"/],
    ['a.jpg -1', /line 2: a line must be a path and a class/],
    ['a.jpg 1.5', /line 2: a line must be/],
    ['a.jpg cat', /line 2: a line must be/],
    ['a.jpg 1000000', /line 2: a line must be/],
    ['a.jpg 99999999999999999999', /line 2: a line must be/],
    ['3', /line 2: a line must be/],
    [`${'x'.repeat(200)}`, /found "x{40}…"/],
    ['a\0.jpg 1', /at byte 12: a text must not hold the byte 0/],
  ])('refuses %j', async (line, message) => {
    const refusal = await refusalOf(() => parseImageList(utf8(`good.jpg 0\n${line}\n`), 'list'));
    expect(refusal).toMatch(message);
    expect(refusal).toMatch(/^ERR_DATA: list: /);
  });

  it('refuses a list of nothing, and bytes that are no text', async () => {
    expect(await refusalOf(() => parseImageList(utf8('\n \n'), 'list'))).toMatch(/list: lists no images/);
    expect(await refusalOf(() => parseImageList(Uint8Array.of(0x61, 0xff), 'list'))).toMatch(
      /at byte 1: the text is not UTF-8/,
    );
  });
});

describe('loadImageLists', () => {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(imageListFiles)) folder.write(name, content);

  it('finds the lists by the ends of their names, and opens images when they are needed', async () => {
    const parts = await loadImageLists(folder.path, { name: 'toy', side: 4, resize: 6 });
    expect(parts.train).toMatchObject({
      kind: 'image-files',
      root: folder.path,
      paths: ['train/a b/1.png', 'train/2.png', 'train/3.png'],
      labels: Int32Array.of(0, 2, 1),
      classes: 3,
      imageShape: [4, 4, 3],
      resize: 6,
    });
    expect(parts.validation!.paths).toEqual(['val/4.png']);
    expect(parts.test.origin.lines).toEqual(Int32Array.of(1, 3));
    const source = measuredSource(parts.train, { workers: 0, normalise: { mean: [0, 0, 0], std: [1, 1, 1] } })(
      parts.train,
    );
    const { x } = await source.batch(Int32Array.of(1));
    // One colour, however it is scaled.
    expect(Array.from(x.data().slice(0, 3)).map((value) => Math.round(value * 255))).toEqual([10, 20, 30]);
    expect(x.shape).toEqual([1, 4, 4, 3]);
    expect(await refusalOf(() => source.batch(Int32Array.of(0)))).toMatch(
      /ERR_FILE: .*Toy_train.txt: line 1: .*ENOENT/,
    );
  });

  it('gives grey images one channel', async () => {
    const { train } = await loadImageLists(folder.path, { name: 'toy', side: 4, channels: 1 });
    const source = measuredSource(train, { workers: 0, normalise: { mean: [0], std: [1] } })(train);
    // Luma of (10, 20, 30): 0.299·10 + 0.587·20 + 0.114·30 = 18.15.
    expect(Math.round((await source.batch(Int32Array.of(1))).x.data()[0]! * 255)).toBe(18);
  });

  it('lets a validation list serve as test list', async () => {
    const place = temporaryFolder();
    place.write('train.txt', 'a.jpg 0\n');
    expect(await refusalOf(() => loadImageLists(place.path, { name: 'x' }))).toMatch(/ERR_FILE: .*test.txt or val.txt/);
    place.write('val.txt', 'b.jpg 0\n');
    const { test: held, validation } = await loadImageLists(place.path, { name: 'x' });
    expect([held.paths, validation, held.imageShape, held.resize]).toEqual([['b.jpg'], undefined, [224, 224, 3], 256]);
  });

  it('refuses two lists of one part, none, classes of another set, and a view that does not fit', async () => {
    const place = temporaryFolder();
    expect(await refusalOf(() => loadImageLists(place.path, { name: 'x' }))).toMatch(
      /no file whose name ends in train.txt/,
    );
    place.write('train.txt', 'a.jpg 1\n');
    place.write('test.txt', 'b.jpg 1\nc.jpg 2\n');
    expect(await refusalOf(() => loadImageLists(place.path, { name: 'x' }))).toMatch(
      /ERR_DATA: .*test.txt: line 2: class 2 does not occur in the training list, whose classes are 0 to 1/,
    );
    place.write('other_train.txt', 'a.jpg 1\n');
    expect(await refusalOf(() => loadImageLists(place.path, { name: 'x' }))).toMatch(/both end in train.txt; keep one/);
    expect(await refusalOf(() => loadImageLists(folder.path, { name: 'x', side: 8, resize: 7 }))).toMatch(
      /ERR_CONFIG: .*scaled to 7 on their shorter side do not hold 8×8/,
    );
    expect(await refusalOf(() => loadImageLists(`${place.path}/none`, { name: 'x' }))).toMatch(/ERR_FILE: .*ENOENT/);
  });

  it('refuses to measure mean and std on files', async () => {
    const { train } = await loadImageLists(folder.path, { name: 'toy' });
    expect(() => measuredSource(train, { normalise: 'channel' })).toThrow(/would decode every file/);
  });
});

describe('loadWaterbirds', () => {
  const folder = temporaryFolder();
  const write = (text: string): void => void folder.write('metadata.csv', text);
  const good = waterbirdsFiles['metadata.csv'] as string;

  it('reads the parts with birds as classes and places as groups', async () => {
    write(good);
    const { train, validation, test: held } = await loadWaterbirds(folder.path, { name: 'birds' });
    expect(train).toMatchObject({
      paths: ['001.a/1.png', '001.a/2.png', '002.b/3.png'],
      labels: Int32Array.of(0, 0, 1),
      classNames: ['landbird', 'waterbird'],
      groups: [{ name: 'place', names: ['land', 'water'], values: Int32Array.of(0, 1, 1) }],
    });
    expect(validation!.labels).toEqual(Int32Array.of(1));
    expect([held.paths, held.origin.lines]).toEqual([['001.a/5.png'], Int32Array.of(6)]);
  });

  test.each([
    ['a path that leads out', good.replace('001.a/2.png', '../../x.png'), /line 3: a path must lie below the folder/],
    [
      'a part that there is not',
      good.replace('2.png,0,0', '2.png,0,3'),
      /line 3: column split must be 0 to 2, found "3"/,
    ],
    ['a class that there is not', good.replace('2.png,0,0', '2.png,2,0'), /line 3: column y must be 0 to 1, found "2"/],
    ['a place that there is not', good.replace('2.png,0,0,1', '2.png,0,0,x'), /line 3: column place must be 0 to 1/],
    ['no test image', good.replace('5.png,0,2', '5.png,0,1'), /no image has split 2 \(test\)/],
    ['a column that is missing', good.replace('split,', ''), /line 1: the header has no column "split"/],
    ['a line that is cut off', good.slice(0, -20), /line 6: the schema has 6 columns, this line/],
  ])('refuses %s', async (_, text, message) => {
    write(text);
    const refusal = await refusalOf(() => loadWaterbirds(folder.path, { name: 'birds' }));
    expect(refusal).toMatch(message);
    expect(refusal).toMatch(/^ERR_DATA: .*metadata.csv: /);
  });
});
