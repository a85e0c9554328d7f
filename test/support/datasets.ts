import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import type { CifarLayout } from '../../src/data/formats/cifar.js';
import { Random } from '../../src/data/random.js';
import { cifarRecord, type Files } from './formats.js';

/** Data sets that can be learned, in the formats of the presets: small, but with samples of every class and group. */

export function writeFiles(folder: string, files: Files): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return folder;
}

/** A PNG of noise around a colour: batch normalisation makes too much of images that are all the same. */
function noisyPng(random: Random, colour: readonly [number, number, number]): Uint8Array {
  const png = new PNG({ width: 40, height: 36 });
  for (let i = 0; i < 40 * 36; i++) {
    png.data.set([...colour.map((level) => Math.max(0, level - random.integer(80))), 255], 4 * i);
  }
  return new Uint8Array(PNG.sync.write(png));
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** CIFAR records: images whose brightness in one of the planes tells the class. @param perClass training images of each class */
export function cifarImages(layout: CifarLayout, { perClass, test }: { perClass: number; test: number }): Files {
  const { classes } = layout.label;
  const random = new Random(1, 'cifar');
  const record = (k: number): Uint8Array =>
    cifarRecord(
      layout.coarse ? [Math.floor((k * layout.coarse.classes) / classes), k] : [k],
      (channel, pixel) => (channel === k % 3 && pixel % 11 === k % 11 ? 180 : 40) + random.integer(60),
    );
  const records = (each: number): Uint8Array[] => Array.from({ length: each * classes }, (_, i) => record(i % classes));
  const train = records(perClass);
  const size = Math.ceil(train.length / layout.train.length);
  return {
    ...Object.fromEntries(
      layout.train.map((name, file) => [name, joined(train.slice(file * size, (file + 1) * size))]),
    ),
    [layout.test[0]!]: joined(records(test)),
  };
}

/** People as UCI Adult has them; who works long hours earns well, men more often. @param count of each of the cells of class and sex, and race */
export function adultPeople(count: number): Files {
  const random = new Random(1, 'adult');
  const people = (each: number, ending: string): string[] =>
    ['<=50K', '>50K'].flatMap((income, rich) =>
      ['Male', 'Female'].flatMap((sex, woman) =>
        ['White', 'Black'].flatMap((race, black) =>
          Array.from({ length: Math.max(2, each - each * rich * woman * 0.5 - black) }, () => {
            const hours = 20 + 20 * rich + random.integer(20);
            const job = random.integer(4) === 0 ? '?' : `job ${random.integer(3)}`;
            return [
              25 + random.integer(40),
              'Private',
              1000 + random.integer(1000),
              'HS-grad',
              5 + 3 * rich + random.integer(6),
              'Divorced',
              job,
              woman ? 'Wife' : 'Husband',
              race,
              sex,
              0,
              0,
              hours,
              'United-States',
              `${income}${ending}`,
            ].join(', ');
          }),
        ),
      ),
    );
  return {
    'adult.data': `${people(count, '').join('\n')}\n`,
    'adult.test': `|1x3 Cross validator\n${people(6, '.').join('\n')}\n`,
  };
}

/** Lists over PNG files with a colour for each class. @param perClass training images of class k */
export function imageLists(classes: number, perClass: (k: number) => number): Files {
  const files: Record<string, string | Uint8Array> = {};
  const random = new Random(1, 'lists');
  const list = (part: string, count: (k: number) => number): string =>
    Array.from({ length: classes }, (_, k) =>
      Array.from({ length: count(k) }, (_, i) => {
        const path = `${part}/${k}-${i}.png`;
        const shade = 100 + random.integer(60);
        files[path] = noisyPng(random, [k % 2 ? shade : 20, k % 3 ? shade : 20, Math.round((200 * k) / classes)]);
        return `${path} ${k}\n`;
      }).join(''),
    ).join('');
  files['Toy_train.txt'] = list('train', perClass);
  files['Toy_test.txt'] = list('test', () => 2);
  return files;
}

/** Birds (by their red) before land and water (by their blue), rarely on the other's ground. */
export function waterbirds(perCell: number): Files {
  const files: Record<string, string | Uint8Array> = {};
  const lines = ['img_id,img_filename,y,split,place,place_filename'];
  const random = new Random(1, 'birds');
  [perCell, 2, 2].forEach((each, split) => {
    for (const [bird, place] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const count = split === 0 && bird !== place ? Math.max(2, Math.round(each / 3)) : each;
      for (let i = 0; i < count; i++) {
        const path = `images/${split}-${bird}-${place}-${i}.png`;
        files[path] = noisyPng(random, [bird ? 200 : 60, random.integer(90), place ? 200 : 30]);
        lines.push(`${lines.length},${path},${bird},${split},${place},/x.jpg`);
      }
    }
  });
  files['metadata.csv'] = `${lines.join('\n')}\n`;
  return files;
}
