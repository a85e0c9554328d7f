import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  Experiment,
  type ExperimentSettings,
  flatTable,
  imageDataset,
  isByGroup,
  type MethodName,
  smallCnn,
  stagesOfAll,
  type Table,
} from '../../src/index.js';
import { CLASSES, experimentSettings, SIDE, throughFile, toyDataset } from './toy.js';

/** The toy with a group column that has a third of the samples in its second group. */
function grouped(perClass: number, seed: number) {
  const { images, imageShape, labels, classes, name } = toyDataset(perClass, seed, 30);
  const values = labels.map((_, i) => (i % 7 < 2 ? 1 : 0));
  return imageDataset({
    name,
    images,
    imageShape,
    labels,
    classes,
    groups: [{ name: 'side', names: ['l', 'r'], values }],
  });
}

const data = { train: grouped(60, 11), test: grouped(30, 12) };
const cnn = smallCnn({ classes: CLASSES, imageShape: [SIDE, SIDE, 1], channels: [3] });
const { search } = experimentSettings;
const settings: ExperimentSettings = {
  ...experimentSettings,
  longTail: { n0: 60, imbalance: 4 },
  data: { group: 'side' },
  search: {
    ...search,
    by: 'class-group',
    learn: ['delta', 'iota', 'weight'],
    objective: { blend: ['group-balanced', 'deo'], lambda: 0.8 },
  },
};
const experiment = (methods: readonly MethodName[], more: Partial<ExperimentSettings> = {}) =>
  new Experiment(cnn, data, stagesOfAll(methods), { ...settings, ...more });

async function finished(run: ReturnType<typeof experiment>) {
  while (!run.done) await run.step();
  return run;
}

describe('data with groups', () => {
  const methods: MethodName[] = ['group-weighted', 'group-logit-adjustment', 'group-vs', 'group-dro', 'autobalance'];
  const whole = finished(experiment(methods));

  test('group baselines and the search by class and group run to their end', async () => {
    const run = await whole;
    expect([...run.results.keys()]).toEqual(methods);
    expect(run.groups).toEqual(['l', 'r']);
    for (const table of Object.values(run.learned!) as Table[]) {
      expect(isByGroup(table) && [table.length, table[0]!.length]).toEqual([CLASSES, 2]);
      expect(flatTable(table).every(Number.isFinite)).toBe(true);
    }
    const { iota } = run.learned!;
    expect((iota as number[][]).some(([left, right]) => left !== right)).toBe(true);
  });

  test.each([4, 16, 31, 45, 62])(
    'restored after %d steps it ends bit-identically, Group-DRO’s weights included',
    async (steps) => {
      const first = experiment(methods);
      for (let i = 0; i < steps; i++) await first.step();
      const resumed = experiment(methods);
      resumed.restore(throughFile(first.snapshot()));
      expect((await finished(resumed)).weights).toEqual((await whole).weights);
      expect(resumed.learned).toEqual((await whole).learned);
    },
  );

  test('Group-DRO’s weights are part of a snapshot', async () => {
    const run = experiment(['group-dro']);
    for (let i = 0; i < 3; i++) await run.step();
    const q = run.snapshot().arrays['train.memory.q']!;
    expect(q.data).toHaveLength(2 * CLASSES);
    expect(Array.from(q.data).reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 5);
    expect(new Set(q.data).size).toBeGreaterThan(1);
  });

  test('without the group column the same is refused', () => {
    const plain = { ...settings, data: {} };
    expect(() => experiment(['group-dro'], plain)).toThrow(ConfigError);
    expect(() => experiment(['autobalance'], plain)).toThrow(/needs data with groups/);
  });
});
