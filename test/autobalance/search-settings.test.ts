import { describe, expect, test } from 'vitest';
import {
  type ClassLossNumbers,
  ConfigError,
  classCounts,
  crossEntropy,
  fixedLosses,
  flatTable,
  type GroupColumn,
  imageSource,
  isByGroup,
  longTailIndices,
  mean,
  mul,
  namedArrays,
  Random,
  referenceSearch,
  SearchPhase,
  type SearchSettings,
  type Source,
  smallCnn,
  square,
  stratifiedSplit,
  type Table,
  trainPrograms,
  type Value,
} from '../../src/index.js';
import {
  CLASSES,
  linearModel,
  runPhase,
  SIDE,
  searchSettings,
  sourceOf,
  throughFile,
  toyDataset,
  trainingSettings,
} from './toy.js';

const data = toyDataset(72, 2, 14);
const samples = longTailIndices(data.labels, CLASSES, { n0: 72, imbalance: 8 });
const split = stratifiedSplit(data.labels, CLASSES, 0.4, new Random(4), samples);
const counts = classCounts(data.labels, CLASSES, split.train);
const plain: Source = sourceOf(data);
/** Two groups at random. */
const group: GroupColumn = {
  name: 'half',
  names: ['a', 'b'],
  values: data.labels.map((_, i) => ((i * 7919) % 5 < 2 ? 1 : 0)),
};
const cells = (indices: Int32Array): number[][] => {
  const table = counts.map(() => [0, 0]);
  for (const i of indices) table[data.labels[i]!]![group.values[i]!]! += 1;
  return table;
};

const settings = { ...trainingSettings, epochs: 5, learningRate: 0.05 };
const programs = trainPrograms(linearModel, trainingSettings);
interface More {
  readonly source?: Source;
  readonly counts?: Table;
  readonly initial?: ClassLossNumbers;
}
const phaseOf = (search: Partial<SearchSettings>, more: More = {}, seed = 1) =>
  new SearchPhase({
    model: linearModel,
    programs,
    source: plain,
    splits: [split],
    random: new Random(seed),
    settings,
    search: { ...searchSettings, ...search },
    initial: fixedLosses['cross-entropy'](counts),
    counts,
    ...more,
  });
const grouped: More = { source: imageSource(data, { group }), counts: cells(split.train) };
const neutral = { delta: [1, 1, 1], iota: [0, 0, 0], weight: [1, 1, 1] };

describe('what is learned', () => {
  test('w, alone and with the others: its mean over the training samples stays 1', async () => {
    for (const learn of [['weight'], ['delta', 'iota', 'weight']] as const) {
      const phase = phaseOf({ learn, learningRate: 0.3 });
      await runPhase(phase);
      const { delta, weight } = phase.learned;
      expect(flatTable(weight)).not.toEqual([1, 1, 1]);
      if (learn.length === 1) expect(delta).toEqual([1, 1, 1]);
      const total = counts.reduce((all, n) => all + n, 0);
      expect(flatTable(weight).reduce((all, w, k) => all + (w * counts[k]!) / total, 0)).toBeCloseTo(1, 5);
    }
  });

  test('clusters move together', async () => {
    const phase = phaseOf({ clusters: { of: [0, 1, 1] }, parametrisation: 'identity' });
    const reports = await runPhase(phase);
    const moved = reports.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient.iota] : []));
    for (const iota of [...moved, phase.learned.iota].map(flatTable)) {
      expect(iota[1]).toBe(iota[2]);
      expect(iota[0]).not.toBe(iota[1]);
    }
  });

  test('clusters interpolated: only what is retrained under', async () => {
    const phase = phaseOf({ clusters: { of: [0, 1, 1] }, expansion: 'interpolated', parametrisation: 'identity' });
    const reports = await runPhase(phase);
    const last = flatTable(reports.findLast(({ hypergradient }) => hypergradient)!.hypergradient!.iota);
    expect(last[1]).toBe(last[2]);
    const [head, middle, rare] = flatTable(phase.learned.iota);
    expect(middle).not.toBe(rare);
    expect(Math.min(head!, rare!)).toBeLessThan(middle!);
    expect(Math.max(head!, rare!)).toBeGreaterThan(middle!);
  });

  test('by class and group, with every part and a blended objective', async () => {
    const objective = { blend: ['group-balanced', { name: 'deo', temperature: 0.5 }], lambda: 0.6 } as const;
    const phase = phaseOf({ by: 'class-group', learn: ['delta', 'iota', 'weight'], objective }, grouped);
    const reports = await runPhase(phase);
    for (const table of Object.values(phase.learned) as Table[]) {
      expect(isByGroup(table) && table.map((row) => row.length)).toEqual([2, 2, 2]);
      expect(flatTable(table).every(Number.isFinite)).toBe(true);
    }
    const { delta, iota } = reports.findLast(({ hypergradient }) => hypergradient)!.hypergradient!;
    for (const table of [delta, iota]) expect((table as number[][]).some(([a, b]) => a !== b)).toBe(true);
  });

  test('by group alone', async () => {
    const phase = phaseOf({ by: 'group', learn: ['delta', 'weight'], objective: 'worst-group' }, grouped);
    await runPhase(phase);
    expect((phase.learned.delta as number[][])[0]).toHaveLength(2);
    expect(phase.learned.iota).toEqual([0, 0, 0]);
  });

  test('groups are not asked for where the data has none', () => {
    expect(() => phaseOf({ by: 'class-group' })).toThrow(ConfigError);
    expect(() => phaseOf({ objective: 'deo' })).toThrow(/deo compares groups, and the data has none/);
  });
});

