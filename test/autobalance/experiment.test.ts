import { describe, expect, test } from 'vitest';
import {
  type ClassLossNumbers,
  ConfigError,
  DataError,
  Experiment,
  type ExperimentEvent,
  type ExperimentSettings,
  type MethodResult,
  type Stage,
  smallCnn,
  stagesOf,
} from '../../src/index.js';
import { CLASSES, experimentSettings, linearModel, SIDE, throughFile, toyDataset } from './toy.js';

const data = { train: toyDataset(40, 11, 30), test: toyDataset(30, 12, 30) };
const cnn = smallCnn({ classes: CLASSES, imageShape: [SIDE, SIDE, 1], channels: [3] });
const stages: Stage[] = [...stagesOf('cross-entropy'), ...stagesOf('autobalance')];

const experiment = (settings: Partial<ExperimentSettings> = {}, list = stages, learned?: ClassLossNumbers) =>
  new Experiment(cnn, data, list, { ...experimentSettings, ...settings }, learned && { learned });
type Toy = ReturnType<typeof experiment>;

async function finish(run: Toy): Promise<ExperimentEvent[]> {
  const events: ExperimentEvent[] = [];
  while (!run.done) events.push(await run.step());
  return events;
}
const timeless = ({ seconds: _, ...errors }: MethodResult) => errors;
/** Everything that must not depend on where a run was interrupted. */
const outcome = (run: Toy) => ({
  weights: run.weights,
  learned: run.learned,
  results: [...run.results].map(([method, result]) => [method, timeless(result)]),
  hypergradients: run.hypergradients,
});
const stepsOf = (events: readonly ExperimentEvent[]) =>
  events.map(({ result, ...event }) => ({ ...event, result: result && timeless(result) }));

const whole = experiment();
const events = finish(whole);

