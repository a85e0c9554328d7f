import { describe, expect, it } from 'vitest';
import { type CifarLayout, cifar10, cifar100, decodeCifar, loadCifar } from '../../../src/data/formats/cifar.js';
import { refusalOf, temporaryFolder } from '../../support/folder.js';
import { cifarFiles, cifarRecord } from '../../support/formats.js';

describe('decodeCifar', () => {
  it('interleaves the planes', () => {
    const { images, labels } = decodeCifar(
      cifarRecord([7], (channel, pixel) => channel * 80 + (pixel % 80)),
      'f',
      cifar10,
    );
    expect(labels).toEqual(Int32Array.of(7));
    expect(Array.from(images.subarray(0, 9))).toEqual([0, 80, 160, 1, 81, 161, 2, 82, 162]);
    // Pixel 1023 is 63 modulo 80.
    expect(Array.from(images.subarray(3069))).toEqual([63, 143, 223]);
  });

  it('reads the coarse label before the fine one', () => {
    const two = Uint8Array.of(...cifarRecord([3, 99], () => 1), ...cifarRecord([19, 0], () => 2));
    expect(decodeCifar(two, 'f', cifar100)).toMatchObject({
      labels: Int32Array.of(99, 0),
      coarse: Int32Array.of(3, 19),
    });
  });

  it.each([
    ['nothing', cifar10, new Uint8Array(0), /f: at byte 0: .* records of 3073 bytes, found 0 bytes/],
    ['half a record', cifar10, cifarRecord([1], () => 0).subarray(0, 100), /at byte 0: .* leaves 100 after 0 records/],
    ['a record too long', cifar10, Uint8Array.of(...cifarRecord([1], () => 0), 5), /at byte 3073: .* leaves 1 after 1/],
    ['records of the other version', cifar100, cifarRecord([1], () => 0), /records of 3074 bytes, found 3073/],
    [
      'a class out of range',
      cifar10,
      Uint8Array.of(...cifarRecord([1], () => 0), ...cifarRecord([10], () => 0)),
      /at byte 3073: the label must be 0 to 9 \(see batches.meta.txt\), found 10/,
    ],
    ['a superclass out of range', cifar100, cifarRecord([20, 1], () => 0), /at byte 0: the label must be 0 to 19/],
  ] as [string, CifarLayout, Uint8Array, RegExp][])('refuses %s', async (_, layout, bytes, message) => {
    const refusal = await refusalOf(() => decodeCifar(bytes, 'f', layout));
    expect(refusal).toMatch(message);
    expect(refusal).toMatch(/^ERR_DATA: .*download the archive again/);
  });
});

describe('loadCifar', () => {
  const folder = temporaryFolder();
  const write = (layout: CifarLayout, under: string): string => {
    for (const [name, content] of Object.entries(cifarFiles(layout))) folder.write(`${under}/${name}`, content);
    return `${folder.path}/${under}`;
  };

  it('reads CIFAR-10 from its folder or the one above, with the names of the classes', async () => {
    const place = write(cifar10, 'ten/cifar-10-batches-bin');
    for (const at of [place, `${folder.path}/ten`]) {
      const { train, test } = await loadCifar(at, cifar10, { name: 'ten' });
      expect(train).toMatchObject({ name: 'ten (training)', imageShape: [32, 32, 3], classes: 10, groups: [] });
      expect([train.classNames[0], train.classNames[9]]).toEqual(['name 0', 'name 9']);
      // Two records a file, in the order of the files.
      expect(Array.from(train.labels)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(test.labels).toHaveLength(2);
      expect(train.images[3072 * 9]).toBe(9);
    }
  });

  it('gives the superclasses of CIFAR-100 as groups', async () => {
    const { train } = await loadCifar(write(cifar100, 'hundred'), cifar100, { name: 'hundred' });
    expect(train.classes).toBe(100);
    expect(train.groups).toEqual([
      { name: 'superclass', names: expect.arrayContaining(['name 19']), values: Int32Array.of(0, 1) },
    ]);
  });

  it('numbers the classes where their names are missing, and refuses too few', async () => {
    const place = write(cifar10, 'unnamed');
    folder.remove('unnamed/batches.meta.txt');
    expect((await loadCifar(place, cifar10, { name: 'x' })).test.classNames[3]).toBe('3');
    folder.write('unnamed/batches.meta.txt', 'cat\r\ndog\r\n\r\n');
    expect(await refusalOf(() => loadCifar(place, cifar10, { name: 'x' }))).toMatch(
      /ERR_DATA: .*batches.meta.txt: must name 10 classes, one a line, found 2/,
    );
  });

  it('names the file that is missing', async () => {
    const place = write(cifar10, 'missing');
    folder.remove('missing/data_batch_4.bin');
    expect(await refusalOf(() => loadCifar(place, cifar10, { name: 'x' }))).toMatch(
      /ERR_FILE: .*data_batch_4.bin: ENOENT/,
    );
    expect(await refusalOf(() => loadCifar(`${folder.path}/none`, cifar10, { name: 'x' }))).toMatch(
      /none.data_batch_1.bin: ENOENT/,
    );
  });
});
