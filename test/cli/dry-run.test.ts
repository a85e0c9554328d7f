import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { adultPeople, writeFiles } from '../support/datasets.js';
import { cli, jsonOf, makeWorkplace, tinySettings, type Workplace } from './tiny.js';

let work: Workplace;
beforeAll(async () => {
  work = await makeWorkplace();
});
afterAll(() => work.remove());

interface Plan {
  readonly parts: readonly { part: string; samples: number; classCounts: number[]; cellCounts?: number[][] }[];
  readonly stages: readonly { stage: string; epochs: number; steps: number; hypergradients: number; seconds: number }[];
  readonly model: { name: string; parameters: number };
  readonly seconds: number;
  readonly costs: { step: number; hypergradient?: number; evaluation: number };
  readonly memory: { peakBytes: number; machineBytes: number };
}

test('the plan says what the run then does', async () => {
  const methods = ['--methods', 'cross-entropy,tau-norm,crt,autobalance'];
  const { code, out } = await cli(['run', 'mnist-lt', ...work.options, ...methods, '--dry-run', '--json']);
  expect(code).toBe(0);
  expect(existsSync(work.runs)).toBe(false);
  const plan = jsonOf(out) as unknown as Plan;
  expect(plan.parts.map(({ part, classCounts }) => [part, classCounts])).toEqual([
    ['training', [30, 12, 5]],
    ['search: θ', [21, 8, 3]],
    ['search: held out', [9, 4, 2]],
    ['test', [20, 20, 20]],
  ]);
  // 3×3×1 filters and their norms, then 4·4·3 features to 3 classes.
  expect(plan.model).toEqual({ name: 'small-cnn-3', parameters: 27 + 6 + 48 * 3 + 3 });

  // 47 samples make 3 batches of 12, 32 make 2; α moves at steps 4 and 6 of 6.
  expect(plan.stages.map(({ stage, epochs, steps, hypergradients }) => [stage, epochs, steps, hypergradients])).toEqual(
    [
      ['cross-entropy', 3, 9, 0],
      ['tau-norm adjust', 0, 1, 0],
      ['crt classifier', 1, 3, 0],
      ['autobalance search', 3, 6, 2],
      ['autobalance retrain', 3, 9, 0],
    ],
  );
  const run = jsonOf((await cli(['run', 'mnist-lt', ...work.options, ...methods, '--json'])).out);
  const { counts } = run.hypergradient as { counts: Record<string, number> };
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(2);

  const { step, hypergradient, evaluation } = plan.costs;
  for (const seconds of [step, hypergradient!, evaluation]) expect(seconds).toBeGreaterThan(0);
  const search = plan.stages[3]!;
  // Fifteen held-out samples are looked at after each of three epochs.
  expect(search.seconds).toBeCloseTo(6 * step + 2 * hypergradient! + 45 * evaluation, 9);
  expect(plan.seconds).toBeCloseTo(
    plan.stages.reduce((sum, { seconds }) => sum + seconds, 0),
    9,
  );
  expect(plan.memory.peakBytes).toBeGreaterThan(10e6);
  expect(plan.memory.peakBytes).toBeLessThan(plan.memory.machineBytes);
});

test('groups are counted, and people read it as text', async () => {
  const people = writeFiles(join(work.folder, 'people'), adultPeople(8));
  const { model: _, longTail: __, ...short } = tinySettings;
  const config = await work.file('adult.yaml', stringify({ ...short, search: { ...short.search, folds: 2 } }));
  const args = ['adult', '--data-dir', people, '--config', config, '--dry-run'];
  const { out } = await cli(['search', ...args]);
  expect(out).toMatch(/^Settings\n\npreset: adult\n/);
  expect(out).toMatch(/│ >50K +│ Female │ +\d+ │/);
  expect(out).toMatch(/│ +2: θ │ 2: held out │ +│/);
  expect(out).toMatch(/Model: mlp-64-32-2, \d+ parameters/);
  expect(out).toMatch(/Memory: about [\d.]+ GiB of [\d.]+ GiB\.\nTime: about .+ on .+; a step took [\d.]+ s, a hyper/);
  const { parts } = jsonOf((await cli(['search', ...args, '--json'])).out) as unknown as Plan;
  for (const { samples, cellCounts } of parts) {
    expect(cellCounts!.flat().reduce((sum, count) => sum + count, 0)).toBe(samples);
  }
});

test('is not for a run that has begun', async () => {
  const { code, err } = await cli(['run', '--resume', 'somewhere', '--dry-run']);
  expect([code, err]).toEqual([2, expect.stringMatching(/--dry-run is for a run that has not begun/)]);
});
