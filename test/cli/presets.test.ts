import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { resolveConfig } from '../../src/cli/config.js';
import { summarySchema } from '../../src/cli/schema.js';
import { cifar10, cifar100 } from '../../src/data/formats/cifar.js';
import { modelNames, presets } from '../../src/index.js';
import { adultPeople, cifarImages, imageLists, waterbirds, writeFiles } from '../support/datasets.js';
import { type Files, npzFile } from '../support/formats.js';
import { npy } from '../support/zip.js';
import { cli, jsonOf, makeWorkplace, type Workplace } from './tiny.js';

let work: Workplace;
beforeAll(async () => {
  work = await makeWorkplace();
});
afterAll(() => work.remove());

const names = Object.keys(presets);

const ownTable: Files = {
  'schema.yaml': stringify({
    train: 'people.csv',
    header: true,
    columns: [
      { name: 'age', type: 'numeric' },
      { name: 'sex', type: 'categorical', sensitive: true },
      { name: 'ill', type: 'label' },
    ],
  }),
  'people.csv': `age,sex,ill\n${Array.from({ length: 80 }, (_, i) => `${20 + i},${i % 2 ? 'f' : 'm'},${i % 5 < 2 ? 'yes' : 'no'}\n`).join('')}`,
};

const labels = (count: number): Uint8Array =>
  npy(
    '|u1',
    [count],
    Uint8Array.from({ length: count }, (_, i) => i % 3),
  );
const pixels = (count: number): Uint8Array =>
  npy(
    '|u1',
    [count, 8, 8],
    Uint8Array.from({ length: count * 64 }, (_, i) => (i * 37) % 251),
  );
const ownArrays: Files = {
  'own.npz': npzFile({ x_train: pixels(60), y_train: labels(60), x_test: pixels(9), y_test: labels(9) }),
};

/** Data in the preset's format, and what makes its quick form a matter of a few steps. */
const small: Readonly<Record<string, { readonly files?: () => Files; readonly changes: object }>> = {
  'mnist-lt': { changes: { longTail: { n0: 30, imbalance: 6 }, model: { channels: [2] } } },
  'fashion-mnist-lt': { changes: { longTail: { n0: 30, imbalance: 6 }, model: { channels: [2] } } },
  'cifar10-lt': {
    files: () => cifarImages(cifar10, { perClass: 8, test: 1 }),
    changes: { longTail: { n0: 8, imbalance: 4 }, model: { channels: [2, 2, 2] } },
  },
  'cifar100-lt': {
    files: () => cifarImages(cifar100, { perClass: 2, test: 1 }),
    changes: { longTail: { n0: 2, imbalance: 2 }, model: { channels: [2, 2, 2] } },
  },
  // The first class has more samples than the second, and so on: some in twos, as iNaturalist's.
  'imagenet-lt': {
    files: () => imageLists(25, (k) => 4 - Math.floor(k / 10)),
    changes: { data: { side: 32, share: 1, workers: 0 }, model: { channels: [4, 4, 4, 4] } },
  },
  inat18: {
    files: () => imageLists(41, (k) => (k < 40 ? 3 : 2)),
    changes: { data: { side: 32, share: 1, workers: 0 }, model: { channels: [4, 4, 4, 4] } },
  },
  waterbirds: {
    files: () => waterbirds(9),
    changes: { data: { side: 32, share: 1, workers: 0 }, model: { channels: [4, 4, 4, 4] } },
  },
  adult: { files: () => adultPeople(10), changes: { model: { hidden: [3] } } },
  table: { files: () => ownTable, changes: { data: { group: 'sex' }, model: { hidden: [3] } } },
  arrays: { files: () => ownArrays, changes: { model: { channels: [2] } } },
};

test.each(names)('%s runs in its quick form on data in its format', { timeout: 180_000 }, async (name) => {
  const { files, changes } = small[name]!;
  const data = files ? writeFiles(join(work.folder, name), files()) : work.data;
  const steps = {
    training: { epochs: 1, warmupEpochs: 0, batchSize: 8 },
    search: {
      warmupEpochs: 1,
      interval: 2,
      innerBatches: 1,
      outerBatches: 1,
      method: { iterations: 1, lanczosSteps: 2 },
    },
    searchEpochs: 2,
  };
  const config = await work.file(`${name}.yaml`, stringify({ ...steps, ...changes }));
  const args = ['--quick', '--config', config, '--data-dir', data, '--runs', work.runs, '--json'];
  const { code, out, err } = await cli(['run', name, ...args]);
  expect([code, err.match(/ERR.*/)]).toEqual([0, null]);
  const { runDirectory, ...summary } = jsonOf(out);
  const { methods, hypergradient, learned } = summarySchema.parse(summary);
  expect(Object.keys(methods)).toEqual(presets[name]!.settings.methods);
  expect(hypergradient.status).not.toBeNull();
  expect(learned).not.toBeNull();
  // What the run directory holds is enough to come to the same settings again, without --quick.
  const saved = parse(await readFile(join(String(runDirectory), 'config.yaml'), 'utf8'));
  expect(resolveConfig(undefined, [{ source: 'saved', value: saved }])).toEqual(saved);
});

describe('the settings of presets', () => {
  test.each(names)('%s is valid, as it is and quick', (name) => {
    for (const quick of [false, true]) {
      const config = resolveConfig(name, [], { quick });
      expect(modelNames).toContain(config.model.name);
      expect(config.search.warmupEpochs).toBeLessThan(config.searchEpochs);
    }
  });

  test('published ones', () => {
    const of = (name: string) => resolveConfig(name, []);
    expect(of('cifar10-lt')).toMatchObject({
      model: { name: 'resnet-32' },
      longTail: { n0: 5000, imbalance: 100 },
      data: { augmentation: { cropPadding: 4, flip: true } },
      training: {
        epochs: 200,
        batchSize: 128,
        learningRate: 0.1,
        momentum: 0.9,
        weightDecay: 1e-4,
        milestones: [0.8, 0.9],
      },
      search: { warmupEpochs: 120, interval: 20, innerBatches: 10, outerBatches: 10, method: { iterations: 5 } },
      searchEpochs: 300,
      validationFraction: 0.2,
    });
    expect(of('cifar100-lt')).toMatchObject({ longTail: { n0: 500 }, search: { clusters: { size: 10 } } });
    expect(of('imagenet-lt')).toMatchObject({
      model: { name: 'resnet-50' },
      training: { epochs: 150, learningRate: 0.02, weightDecay: 5e-4, schedule: 'cosine' },
      search: { warmupEpochs: 40, interval: 30, clusters: { size: 20 } },
    });
    expect(of('inat18')).toMatchObject({ training: { learningRate: 0.01 }, search: { clusters: { size: 40 } } });
    expect(of('waterbirds').data).toMatchObject({ group: 'place' });
  });

  test('the published recipe comes on top of a quick form', () => {
    const file = { source: 'f', value: { search: { compat: 'reference' } } };
    const { search, longTail } = resolveConfig('cifar10-lt', [file], { quick: true });
    expect([search.interval, search.parametrisation, longTail]).toEqual([20, 'sigmoid', { n0: 500, imbalance: 100 }]);
  });

  test('data.side is for image files', async () => {
    const config = await work.file('side.yaml', 'data: { side: 16 }');
    const { err } = await cli(['run', 'mnist-lt', '--config', config, '--data-dir', work.data]);
    expect(err).toMatch(/data\.side is for data in image files, mnist comes in one size/);
  });
});
