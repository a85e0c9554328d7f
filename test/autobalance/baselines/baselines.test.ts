import { describe, expect, test } from 'vitest';
import {
  type BaselineName,
  baselineNames,
  baselines,
  baselineWith,
  ConfigError,
  classLoss,
  classMethods,
  crossEntropy,
  effectiveNumberWeights,
  fixedLosses,
  focalLoss,
  grad,
  groupDro,
  type LossBatch,
  ldamMargins,
  mapTrees,
  methodNames,
  parametricCrossEntropy,
  smoothedCrossEntropy,
  stagesOf,
  stagesOfAll,
  Tensor,
  type TrainingLoss,
  tensor,
  type Value,
} from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';
import { batch, expectJudged, expectSecondOrder, fixture } from '../training-losses.js';

const { counts } = fixture;

/** In f64 whatever it holds, so that it can be compared with PyTorch's. */
const widened = (tree: unknown): unknown =>
  mapTrees((leaf) => Tensor.of(Float64Array.from(leaf.data()), leaf.shape, 'f64'), tree);

/** A baseline's loss of the fixture's batch at some point of the training. */
function lossOf(name: BaselineName, settings = {}, progress = 0, of: LossBatch = batch): (logits: Value) => Value {
  const { baseline, settings: own } = baselineWith(name, { [name]: settings });
  if (baseline.kind !== 'loss') throw new Error(`${name} has no loss`);
  const context = { counts: baseline.needs === 'groups' ? fixture.population : counts };
  const made = baseline.loss(context, own) as TrainingLoss<unknown, unknown>;
  return (logits) => made.apply({ ...of, logits }, widened(made.numbers(progress)), widened(made.memory)).loss;
}

describe('the registry', () => {
  test.each(baselineNames)('%s is listed under its name and described', (name) => {
    const { name: own, summary, needs, settings } = baselines[name];
    expect(own).toBe(name);
    expect(summary.length).toBeGreaterThan(10);
    expect(classMethods.includes(name)).toBe(needs === 'classes');
    for (const value of Object.values(settings)) expect(Number.isFinite(value)).toBe(true);
  });

  test('settings can be changed, unknown ones are a ConfigError', () => {
    expect(baselineWith('vs', { vs: { gamma: 0.3 } }).settings).toEqual({ tau: 1, gamma: 0.3 });
    expect(() => baselineWith('focal', { focal: { beta: 1 } })).toThrow(
      /focal: there is no setting "beta"; it has gamma/,
    );
  });
});

describe('stages', () => {
  test('of each kind of method', () => {
    expect(stagesOf('ldam')).toEqual([{ method: 'ldam', kind: 'train' }]);
    expect(stagesOf('tau-norm')).toEqual([{ method: 'tau-norm', kind: 'adjust' }]);
    expect(stagesOf('crt')).toEqual([{ method: 'crt', kind: 'classifier' }]);
    expect(stagesOf('autobalance').map(({ kind }) => kind)).toEqual(['search', 'retrain']);
  });

  test('what changes a last layer needs cross-entropy’s network, trained once and first', () => {
    const train = { method: 'cross-entropy', kind: 'train' };
    expect(stagesOfAll(['tau-norm', 'crt'])).toEqual([train, ...stagesOf('tau-norm'), ...stagesOf('crt')]);
    expect(stagesOfAll(['cross-entropy', 'tau-norm'])).toEqual([train, ...stagesOf('tau-norm')]);
    expect(stagesOfAll(['focal', 'autobalance'])).toEqual([...stagesOf('focal'), ...stagesOf('autobalance')]);
    expect(stagesOfAll(methodNames)[0]).toEqual(train);
  });
});

