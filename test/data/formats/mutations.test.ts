import { afterAll, describe, expect, test } from 'vitest';
import { loadAdult } from '../../../src/data/formats/adult.js';
import { cifar10, cifar100, loadCifar } from '../../../src/data/formats/cifar.js';
import { loadIdxDataset } from '../../../src/data/formats/idx-dataset.js';
import { loadImageLists } from '../../../src/data/formats/image-list.js';
import { loadNpzDataset } from '../../../src/data/formats/npz-dataset.js';
import { loadWaterbirds } from '../../../src/data/formats/waterbirds.js';
import { decodeImage } from '../../../src/data/image/decode.js';
import { Random } from '../../../src/data/random.js';
import { AutobalanceError } from '../../../src/ir/errors.js';
import { temporaryFolder } from '../../support/folder.js';
import {
  adultFiles,
  cifarFiles,
  type Files,
  idxFile,
  imageListFiles,
  npzFile,
  waterbirdsFiles,
} from '../../support/formats.js';
import { bytesOf, images } from '../../support/images.js';

/** Changes a file in one of the ways in which files break, or are broken. */
const mutations: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  (bytes, random) => bytes.slice(0, random.integer(bytes.length + 1)),
  (bytes, random) => changed(bytes, random.integer(bytes.length), 1, (byte) => byte ^ (1 << random.integer(8))),
  (bytes, random) => changed(bytes, random.integer(bytes.length), 1 + random.integer(8), () => 0xff),
  (bytes, random) => changed(bytes, random.integer(bytes.length), 1 + random.integer(8), () => 0),
  (bytes, random) => changed(bytes, random.integer(bytes.length), 1 + random.integer(8), () => random.integer(256)),
  // The first bytes are where headers are.
  (bytes, random) =>
    changed(bytes, random.integer(Math.min(64, bytes.length)), 1 + random.integer(4), () => random.integer(256)),
  (bytes, random) =>
    spliced(
      bytes,
      random,
      0,
      Uint8Array.from({ length: 1 + random.integer(40) }, () => random.integer(256)),
    ),
  (bytes, random) => spliced(bytes, random, 1 + random.integer(40), new Uint8Array(0)),
  (bytes, random) => spliced(bytes, random, 0, bytes.slice(0, random.integer(bytes.length))),
  (bytes, random) => {
    const words = [
      '99999999999',
      '-1',
      'NaN',
      '1e999',
      '"',
      ',',
      '\r',
      '\n',
      '../',
      '\0',
      '\u202e',
      'ÿ',
      "'",
      '(',
      '{',
      '\uFEFF',
    ];
    return spliced(bytes, random, random.integer(4), new TextEncoder().encode(words[random.integer(words.length)]));
  },
];

function changed(bytes: Uint8Array, at: number, count: number, f: (byte: number) => number): Uint8Array {
  const copy = bytes.slice();
  for (let i = at; i < Math.min(at + count, copy.length); i++) copy[i] = f(copy[i]!);
  return copy;
}

function spliced(bytes: Uint8Array, random: Random, without: number, between: Uint8Array): Uint8Array {
  const at = random.integer(bytes.length + 1);
  return Uint8Array.of(...bytes.subarray(0, at), ...between, ...bytes.subarray(at + without));
}

const asBytes = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

interface Outcomes {
  accepted: number;
  refused: number;
}

/** Tries one load; anything but success or an error of ours, with a message that names the file, fails. */
async function attempt(load: () => Promise<unknown> | unknown, names: RegExp, outcomes: Outcomes): Promise<void> {
  try {
    await load();
    outcomes.accepted += 1;
  } catch (error) {
    if (!(error instanceof AutobalanceError)) throw error;
    expect(error.message).toMatch(names);
    outcomes.refused += 1;
  }
}

const TRIES = 100;
const peakBefore = process.resourceUsage().maxRSS;
afterAll(() => {
  // Whatever the headers claimed, nothing was allocated for it: kilobytes of files, and a process that has not grown by more than its
  // compiled code and garbage.
  expect(process.resourceUsage().maxRSS - peakBefore).toBeLessThan(250_000);
});

const idx: Files = {
  'train-images-idx3-ubyte': idxFile([3, 1, 2], [1, 2, 3, 4, 5, 6]),
  'train-labels-idx1-ubyte': idxFile([3], [0, 2, 1]),
  't10k-images-idx3-ubyte': idxFile([1, 1, 2], [7, 8]),
  't10k-labels-idx1-ubyte': idxFile([1], [2]),
};

describe('broken files are refused by name, or read', () => {
  test.each<[string, Files, (folder: string) => Promise<unknown>]>([
    ['IDX', idx, (folder) => loadIdxDataset(folder, { name: 'x' })],
    ['CIFAR-10', cifarFiles(cifar10), (folder) => loadCifar(folder, cifar10, { name: 'x' })],
    ['CIFAR-100', cifarFiles(cifar100), (folder) => loadCifar(folder, cifar100, { name: 'x' })],
    ['Adult', adultFiles, (folder) => loadAdult(folder, { name: 'x' })],
    ['image lists', imageListFiles, (folder) => loadImageLists(folder, { name: 'x' })],
    ['Waterbirds', waterbirdsFiles, (folder) => loadWaterbirds(folder, { name: 'x' })],
    ['NPZ', { 'x.npz': npzFile() }, (folder) => loadNpzDataset(`${folder}/x.npz`, { name: 'x' })],
  ])('%s', async (format, files, load) => {
    const folder = temporaryFolder();
    for (const [name, content] of Object.entries(files)) folder.write(name, content);
    await load(folder.path);
    const random = new Random(1, format);
    const names = Object.keys(files).filter((name) => !name.endsWith('.png'));
    const outcomes = { accepted: 0, refused: 0 };
    for (let i = 0; i < TRIES; i++) {
      const name = names[random.integer(names.length)]!;
      const whole = asBytes(files[name]!);
      folder.write(name, mutations[i % mutations.length]!(whole, random));
      // Beside the file, the data set may be named, as by labels that do not fit the images.
      await attempt(() => load(folder.path), /autobalance-test-|x \((training|test|validation)\)/, outcomes);
      folder.write(name, whole);
    }
    expect(outcomes.refused).toBeGreaterThan(TRIES / 10);
    await load(folder.path);
  });

  test('images', async () => {
    const random = new Random(2, 'images');
    const outcomes = { accepted: 0, refused: 0 };
    for (const { file } of Object.values(images.files)) {
      for (let i = 0; i < TRIES; i++) {
        const bytes = mutations[i % mutations.length]!(bytesOf(file), random);
        await attempt(() => decodeImage(bytes, 'picture'), /^picture: /, outcomes);
      }
    }
    expect(outcomes.refused).toBeGreaterThan(500);
    expect(outcomes.accepted).toBeGreaterThan(100);
  });
});
