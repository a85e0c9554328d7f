import { describe, expect, test } from 'vitest';
import {
  classLoss,
  DataError,
  type FixedLossName,
  fixedLosses,
  flatTable,
  longTailIndices,
  movingLoss,
  type NamedArray,
  NumericError,
  namedArrays,
  Random,
  SearchPhase,
  type SearchSettings,
  SgdPhase,
  type SgdPhaseOptions,
  type Snapshot,
  smallCnn,
  stratifiedSplit,
  type TrainingSettings,
  trainPrograms,
} from '../../src/index.js';
import {
  allOf,
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

const dataset = toyDataset(24, 1);
const source = sourceOf(dataset);
const cnn = smallCnn({ classes: CLASSES, imageShape: [SIDE, SIDE, 1], channels: [3] });
const cnnPrograms = trainPrograms(cnn, trainingSettings);
const linearPrograms = trainPrograms(linearModel, trainingSettings);
const neutral = classLoss(fixedLosses['cross-entropy']([1, 1, 1]));

const common = (seed: number, settings: Partial<TrainingSettings>) => ({
  source,
  indices: allOf(dataset),
  settings: { ...trainingSettings, ...settings },
  random: new Random(seed),
  loss: movingLoss(() => neutral),
});
const cnnPhase = (seed: number, settings: Partial<TrainingSettings> = {}) =>
  new SgdPhase({ model: cnn, programs: cnnPrograms, ...common(seed, settings) });
type LinearOptions = SgdPhaseOptions<Parameters<typeof linearModel.apply>[0], Record<string, never>>;
const linearPhase = (seed: number, settings: Partial<TrainingSettings> = {}, more: Partial<LinearOptions> = {}) =>
  new SgdPhase({ model: linearModel, programs: linearPrograms, ...common(seed, settings), ...more });

/** The same snapshot with one number of one array made NaN. */
function poisoned({ arrays, json }: Snapshot, name: string): Snapshot {
  const array: NamedArray = { ...arrays[name], data: arrays[name].data.slice() };
  array.data[0] = Number.NaN;
  return { arrays: { ...arrays, [name]: array }, json };
}

describe('SgdPhase', () => {
  test('counts its steps: whole batches only', () => {
    const phase = cnnPhase(1);
    // 72 samples in batches of 16.
    expect([phase.stepsPerEpoch, phase.epochs, phase.totalSteps, phase.completedSteps]).toEqual([4, 3, 12, 0]);
    expect(linearPhase(1, { batchSize: 500 }).stepsPerEpoch).toBe(1);
  });

  test('the loss falls, and epochs report mean loss, learning rate and the watched error', async () => {
    const watch = { source, indices: allOf(dataset) };
    const phase = new SgdPhase({ model: cnn, programs: cnnPrograms, ...common(2, { epochs: 6 }), watch });
    const reports = await runPhase(phase);
    const epochs = reports.flatMap(({ epoch }) => (epoch ? [epoch] : []));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    epochs.forEach(({ trainLoss }, e) => {
      const own = reports.slice(4 * e, 4 * e + 4).reduce((total, { loss }) => total + loss, 0) / 4;
      expect(trainLoss).toBeCloseTo(own, 12);
    });
    // Warm-up ends at the peak; 0.7 · 6 = 4.2 → one drop after four epochs.
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.1, 0.1, 0.1, 0.1 * 0.1, 0.1 * 0.1]);
    expect(epochs.at(-1)!.trainLoss).toBeLessThan(0.5 * epochs[0].trainLoss);
    expect(epochs.at(-1)!.balancedError).toBeLessThan(10);
  });

  test('running statistics move, and velocities are kept', async () => {
    const phase = cnnPhase(1);
    const before = namedArrays(phase.result);
    await runPhase(phase, 2);
    const after = namedArrays(phase.result);
    for (const name of Object.keys(before)) expect(after[name].data, name).not.toEqual(before[name].data);
  });

  test('the same seed gives bit-identical weights, another seed others', async () => {
    const run = async (seed: number) => {
      const phase = cnnPhase(seed);
      const losses = (await runPhase(phase)).map(({ loss }) => loss);
      return { losses, arrays: namedArrays(phase.result) };
    };
    const [a, b, other] = [await run(5), await run(5), await run(6)];
    expect(b).toEqual(a);
    expect(other.losses).not.toEqual(a.losses);
    expect(other.arrays).not.toEqual(a.arrays);
  });

  test.each([0, 3, 4, 7])('restored after %d steps, it ends bit-identically', async (steps) => {
    const whole = cnnPhase(3);
    await runPhase(whole, steps);
    const kept = whole.snapshot();
    const rest = await runPhase(whole);
    const resumed = cnnPhase(3);
    resumed.restore(throughFile(kept));
    expect(resumed.completedSteps).toBe(steps);
    expect(await runPhase(resumed)).toEqual(rest);
    expect(namedArrays(resumed.result)).toEqual(namedArrays(whole.result));
  });

  test('a snapshot of another model is refused', () => {
    expect(() => cnnPhase(1).restore(linearPhase(1).snapshot())).toThrow(DataError);
  });

  test('weights that are NaN are a NumericError, and the state stays as it was', async () => {
    const phase = linearPhase(1);
    phase.restore(poisoned(phase.snapshot(), 'train.params.weight'));
    await expect(phase.step()).rejects.toThrow(NumericError);
    await expect(phase.step()).rejects.toThrow(/loss of step 1 is NaN; lower the learning rate/);
    expect(phase.completedSteps).toBe(0);
  });

  test.each([
    ['the convolutional network', cnnPhase],
    ['the linear model', linearPhase],
  ])('a huge learning rate is a NumericError: %s', async (_, phaseOf) => {
    await expect(runPhase(phaseOf(1, { learningRate: 1e30, warmupEpochs: 0 }))).rejects.toThrow(NumericError);
  });

  test('asks for the loss before every step', async () => {
    let asked = 0;
    const doubled = classLoss({ ...fixedLosses['cross-entropy']([1, 1, 1]), weight: [2, 2, 2] });
    const phase = linearPhase(1, {}, { loss: movingLoss(() => (asked++ === 0 ? neutral : doubled)) });
    const plain = linearPhase(1);
    const [first, second] = await runPhase(phase, 2);
    const [plainFirst, plainSecond] = await runPhase(plain, 2);
    expect(first.loss).toBe(plainFirst.loss);
    expect(second.loss).toBeCloseTo(2 * plainSecond.loss, 5);
    expect(asked).toBe(2);
  });
});