describe('losses agree with PyTorch in value and gradient', () => {
  test('cross-entropy', () => {
    const loss = lossOf('cross-entropy');
    expectClose([loss(batch.logits).item()], [crossEntropy(batch.logits, batch.labels).item()], { relative: 1e-12 });
  });

  test('weighted: 1/n, divided by the sum of weights in the batch', () => {
    // The numbers are f32, as in training.
    const { value } = fixture.weighted;
    expectClose([lossOf('weighted')(batch.logits).item()], [value], { relative: 1e-7 });
  });

  test('class-balanced', () => {
    expectClose(effectiveNumberWeights(counts, 0.99), fixture.classBalanced.weights.values, { relative: 1e-12 });
    const loss = lossOf('class-balanced', { beta: 0.99 });
    expectClose([loss(batch.logits).item()], [fixture.classBalanced.value], { relative: 1e-7 });
    expectClose(grad(loss)(batch.logits).data(), fixture.classBalanced.gradient[0]!.values, { absolute: 1e-7 });
  });

  test('focal', () => {
    expectJudged((logits) => focalLoss(logits, batch.labels, 1.5), fixture.focal);
    expectJudged(lossOf('focal', { gamma: 1.5 }), fixture.focal);
  });

  test('label smoothing', () => {
    expectJudged((logits) => smoothedCrossEntropy(logits, batch.labels, 0.1), fixture.labelSmoothing);
    expectJudged(lossOf('label-smoothing'), fixture.labelSmoothing);
  });

  test('LDAM and its deferred weights', () => {
    expectClose(ldamMargins(counts, 0.5), fixture.ldam.margins.values, { relative: 1e-12 });
    const close = { relative: 1e-6 };
    const deferred = { margin: 0.5, scale: 5, switchAt: 0.8, beta: 0.99 };
    for (const loss of [
      lossOf('ldam', { scale: 5 }),
      lossOf('ldam-drw', deferred),
      lossOf('ldam-drw', deferred, 0.799),
    ]) {
      expectClose([loss(batch.logits).item()], [fixture.ldam.value], close);
    }
    for (const progress of [0.8, 0.99]) {
      const loss = lossOf('ldam-drw', deferred, progress);
      expectClose([loss(batch.logits).item()], [fixture.ldamDrw.value], close);
      expectClose(grad(loss)(batch.logits).data(), fixture.ldamDrw.gradient[0]!.values, { absolute: 1e-6 });
    }
  });

  test('Group-DRO: loss and weights after one batch', () => {
    const q = tensor(new Float64Array(12).fill(1 / 12));
    const step = (logits: Value) => groupDro({ ...batch, logits }, { q }, { groups: 3, eta: 0.5 });
    expectJudged((logits) => step(logits).loss, fixture.groupDro);
    expectClose(step(batch.logits).memory.q.data(), fixture.groupDro.q.values, { relative: 1e-10 });
  });
});

describe('every loss', () => {
  const trained = baselineNames.filter((name) => baselines[name].kind === 'loss');

  // Group-DRO's weights are constants to its derivative though the batch moves them, so its gradient is no function to difference.
  test.each(trained.filter((name) => name !== 'group-dro'))('%s has second derivatives', (name) => {
    expectSecondOrder(lossOf(name));
  });

  test.each(trained)('%s is finite with saturated logits, in f32', (name) => {
    const { baseline, settings } = baselineWith(name);
    if (baseline.kind !== 'loss') throw new Error('filtered');
    const made = baseline.loss({ counts: baseline.needs === 'groups' ? fixture.population : counts }, settings);
    const logits = tensor(
      fixture.logits.values.map((x) => 1e3 * x),
      { shape: [10, 4] },
    );
    const loss = (f: Value): Value => made.apply({ ...batch, logits: f }, made.numbers(0), made.memory).loss;
    expect(Number.isFinite(loss(logits).item())).toBe(true);
    expect(grad(loss)(logits).data().every(Number.isFinite)).toBe(true);
  });
});