describe('the objective', () => {
  test('may be any function', async () => {
    let groupsSeen: Value | undefined;
    const twice = (logits: Value, labels: Value, groups?: Value): Value => {
      groupsSeen = groups;
      return mul(crossEntropy(logits, labels), 2);
    };
    const [own, named] = [phaseOf({ objective: twice }), phaseOf({ objective: 'cross-entropy' })];
    const [a, b] = [await runPhase(own), await runPhase(named)];
    const outer = (list: typeof a) => list.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient.outer] : []));
    expect(outer(a)[0]! / outer(b)[0]!).toBeCloseTo(2, 5);
    // Five of each class; with groups, two of each cell.
    expect(groupsSeen!.shape).toEqual([15]);
    await runPhase(phaseOf({ objective: twice }, grouped));
    expect(groupsSeen!.shape).toEqual([12]);
  });
});

describe('early stop', () => {
  /** Rises while the weights grow, whatever α does. */
  const rising = (logits: Value): Value => mean(square(logits));
  const search = { objective: rising, interval: 1, patience: 0.4, parametrisation: 'identity' } as const;

  test('ends with the epoch in which the averaged objective has not fallen for its patience, with the α of its best', async () => {
    const phase = phaseOf(search);
    expect(phase.totalSteps).toBe(15);
    const reports = await runPhase(phase);
    const taken = reports.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient] : []));
    const objectives = taken.map(({ outer }) => outer);
    expect(objectives.at(-1)).toBeGreaterThan(objectives[0]!);
    // Twelve updates are planned: averages of 3, patience 4.8. The first average is the best, so update 8, step 11, is the last.
    expect(taken).toHaveLength(8);
    expect([reports.length, phase.totalSteps]).toEqual([12, 12]);
    const tail = taken.slice(1, 3).map(({ iota }) => flatTable(iota));
    flatTable(phase.learned.iota).forEach((value, k) => {
      expect(value).toBeCloseTo((tail[0]![k]! + tail[1]![k]!) / 2, 6);
    });
  });

  test('until it speaks, it changes nothing', async () => {
    const [patient, endless] = [phaseOf(search), phaseOf({ ...search, patience: 9 })];
    expect(await runPhase(patient, 11)).toEqual(await runPhase(endless, 11));
    expect(endless.totalSteps).toBe(15);
  });

  test.each([3, 6, 9, 11])('restored after %d steps it ends bit-identically', async (steps) => {
    const whole = phaseOf(search);
    await runPhase(whole, steps);
    const kept = whole.snapshot();
    const rest = await runPhase(whole);
    const resumed = phaseOf(search);
    resumed.restore(throughFile(kept));
    expect(await runPhase(resumed)).toEqual(rest);
    expect(resumed.totalSteps).toBe(whole.totalSteps);
    expect(resumed.learned).toEqual(whole.learned);
    expect(namedArrays(resumed.result)).toEqual(namedArrays(whole.result));
  });
});