describe('SearchPhase', () => {
  // 72, 22 and 7 samples, overlapping: the rare class needs help.
  const large = toyDataset(72, 2, 14);
  const largeSource = sourceOf(large);
  const tail = [72, 22, 7].flatMap((count, k) => Array.from({ length: count }, (_, i) => k + CLASSES * i));
  const split = stratifiedSplit(large.labels, CLASSES, 0.4, new Random(4), Int32Array.from(tail));

  function searchPhase(
    seed: number,
    search: Partial<SearchSettings> = {},
    { epochs = 4, start = 'cross-entropy' as FixedLossName } = {},
  ) {
    return new SearchPhase({
      model: linearModel,
      programs: linearPrograms,
      source: largeSource,
      splits: [split],
      random: new Random(seed),
      settings: { ...trainingSettings, epochs, learningRate: 0.05 },
      search: { ...searchSettings, ...search },
      initial: fixedLosses[start]([43, 13, 4]),
      counts: [43, 13, 4],
    });
  }

  test('takes a hypergradient every interval after the warm-up, and only then', async () => {
    const phase = searchPhase(1, { warmupEpochs: 2, interval: 2 });
    expect([phase.stepsPerEpoch, phase.totalSteps]).toEqual([3, 12]);
    const reports = await runPhase(phase);
    const steps = reports.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient.step] : []));
    expect(steps).toEqual([8, 10, 12]);
  });

  test('before the first hypergradient, what is learned is the start', async () => {
    const { iota } = fixedLosses['logit-adjustment']([43, 13, 4]);
    for (const parametrisation of ['identity', 'softplus'] as const) {
      const phase = searchPhase(1, { parametrisation }, { start: 'logit-adjustment' });
      await runPhase(phase, 3);
      const { learned } = phase;
      learned.delta.forEach((delta, k) => {
        expect(delta).toBeCloseTo(1, 6);
        expect(learned.iota[k]).toBeCloseTo(iota[k], 6);
        expect(learned.weight[k]).toBe(1);
      });
    }
  });

  test('until α moves, it trains exactly as the plain phase does', async () => {
    const search = searchPhase(2, { warmupEpochs: 1, parametrisation: 'identity' });
    const plain = new SgdPhase({
      model: linearModel,
      programs: linearPrograms,
      ...common(2, { epochs: 4, learningRate: 0.05 }),
      source: largeSource,
      indices: split.train,
    });
    expect(await runPhase(search, 4)).toEqual(await runPhase(plain, 4));
    expect(namedArrays(search.result)).toEqual(namedArrays(plain.result));
  });

  test('every report is whole', async () => {
    const reports = await runPhase(searchPhase(1));
    const hypergradients = reports.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient] : []));
    expect(hypergradients.length).toBeGreaterThan(2);
    for (const report of hypergradients) {
      expect(report.norm).toBeGreaterThan(0);
      expect(report.outer).toBeGreaterThan(0);
      expect(report.residuals[0]).toBe(1);
      expect(report.status).not.toBe('diverged');
      expect(report.stepSize).toBeNull();
      expect(report.largestEigenvalue).toBeGreaterThan(report.smallestEigenvalue!);
      expect([report.delta.length, report.iota.length]).toEqual([CLASSES, CLASSES]);
    }
    // The spectrum is estimated anew every other time.
    const largest = hypergradients.map(({ largestEigenvalue }) => largestEigenvalue);
    expect(largest[1]).toBe(largest[0]);
    expect(largest[2]).not.toBe(largest[0]);
  });

  test('what is not to be learned stays as it was', async () => {
    const iotaOnly = searchPhase(1, { learn: ['iota'] });
    await runPhase(iotaOnly);
    expect(iotaOnly.learned.delta).toEqual([1, 1, 1]);
    expect(iotaOnly.learned.iota).not.toEqual([0, 0, 0]);
    const deltaOnly = searchPhase(1, { learn: ['delta'] });
    await runPhase(deltaOnly);
    expect(deltaOnly.learned.iota).toEqual([0, 0, 0]);
    expect(deltaOnly.learned.delta).not.toEqual([1, 1, 1]);
  });

  test('what is learned is the mean of α over the second half of the updates', async () => {
    const phase = searchPhase(1, { parametrisation: 'identity' });
    const reports = await runPhase(phase);
    const late = reports.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient] : [])).slice(2);
    expect(late).toHaveLength(2);
    for (const name of ['delta', 'iota'] as const) {
      flatTable(phase.learned[name]).forEach((value, k) => {
        const mean = late.reduce((total, report) => total + flatTable(report[name])[k]!, 0) / late.length;
        expect(value).toBeCloseTo(mean, 6);
      });
    }
  });

  test.each(['identity', 'softplus', 'sigmoid'] as const)(
    '%s: ι of the rare class ends below that of the head class, as with logit adjustment',
    async (parametrisation) => {
      const learn = parametrisation === 'sigmoid' ? (['iota'] as const) : (['delta', 'iota'] as const);
      // 240, 76 and 24 samples: enough of the rare class on the validation side for its signal to be more than noise.
      const many = toyDataset(240, 2, 14);
      const samples = longTailIndices(many.labels, CLASSES, { n0: 240, imbalance: 10 });
      const { train, validation } = stratifiedSplit(many.labels, CLASSES, 0.3, new Random(5), samples);
      const phase = new SearchPhase({
        model: linearModel,
        programs: linearPrograms,
        source: sourceOf(many),
        splits: [{ train, validation }],
        random: new Random(3),
        settings: { ...trainingSettings, epochs: 8, learningRate: 0.05 },
        search: { ...searchSettings, parametrisation, learn, interval: 2 },
        initial: fixedLosses['cross-entropy']([168, 53, 17]),
        counts: [168, 53, 17],
      });
      await runPhase(phase);
      const [head, middle, rare] = flatTable(phase.learned.iota);
      expect(rare).toBeLessThan(middle);
      expect(head - rare).toBeGreaterThan(0.3);
    },
  );

  test('the same seed gives bit-identical weights and α, another seed others', async () => {
    const run = async (seed: number) => {
      const phase = searchPhase(seed);
      const reports = await runPhase(phase);
      return { reports, arrays: namedArrays(phase.result), learned: phase.learned };
    };
    const [a, b, other] = [await run(5), await run(5), await run(6)];
    expect(b).toEqual(a);
    expect(other.learned).not.toEqual(a.learned);
    expect(other.arrays).not.toEqual(a.arrays);
  });

  test.each([2, 5, 6, 9, 11])('restored after %d of 12 steps, it ends bit-identically', async (steps) => {
    const whole = searchPhase(7);
    await runPhase(whole, steps);
    const kept = whole.snapshot();
    const rest = await runPhase(whole);
    const resumed = searchPhase(7);
    resumed.restore(throughFile(kept));
    expect(await runPhase(resumed)).toEqual(rest);
    expect(namedArrays(resumed.result)).toEqual(namedArrays(whole.result));
    expect(resumed.learned).toEqual(whole.learned);
  });

  test('a snapshot of a search that learned something else is refused', () => {
    const kept = searchPhase(1, { learn: ['iota'] }).snapshot();
    expect(() => searchPhase(1).restore(kept)).toThrow(DataError);
  });

  test('a solve that diverges leaves α alone and says so', async () => {
    const phase = searchPhase(1, { method: { solver: 'neumann', iterations: 40, stepSize: 1e3, damping: 0 } });
    const reports = await runPhase(phase);
    const statuses = reports.flatMap(({ hypergradient }) => (hypergradient ? [hypergradient.status] : []));
    expect(new Set(statuses)).toEqual(new Set(['diverged']));
    expect(phase.learned.iota).toEqual([0, 0, 0]);
  });

  test('weights that are NaN are a NumericError', async () => {
    const phase = searchPhase(1);
    phase.restore(poisoned(phase.snapshot(), 'search.splits.0.train.params.bias'));
    await expect(phase.step()).rejects.toThrow(NumericError);
  });
});