describe('what they are at the ends of their settings', () => {
  const plain = crossEntropy(batch.logits, batch.labels).item();
  test.each<[BaselineName, object]>([
    ['class-balanced', { beta: 0 }],
    ['focal', { gamma: 0 }],
    ['label-smoothing', { epsilon: 0 }],
    ['ldam', { margin: 0 }],
    ['logit-adjustment', { tau: 0 }],
    ['cdt', { gamma: 0 }],
    ['vs', { tau: 0, gamma: 0 }],
    ['group-vs', { tau: 0, gamma: 0 }],
  ])('%s with %j is cross-entropy', (name, settings) => {
    expectClose([lossOf(name, settings)(batch.logits).item()], [plain], { relative: 1e-6 });
  });

  test('class-balanced tends to weights 1/n as β tends to 1', () => {
    const total = counts.reduce((sum, n) => sum + 1 / n, 0);
    const inverse = counts.map((n) => 4 / (n * total));
    expectClose(effectiveNumberWeights(counts, 1 - 1e-9), inverse, { relative: 1e-5 });
  });

  test('focal by hand: p = 1/2 gives (1/2)^γ log 2', () => {
    const half = tensor([0, 0], { shape: [1, 2], dtype: 'f64' });
    expectClose([focalLoss(half, tensor([1], { dtype: 'i32' }), 3).item()], [Math.LN2 / 8], { relative: 1e-14 });
  });

  test.each<[BaselineName, object, RegExp]>([
    ['class-balanced', { beta: 1 }, /beta must be from 0 to below 1, got 1/],
    ['focal', { gamma: -1 }, /gamma must not be negative, got -1/],
    ['label-smoothing', { epsilon: 1 }, /epsilon must be from 0 to below 1/],
    ['ldam', { scale: 0 }, /scale must be positive/],
    ['ldam-drw', { switchAt: 2 }, /switchAt must be from 0 to 1/],
    ['group-dro', { eta: 0 }, /eta must be positive/],
  ])('%s with %j is a ConfigError', (name, settings, message) => {
    expect(() => lossOf(name, settings)).toThrow(ConfigError);
    expect(() => lossOf(name, settings)).toThrow(message);
  });

  test.each(['weighted', 'class-balanced', 'ldam', 'logit-adjustment', 'cdt', 'vs'] as const)(
    '%s refuses a class without samples',
    (name) => {
      const { baseline, settings } = baselineWith(name);
      if (baseline.kind !== 'loss') throw new Error('not a loss');
      expect(() => baseline.loss({ counts: [5, 0] }, settings)).toThrow(/class 1 has 0 samples/);
    },
  );
});

describe('by group', () => {
  test('group-weighted: the cells’ mean losses have equal weight, and the mean weight of a sample is 1', () => {
    const { baseline, settings } = baselineWith('group-weighted');
    if (baseline.kind !== 'loss') throw new Error('not a loss');
    const cells = [
      [30, 10],
      [0, 20],
    ];
    const { weight } = baseline.loss({ counts: cells }, settings).numbers(0) as { weight: Value };
    expectClose(weight.data(), [60 / 90, 60 / 30, 0, 60 / 60], { relative: 1e-6 });
  });

  test('group-vs and group logit adjustment are the fixed losses of the cells', () => {
    const numbers = fixedLosses.vs(fixture.population);
    const expected = parametricCrossEntropy(
      batch.logits,
      batch.labels,
      widened(classLoss(numbers)) as never,
      batch.groups,
    );
    expectClose([lossOf('group-vs')(batch.logits).item()], [expected.item()], { relative: 1e-12 });
    expectClose(
      [lossOf('group-vs', { gamma: 0 })(batch.logits).item()],
      [lossOf('group-logit-adjustment')(batch.logits).item()],
      { relative: 1e-12 },
    );
  });

  test('Group-DRO: the weight of the worst cell grows, that of an absent one only shrinks with the sum', () => {
    const memory = { q: tensor(new Float64Array(12).fill(1 / 12)) };
    const losses = [...Array(3)].reduce(
      (state: { q: Value }) => groupDro(batch, state, { groups: 3, eta: 0.3 }).memory,
      memory,
    );
    const q = [...losses.q.data()];
    expect(q.reduce((total, x) => total + x, 0)).toBeCloseTo(1, 12);
    const absent = q[2]!;
    expect(Math.min(...q)).toBeCloseTo(absent, 12);
    expect(Math.max(...q)).toBeGreaterThan(2 * absent);
  });

  test.each(['group-weighted', 'group-logit-adjustment', 'group-vs', 'group-dro'] as const)(
    '%s refuses data without groups',
    (name) => {
      const { baseline, settings } = baselineWith(name);
      if (baseline.kind !== 'loss') throw new Error('not a loss');
      expect(() => baseline.loss({ counts }, settings)).toThrow(/needs data with groups/);
    },
  );
});