describe('Experiment', () => {
  test('cuts the long tail', () => {
    // ⌊40 · 8^(−k/2)⌋
    expect(whole.counts).toEqual([40, 14, 5]);
    expect(whole.trainIndices).toHaveLength(59);
  });

  test('goes through its stages, each to its end', async () => {
    const list = await events;
    stages.forEach((stage, stageIndex) => {
      const own = list.filter((event) => event.stageIndex === stageIndex);
      expect(own.map(({ completedSteps }) => completedSteps)).toEqual(own.map((_, i) => i + 1));
      expect(own.length).toBe(own[0].totalSteps);
      expect(own.every((event) => event.stage === stage)).toBe(true);
    });
    expect(whole.done).toBe(true);
    await expect(whole.step()).rejects.toThrow(ConfigError);
    expect(whole.progress).toEqual({ stageIndex: 3, completedSteps: 0, totalSteps: 0 });
  });

  test('reports a result for each method, at the last step of its last stage', async () => {
    const withResult = (await events).filter(({ result }) => result);
    expect(withResult.map(({ stage }) => [stage.method, stage.kind])).toEqual([
      ['cross-entropy', 'train'],
      ['autobalance', 'retrain'],
    ]);
    expect([...whole.results.keys()]).toEqual(['cross-entropy', 'autobalance']);
    for (const { balancedError, classError, seconds } of whole.results.values()) {
      expect(classError).toHaveLength(CLASSES);
      expect(balancedError).toBeCloseTo(classError.reduce((total, x) => total + x, 0) / CLASSES, 10);
      expect(seconds).toBeGreaterThan(0);
    }
  });

  test('the loss falls in every stage', async () => {
    const list = await events;
    stages.forEach((_, stageIndex) => {
      const losses = list.flatMap((e) =>
        e.stageIndex === stageIndex && e.report.epoch ? [e.report.epoch.trainLoss] : [],
      );
      expect(losses.at(-1)).toBeLessThan(losses[0]);
    });
  });

  test('shows the network that is in training, until there is none', async () => {
    const run = experiment({}, stagesOf('cross-entropy'));
    const start = run.network!;
    const { report } = await run.step();
    expect(report.loss).toBeGreaterThan(0);
    const moved = await run.testLogits(run.network!, 'cross-entropy');
    expect(moved).toHaveLength(90 * CLASSES);
    expect(moved).not.toEqual(await run.testLogits(start, 'cross-entropy'));
    await finish(run);
    expect(run.network).toBeUndefined();
  });

  test('a trained model comes back from the weights, with the error that was reported', async () => {
    await events;
    for (const [method, kind] of [
      ['cross-entropy', 'train'],
      ['autobalance', 'retrain'],
    ] as const) {
      const model = whole.modelFrom(whole.weights, 'run', `${method}.${kind}`);
      expect(await whole.evaluate(model)).toEqual(timeless(whole.results.get(method)!));
    }
    expect(Object.keys(whole.weights).some((name) => name.startsWith('autobalance.search.params.'))).toBe(true);
    expect(() => whole.modelFrom(whole.weights, 'run', 'logit-adjustment.train')).toThrow(DataError);
  });

  test('the same seed gives bit-identical weights, α and results', async () => {
    await events;
    const again = experiment();
    expect(stepsOf(await finish(again))).toEqual(stepsOf(await events));
    expect(outcome(again)).toEqual(outcome(whole));
  });

  test('another seed gives other ones', async () => {
    await events;
    const other = experiment({ seed: 2 });
    await finish(other);
    expect(other.learned).not.toEqual(whole.learned);
    expect(other.weights).not.toEqual(whole.weights);
  });

  // Middle of the first stage, its end, in the search before and after α moved, its end, in the retraining, the very end.
  test.each([
    [0, 0],
    [0, 4],
    [1, 0],
    [1, 1],
    [1, 7],
    [2, 0],
    [2, 5],
    [3, 0],
  ])('interrupted in stage %d after %d steps and restored, it ends bit-identically', async (stageIndex, steps) => {
    const list = await events;
    const first = experiment();
    const before = list.filter((e) => e.stageIndex < stageIndex).length + steps;
    for (let i = 0; i < before; i++) await first.step();
    const kept = first.snapshot();
    // The interrupted run goes on for a while: its snapshot must not change with it.
    for (let i = 0; i < 3 && !first.done; i++) await first.step();
    const resumed = experiment();
    expect(resumed.progress.stageIndex).toBe(0);
    resumed.restore(throughFile(kept));
    expect(resumed.progress.stageIndex).toBe(stageIndex);
    expect(resumed.progress.completedSteps).toBe(steps);
    expect(stepsOf(await finish(resumed))).toEqual(stepsOf(list.slice(before)));
    expect(outcome(resumed)).toEqual(outcome(whole));
  });

  test('retraining under a given loss needs no search, and equals the retraining after it', async () => {
    await events;
    const retrain: Stage = { method: 'autobalance', kind: 'retrain' };
    const run = experiment({}, [retrain], whole.learned);
    await finish(run);
    expect(timeless(run.results.get('autobalance')!)).toEqual(timeless(whole.results.get('autobalance')!));
    await expect(experiment({}, [retrain]).step()).rejects.toThrow(ConfigError);
  });

  test('methods differ in their loss alone: retraining under the neutral loss is cross-entropy', async () => {
    await events;
    const neutral = { delta: [1, 1, 1], iota: [0, 0, 0], weight: [1, 1, 1] };
    const run = experiment({}, [{ method: 'autobalance', kind: 'retrain' }], neutral);
    await finish(run);
    expect(timeless(run.results.get('autobalance')!)).toEqual(timeless(whole.results.get('cross-entropy')!));
  });

  test('a snapshot of another model is refused', () => {
    const other = new Experiment(linearModel, data, stages, experimentSettings);
    expect(other.progress.stageIndex).toBe(0);
    expect(() => experiment().restore(other.snapshot())).toThrow(DataError);
  });

  test('data that cannot give the long tail is refused', () => {
    expect(() => experiment({ longTail: { n0: 41, imbalance: 8 } })).toThrow(ConfigError);
  });
});

test('stages of each method', () => {
  expect(stagesOf('logit-adjustment')).toEqual([{ method: 'logit-adjustment', kind: 'train' }]);
  expect(stagesOf('autobalance').map(({ kind }) => kind)).toEqual(['search', 'retrain']);
});
