import { beforeAll, describe, expect, test } from 'vitest';
import {
  type DataSettings,
  type DenseParams,
  dense,
  Experiment,
  type ExperimentSettings,
  fanInUniform,
  type Model,
  type Stage,
  type TableDataset,
  type TableInput,
  tableDataset,
  zeros,
} from '../../src/index.js';
import { type Built, build } from '../support/built.js';
import { temporaryFolder } from '../support/folder.js';
import { pngFile } from '../support/formats.js';
import { experimentSettings, linearModel, throughFile, toyDataset } from './toy.js';

const stages: Stage[] = [
  { method: 'autobalance', kind: 'search' },
  { method: 'autobalance', kind: 'retrain' },
];
const data = { train: toyDataset(40, 11, 30), test: toyDataset(30, 12, 30) };

type AnyExperiment = Pick<Experiment<never, never>, 'step' | 'done' | 'snapshot' | 'restore' | 'weights' | 'close'>;

/** The weights at the end, after going through a file once if `at` says after which step. */
async function weightsOf(make: () => AnyExperiment, at?: number): Promise<Record<string, number[]>> {
  let experiment = make();
  for (let step = 0; !experiment.done; step++) {
    if (step === at) {
      const saved = throughFile(experiment.snapshot());
      await experiment.close();
      experiment = make();
      experiment.restore(saved);
    }
    await experiment.step();
  }
  await experiment.close();
  return Object.fromEntries(Object.entries(experiment.weights).map(([name, array]) => [name, Array.from(array.data)]));
}

describe('an experiment with data settings', () => {
  const make =
    (settings: DataSettings, changes: Partial<ExperimentSettings> = {}) =>
    () =>
      new Experiment(linearModel, data, stages, { ...experimentSettings, ...changes, data: settings });
  const augmentation = { cropPadding: 1, flip: true };
  const sees = async (settings: DataSettings): Promise<string> => JSON.stringify(await weightsOf(make(settings)));

  test('every setting changes what is learned, and none does not', async () => {
    const plain = JSON.stringify(await weightsOf(() => new Experiment(linearModel, data, stages, experimentSettings)));
    expect(await sees({})).toBe(plain);
    expect(await sees({ sampling: 'instance', normalise: 'pixel' })).toBe(plain);
    const others = [
      await sees({ augmentation }),
      await sees({ augmentation: { ...augmentation, flip: false } }),
      await sees({ normalise: 'channel' }),
      await sees({ sampling: 'square-root' }),
      await sees({ sampling: 'class-aware' }),
      await sees({ sampling: 'balanced' }),
    ];
    expect(new Set([plain, ...others]).size).toBe(7);
  });

  test.each(['instance', 'square-root', 'balanced'] as const)(
    'augmented and drawn by %s, it resumes to the same bits from anywhere',
    async (sampling) => {
      const whole = await weightsOf(make({ augmentation, sampling }));
      for (const at of [1, 5, 9, 14, 17]) expect(await weightsOf(make({ augmentation, sampling }), at)).toEqual(whole);
    },
  );

  test('without a long tail it takes the data as it is', () => {
    const experiment = make({}, { longTail: null })();
    expect(experiment.counts).toEqual([40, 40, 40]);
    expect(experiment.trainIndices).toHaveLength(120);
  });
});

describe('an experiment on a table', () => {
  /** Two numbers that tell the class, one category that does not. */
  function table(rows: number, seed: number): TableDataset {
    const labels = Int32Array.from({ length: rows }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const noise = (i: number): number => Math.sin(seed + 7.3 * i);
    return tableDataset({
      name: 'table',
      labels,
      classes: ['no', 'yes'],
      numericNames: ['a', 'b'],
      numeric: Float32Array.from({ length: 2 * rows }, (_, i) => 3 * labels[i >> 1]! + noise(i) * (1 + (i % 2))),
      categoricalColumns: [{ name: 'c', categories: ['p', 'q'] }],
      categorical: Int32Array.from({ length: rows }, (_, i) => i % 2),
      groups: [{ name: 'sex', names: ['f', 'm'], values: Int32Array.from({ length: rows }, (_, i) => (i >> 1) % 2) }],
    });
  }

  const model: Model<DenseParams, Record<string, never>, TableInput> = {
    name: 'linear on numbers',
    classes: 2,
    init: (random, dtype) => ({
      params: { weight: fanInUniform(random, [2, 2], 2, dtype), bias: zeros([2], dtype) },
      state: {},
    }),
    apply: (params, state, { numeric }) => ({ logits: dense(numeric, params), state }),
  };

  test('trains, searches and resumes on rows as on images', async () => {
    const parts = { train: table(120, 1), test: table(80, 2) };
    const settings = { ...experimentSettings, longTail: null, data: { group: 'sex' } };
    const make = () => new Experiment<DenseParams, Record<string, never>, TableDataset>(model, parts, stages, settings);
    const whole = await weightsOf(make);
    expect(await weightsOf(make, 12)).toEqual(whole);
    const experiment = make();
    while (!experiment.done) await experiment.step();
    // Classes three standard deviations apart.
    expect(experiment.results.get('autobalance')!.balancedError).toBeLessThan(15);
    const { g } = await experiment.test.batch(Int32Array.of(0, 1, 2, 3));
    expect(Array.from(g.data())).toEqual([0, 0, 1, 1]);
    expect(() => new Experiment(model, parts, stages, { ...settings, data: { group: 'race' } })).toThrow(
      /no group column "race"/,
    );
  });
});

describe('an experiment on image files', () => {
  let built: Built;
  const folder = temporaryFolder();
  beforeAll(async () => {
    built = await build();
  }, 120_000);

  test('ends with the same bits on any number of threads, interrupted or not', async () => {
    const lines: string[] = [];
    for (let n = 0; n < 48; n++) {
      const k = n % 3;
      folder.write(`pictures/${n}.png`, pngFile(11, 9 + (n % 3), [60 * k + n, 200 - 50 * k, (37 * n) % 90]));
      lines.push(`pictures/${n}.png ${k}`);
    }
    for (const part of ['train', 'test']) folder.write(`${part}.txt`, lines.join('\n'));
    const { loadImageLists, Experiment: BuiltExperiment, smallCnn } = built.library;
    const parts = await loadImageLists(folder.path, { name: 'files', side: 8, resize: 9 });
    const augmentation = { cropPadding: 1, flip: true, resizedCrop: { scale: [0.5, 1], ratio: [0.8, 1.25] } } as const;
    const make = (workers: number) => () =>
      new BuiltExperiment(smallCnn({ classes: 3, imageShape: [8, 8, 3], channels: [4] }), parts, stages, {
        ...experimentSettings,
        longTail: null,
        data: { augmentation, workers },
      }) as unknown as AnyExperiment;
    const whole = await weightsOf(make(0));
    expect(await weightsOf(make(2))).toEqual(whole);
    expect(await weightsOf(make(2), 5)).toEqual(whole);
    expect(await weightsOf(make(1), 11)).toEqual(whole);
  });
});