describe('changes of the last layer', () => {
  const head = {
    weight: tensor(
      [
        [3, 0, 1],
        [4, 2, 0],
      ],
      { dtype: 'f64' },
    ),
    bias: tensor([1, -1, 0.5], { dtype: 'f64' }),
  };
  const adjusted = (name: BaselineName, settings = {}) => {
    const { baseline, settings: own } = baselineWith(name, { [name]: settings });
    if (baseline.kind !== 'adjust') throw new Error(`${name} adjusts nothing`);
    return baseline.adjust(head, { counts: [70, 20, 10] }, own);
  };

  test('post-hoc logit adjustment takes τ log π from the logits', () => {
    const { weight, bias } = adjusted('post-hoc-logit-adjustment', { tau: 2 });
    expect(weight).toBe(head.weight);
    expectClose(bias.data(), [1 - 2 * Math.log(0.7), -1 - 2 * Math.log(0.2), 0.5 - 2 * Math.log(0.1)], {
      relative: 1e-14,
    });
  });

  test('τ-norm divides the weights of a class by their length to the power of τ', () => {
    const { weight, bias } = adjusted('tau-norm', { tau: 1 });
    expectClose(weight.data(), [0.6, 0, 1, 0.8, 1, 0], { relative: 1e-14 });
    expect([...bias.data()]).toEqual([0, 0, 0]);
    const half = adjusted('tau-norm', { tau: 0.5 }).weight.data();
    expectClose(half, [3 / Math.sqrt(5), 0, 1, 4 / Math.sqrt(5), Math.SQRT2, 0], { relative: 1e-14 });
    expectClose(adjusted('tau-norm', { tau: 0 }).weight.data(), head.weight.data(), { relative: 1e-14 });
    expect(() => adjusted('tau-norm', { tau: -1 })).toThrow(ConfigError);
  });

  test('τ-norm of weights that are all 0 stays finite', () => {
    const zero = { ...head, weight: tensor([0, 0, 0, 0, 0, 0], { shape: [2, 3] }), bias: tensor([0, 0, 0]) };
    const { weight } = baselines['tau-norm'].adjust(zero, { counts: [1, 1, 1] }, { tau: 1 });
    expect([...weight.data()]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('LWS scales each logit, bias included; cRT starts afresh', () => {
    const { head: scaled } = baselines.lws;
    const fresh = { ...head, bias: tensor([0, 0, 0], { dtype: 'f64' }) };
    expect([...scaled.init(head, fresh).scale.data()]).toEqual([1, 1, 1]);
    const { weight, bias } = scaled.head({ scale: tensor([2, 3, -1], { dtype: 'f64' }) }, head);
    expect([...weight.data()]).toEqual([6, 0, -1, 8, 6, -0]);
    expect([...bias.data()]).toEqual([2, -3, -0.5]);
    expect(baselines.crt.head.init(head, fresh)).toBe(fresh);
    expect(baselines.crt.head.head(fresh, head)).toBe(fresh);
  });
});
