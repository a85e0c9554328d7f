import { describe, expect, test } from 'vitest';
import {
  ConfigError,
  fixedLosses,
  flatTable,
  namedArrays,
  parametricLoss,
  Random,
  SearchPhase,
  type SearchSettings,
  SgdPhase,
  stratifiedFolds,
  trainPrograms,
} from '../../src/index.js';
import { linearModel, runPhase, searchSettings, sourceOf, throughFile, toyDataset, trainingSettings } from './toy.js';

describe('stratifiedFolds', () => {
  // 11, 5, 2 and 1 samples.
  const labels = Int32Array.from([0, 0, 1, 0, 2, 0, 0, 1, 0, 1, 0, 0, 3, 1, 0, 2, 0, 1, 0]);
  const all = Int32Array.from(labels, (_, i) => i);

  test.each([2, 3, 5])('%d: each sample is held out once and trained on elsewhere', (count) => {
    const folds = stratifiedFolds(labels, all, count, new Random(1));
    expect(folds).toHaveLength(count);
    const held = folds.flatMap(({ validation }) => [...validation]).sort((a, b) => a - b);
    // Class 3 has one sample, which nobody can spare.
    expect(held).toEqual([...all].filter((i) => labels[i] !== 3));
    for (const { train, validation } of folds) {
      expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...all]);
      expect([...train].sort((a, b) => a - b)).toEqual([...train]);
    }
  });

  test('every class is dealt as evenly as its number allows, and so are the folds', () => {
    const folds = stratifiedFolds(labels, all, 3, new Random(1));
    const sizes = (k: number) => folds.map(({ validation }) => validation.filter((i) => labels[i] === k).length).sort();
    expect([sizes(0), sizes(1), sizes(2), sizes(3)]).toEqual([
      [3, 4, 4],
      [1, 2, 2],
      [0, 1, 1],
      [0, 0, 0],
    ]);
    expect(folds.map(({ validation }) => validation.length)).toEqual([6, 6, 6]);
  });

  test('goes by the seed, and deals only the samples given', () => {
    const some = all.filter((i) => i % 2 === 0);
    const [a, b, other] = [1, 1, 2].map((seed) => stratifiedFolds(labels, some, 2, new Random(seed)));
    expect(b).toEqual(a);
    expect(other).not.toEqual(a);
    expect(a!.flatMap(({ validation }) => [...validation]).every((i) => some.includes(i))).toBe(true);
  });

  test.each([1, 0, 2.5, Number.NaN])('%d folds are a ConfigError', (count) => {
    expect(() => stratifiedFolds(labels, all, count, new Random(1))).toThrow(ConfigError);
  });
});

describe('a search on folds', () => {
  const data = toyDataset(60, 2, 14);
  const source = sourceOf(data);
  const indices = Int32Array.from(data.labels, (_, i) => i).filter((i) => data.labels[i] !== 2 || i % 4 === 2);
  const counts = [60, 60, 15];
  const splits = stratifiedFolds(data.labels, indices, 3, new Random(4));
  const programs = trainPrograms(linearModel, trainingSettings);
  const settings = { ...trainingSettings, epochs: 3, learningRate: 0.05 };
  const phaseOf = (search: Partial<SearchSettings> = {}) =>
    new SearchPhase({
      model: linearModel,
      programs,
      source,
      splits,
      random: new Random(1),
      settings,
      search: { ...searchSettings, ...search },
      initial: fixedLosses['cross-entropy'](counts),
      counts,
      watch: true,
    });

  test('each θ takes as many steps as it would alone, and an epoch is all of theirs', async () => {
    const phase = phaseOf();
    const own = splits.map(({ train }) => Math.floor(train.length / settings.batchSize));
    expect(phase.stepsPerEpoch).toBe(own.reduce((total, steps) => total + steps, 0));
    const reports = await runPhase(phase);
    const epochs = reports.flatMap(({ epoch }, i) => (epoch ? [[i + 1, epoch.epoch]] : []));
    expect(epochs).toEqual([1, 2, 3].map((e) => [e * phase.stepsPerEpoch, e]));
  });

  test('until α moves, each θ is trained as by itself, and the epoch’s report is their mean', async () => {
    const phase = phaseOf();
    const reports = await runPhase(phase, phase.stepsPerEpoch);
    const alone = await Promise.all(
      splits.map(async ({ train, validation }, f) => {
        const single = new SgdPhase({
          model: linearModel,
          programs,
          source,
          settings,
          indices: train,
          random: f === 0 ? new Random(1) : new Random(1).fork(`split ${f}`),
          loss: parametricLoss(fixedLosses['cross-entropy'](counts)),
          watch: { source, indices: validation },
        });
        return { reports: await runPhase(single, single.stepsPerEpoch), result: single.result };
      }),
    );
    expect(namedArrays(phase.result)).toEqual(namedArrays(alone[0]!.result));
    const last = alone.map((each) => each.reports.at(-1)!.epoch!);
    const { trainLoss, balancedError } = reports.at(-1)!.epoch!;
    expect(trainLoss).toBeCloseTo(last.reduce((sum, e) => sum + e.trainLoss, 0) / 3, 10);
    expect(balancedError).toBeCloseTo(last.reduce((sum, e) => sum + e.balancedError!, 0) / 3, 10);
    const losses = (list: readonly { loss: number }[]) => list.map(({ loss }) => loss).sort();
    expect(losses(reports)).toEqual(losses(alone.flatMap((each) => each.reports)));
  });

  test('hypergradients take turns: each fold’s spectrum is estimated when its own turn has come', async () => {
    const reports = await runPhase(phaseOf({ interval: 1, spectrumInterval: 2 }));
    const largest = reports.flatMap(({ hypergradient: h }) => (h ? [h.largestEigenvalue] : []));
    expect(largest.length).toBeGreaterThan(9);
    // Estimated in rounds 0, 2, 4 …, reused in 1, 3, 5 …
    for (let i = 0; i + 3 < 9; i++) {
      if (Math.floor(i / 3) % 2 === 0) expect(largest[i + 3]).toBe(largest[i]);
      else expect(largest[i + 3]).not.toBe(largest[i]);
    }
    expect(new Set(largest.slice(0, 3)).size).toBe(3);
  });

  test.each([1, 7, 12, 25, 31])('restored after %d steps it ends bit-identically', async (steps) => {
    const whole = phaseOf();
    await runPhase(whole, steps);
    const kept = whole.snapshot();
    const rest = await runPhase(whole);
    const resumed = phaseOf();
    resumed.restore(throughFile(kept));
    expect(resumed.completedSteps).toBe(steps);
    expect(await runPhase(resumed)).toEqual(rest);
    expect(resumed.learned).toEqual(whole.learned);
    expect(resumed.snapshot()).toEqual(whole.snapshot());
    expect(flatTable(whole.learned.iota)).not.toEqual([0, 0, 0]);
  });
});