describe('schedules', () => {
  test.each([2, 3, 12])(
    '%d epochs: the automatic rate lets ι go about as far, and nothing diverges',
    async (epochs) => {
      const phase = new SearchPhase({
        model: linearModel,
        programs,
        source: plain,
        splits: [split],
        random: new Random(1),
        settings: { ...settings, epochs },
        search: { ...searchSettings, learningRate: 'auto', interval: 1 },
        initial: neutral,
        counts,
      });
      const reports = await runPhase(phase);
      const statuses = reports.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient.status] : []));
      expect(statuses).not.toContain('diverged');
      const { iota } = phase.learned;
      expect(Math.max(...flatTable(iota).map(Math.abs))).toBeLessThan(6);
      expect(flatTable(iota)).not.toEqual([0, 0, 0]);
    },
  );
});

describe('compat: reference', () => {
  const reference = { ...referenceSearch, interval: 4, innerBatches: 2, outerBatches: 2, learningRate: 0.1 } as const;

  test('Δ starts at σ(1), the last α is what is learned', async () => {
    const phase = phaseOf(reference);
    expect(flatTable(phase.learned.delta)[0]).toBeCloseTo(0.7310586, 6);
    await runPhase(phase, 7);
    const at = phase.learned;
    await runPhase(phase, 8);
    expect(phase.learned).not.toEqual(at);
  });

  test('momentum and decay move α at every step between hypergradients', async () => {
    const phase = phaseOf({ ...reference, warmupEpochs: 1 });
    await runPhase(phase, 3);
    const path: number[][] = [];
    const steps: boolean[] = [];
    while (phase.completedSteps < phase.totalSteps) {
      const { hypergradient } = await phase.step();
      path.push([...flatTable(phase.learned.iota)]);
      steps.push(hypergradient !== undefined);
    }
    const first = steps.indexOf(true);
    expect(path[first - 1]).toEqual([0, 0, 0]);
    const quiet = [first + 2, first + 3].filter((t) => !steps[t] && !steps[t - 1]);
    expect(quiet.length).toBeGreaterThan(0);
    for (const t of quiet) {
      path[t]!.forEach((iota, k) => {
        const before = path[t - 1]![k]!;
        const velocity = (path[t - 2]![k]! - before) / 0.1;
        const expected = before - 0.1 * (0.9 * velocity + 1e-4 * before);
        expect(iota).toBeCloseTo(expected, 5);
      });
      expect(path[t]).not.toEqual(path[t - 1]);
    }
  });

  test('a series that diverges moves α, and the report says so', async () => {
    const phase = phaseOf({ ...reference, method: { ...reference.method, stepSize: 1e3, iterations: 3 } });
    const reports = await runPhase(phase);
    const taken = reports.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient] : []));
    // Later ones come from a loss that it has already driven into saturation.
    expect(taken[0]!.status).toBe('diverged');
    expect(taken[0]!.residuals.at(-1)).toBeGreaterThan(1);
    expect(flatTable(taken[0]!.iota)).not.toEqual([0, 0, 0]);
    expect(taken.every(({ largestEigenvalue }) => largestEigenvalue === null)).toBe(true);
  });

  test('a hypergradient’s forward passes move the running statistics', async () => {
    const cnn = smallCnn({ classes: CLASSES, imageShape: [SIDE, SIDE, 1], channels: [3] });
    const run = async (search: Partial<SearchSettings>) => {
      const phase = new SearchPhase({
        model: cnn,
        programs: trainPrograms(cnn, trainingSettings),
        source: plain,
        splits: [split],
        random: new Random(1),
        settings,
        // No rate to speak of, so that only the statistics can differ.
        search: { ...searchSettings, ...reference, warmupEpochs: 1, learningRate: 1e-12, ...search },
        initial: neutral,
        counts,
      });
      const before = await runPhase(phase, 6).then(() => namedArrays(phase.result.state));
      return { before, after: await runPhase(phase, 7).then(() => namedArrays(phase.result.state)) };
    };
    const [one, two] = [await run({}), await run({ outerBatches: 3 })];
    expect(two.before).toEqual(one.before);
    // Step 7 is the fourth after the warm-up: three passes instead of two on validation batches.
    expect(two.after).not.toEqual(one.after);
  });

  test('restored it ends bit-identically', async () => {
    const whole = phaseOf(reference);
    await runPhase(whole, 9);
    const kept = whole.snapshot();
    const rest = await runPhase(whole);
    const resumed = phaseOf(reference);
    resumed.restore(throughFile(kept));
    expect(await runPhase(resumed)).toEqual(rest);
    expect(resumed.learned).toEqual(whole.learned);
  });
});
