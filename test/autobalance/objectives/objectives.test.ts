import { describe, expect, test } from 'vitest';
import {
  balanced,
  blend,
  ConfigError,
  calibrated,
  crossEntropy,
  demographicParity,
  differenceOfOpportunity,
  equalisedOdds,
  grad,
  inverseTemperature,
  meanCrossEntropy,
  mul,
  type Objective,
  type ObjectiveSetting,
  objectiveOf,
  objectives,
  ShapeError,
  softError,
  softmax,
  tensor,
  underPrior,
  type Value,
  weightedCrossEntropy,
  withGroupsAsIn,
  worstGroup,
} from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';
import { batch, expectJudged, expectSecondOrder, fixture, type Judged } from '../training-losses.js';

const groups = 3;
const counts = fixture.population;
const expected = fixture.objectives;

/** Every objective that compares cells or groups, with what PyTorch says of it. */
const all: readonly (readonly [string, Objective, Judged])[] = [
  ['balanced', balanced(), expected.balanced],
  ['group-balanced', balanced({ groups }), expected.groupBalanced],
  ['worst-group', worstGroup({ groups }), expected.worstGroup],
  ['deo', differenceOfOpportunity({ groups }), expected.deo],
  ['equalised odds', equalisedOdds({ groups }), expected.equalisedOdds],
  ['demographic parity of the batch', demographicParity({ groups }), expected.demographicParity],
  ['demographic parity of a population', demographicParity({ groups, counts }), expected.demographicParityMixed],
  ['another prior', underPrior(meanCrossEntropy, [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.1, 0.2]), expected.prior],
];

describe.each(all)('%s', (_, objective, judged) => {
  const ofBatch = (logits: Value): Value => objective(logits, batch.labels, batch.groups);

  test('agrees with PyTorch in value and gradient, with empty cells', () => {
    expectJudged(ofBatch, judged);
  });

  test('has second derivatives', () => {
    expectSecondOrder(ofBatch);
  });

  test.each([
    ['one sample', [2], [1]],
    ['one class', [1, 1, 1], [0, 2, 1]],
    ['one group', [0, 1, 2], [2, 2, 2]],
    ['one cell', [3, 3], [0, 0]],
  ])('%s: finite in value and every derivative', (__, labels, own) => {
    const part = (values: readonly number[]): Value => tensor(values, { dtype: 'i32' });
    const logits = tensor(
      Array.from({ length: labels.length * 4 }, (_x, i) => Math.sin(7 * i)),
      { shape: [labels.length, 4], dtype: 'f64' },
    );
    const loss = (f: Value): Value => objective(f, part(labels), part(own));
    expect(Number.isFinite(loss(logits).item())).toBe(true);
    expectSecondOrder(loss, logits);
  });

  test('saturated logits: finite in f32 too', () => {
    const extreme = tensor(
      fixture.logits.values.map((x) => 1e4 * x),
      { shape: [10, 4] },
    );
    expect(Number.isFinite(ofBatch(extreme).item())).toBe(true);
    expect(grad(ofBatch)(extreme).data().every(Number.isFinite)).toBe(true);
  });

  test('samples of weight 0 might as well not be there', () => {
    const kept = [0, 1, 2, 3, 4, 6, 8];
    const weights = tensor(
      Array.from({ length: 10 }, (__, i) => (kept.includes(i) ? 1 : 0)),
      { dtype: 'f64' },
    );
    const rows = kept.flatMap((i) => fixture.logits.values.slice(4 * i, 4 * i + 4));
    const few = tensor(rows, { shape: [kept.length, 4], dtype: 'f64' });
    const pick = (values: readonly number[]): Value =>
      tensor(
        kept.map((i) => values[i]!),
        { dtype: 'i32' },
      );
    const weighted = objective(batch.logits, batch.labels, batch.groups, weights).item();
    expectClose([weighted], [objective(few, pick(fixture.labels), pick(fixture.groups)).item()], { relative: 1e-12 });
    const none = objective(batch.logits, batch.labels, batch.groups, mul(weights, 0)).item();
    expect(none).toBe(0);
  });
});

describe('balanced', () => {
  test('is what weights ∝ 1/π make of the mean', () => {
    const inBatch = [4, 3, 1, 2];
    const weights = tensor(
      inBatch.map((n) => 1 / n),
      { dtype: 'f64' },
    );
    expectClose(
      [balanced()(batch.logits, batch.labels).item()],
      [weightedCrossEntropy(batch.logits, batch.labels, weights).item()],
      { relative: 1e-12 },
    );
  });

  test('groups that are not given are a ShapeError', () => {
    expect(() => balanced({ groups })(batch.logits, batch.labels)).toThrow(ShapeError);
  });
});

describe('soft error', () => {
  test('by hand: the mean over the classes of their mean 1 − p_y', () => {
    const p = softmax(batch.logits).data();
    const missed = [0, 1, 2, 3].map((k) => {
      const own = fixture.labels.flatMap((y, i) => (y === k ? [1 - p[4 * i + k]!] : []));
      return own.reduce((sum, x) => sum + x, 0) / own.length;
    });
    const value = softError()(batch.logits, batch.labels).item();
    expectClose([value], [missed.reduce((sum, x) => sum + x, 0) / 4], { relative: 1e-12 });
    expectSecondOrder((f) => softError()(f, batch.labels));
  });

  test('of confident answers it is the balanced error', () => {
    const logits = mul(batch.logits, 1e4);
    const wrong = [0, 1, 2, 3].map((k) => {
      const own = fixture.labels.flatMap((y, i) => {
        const row = fixture.logits.values.slice(4 * i, 4 * i + 4);
        return y === k ? [row[k] === Math.max(...row) ? 0 : 1] : [];
      });
      return own.reduce((sum: number, x) => sum + x, 0) / own.length;
    });
    expectClose([softError()(logits, batch.labels).item()], [wrong.reduce((sum, x) => sum + x, 0) / 4], {
      absolute: 1e-9,
    });
  });
});

describe('worst group', () => {
  test('lies between mean and maximum, and tends to the maximum', () => {
    const at = (temperature: number) =>
      worstGroup({ groups, temperature })(batch.logits, batch.labels, batch.groups).item();
    const mean = expected.groupBalanced.value;
    expect(at(0.5)).toBeGreaterThan(mean);
    expect(at(0.05)).toBeGreaterThan(at(0.5));
    expectClose([at(1e4)], [mean], { relative: 1e-3 });
    // With 8 cells the bias is T·log 8.
    expectClose([at(1e-3)], [at(1e-6)], { absolute: 1e-3 * Math.log(8) });
  });
});

describe('fairness', () => {
  /** Logits of two classes whose probabilities of class 1 are these. */
  const withRates = (rates: readonly number[]): Value =>
    tensor(
      rates.flatMap((p) => [0, Math.log(p / (1 - p))]),
      { shape: [rates.length, 2], dtype: 'f64' },
    );
  const i32 = (values: readonly number[]): Value => tensor(values, { dtype: 'i32' });
  const two = { groups: 2, temperature: 1e-5 };

  test('binary demographic parity is the difference of the positive rates', () => {
    // Group 0 at 0.2 and 0.4, group 1 at 0.9 and 0.5.
    const value = demographicParity(two)(withRates([0.2, 0.9, 0.4, 0.5]), i32([0, 0, 1, 1]), i32([0, 1, 0, 1]));
    expectClose([value.item()], [0.4], { absolute: 1e-4 });
  });

  test('binary equalised odds is the differences of true and false positive rates, added', () => {
    // False positives 0.2 against 0.9, true positives 0.4 against 0.5.
    const value = equalisedOdds(two)(withRates([0.2, 0.9, 0.4, 0.5]), i32([0, 0, 1, 1]), i32([0, 1, 0, 1]));
    expectClose([value.item()], [0.8], { absolute: 1e-4 });
  });

  test('binary DEO is |L(+,1) − L(+,2)| + |L(−,1) − L(−,2)|', () => {
    const value = differenceOfOpportunity(two)(withRates([0.2, 0.9, 0.4, 0.5]), i32([0, 0, 1, 1]), i32([0, 1, 0, 1]));
    expectClose([value.item()], [Math.log(0.8 / 0.1) + Math.log(0.5 / 0.4)], { absolute: 1e-4 });
  });

  test.each([differenceOfOpportunity, equalisedOdds, demographicParity])('%o: 0 where the groups are alike', (make) => {
    const value = make({ groups: 2 })(withRates([0.2, 0.2, 0.7, 0.7]), i32([0, 0, 1, 1]), i32([0, 1, 0, 1]));
    expectClose([value.item()], [0], { absolute: 1e-12 });
  });

  test('parity of a population does not depend on how often a batch shows its cells', () => {
    const population = [
      [30, 5],
      [10, 15],
    ];
    const rate = [
      [0.1, 0.2],
      [0.6, 0.9],
    ];
    // P(1 | g) = 0.75·0.1 + 0.25·0.6 and 0.25·0.2 + 0.75·0.9
    const difference = 0.725 - 0.225;
    for (const cells of [
      [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
      ],
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
        [1, 1],
      ],
    ]) {
      const logits = withRates(cells.map(([y, g]) => rate[y!]![g!]!));
      const objective = demographicParity({ ...two, counts: population });
      const value = objective(logits, i32(cells.map(([y]) => y!)), i32(cells.map(([, g]) => g!)));
      expectClose([value.item()], [difference], { absolute: 1e-4 });
    }
  });
});

describe('combinations', () => {
  test('a blend is λ·first + (1 − λ)·second, and its ends are the two', () => {
    const [first, second] = [balanced(), differenceOfOpportunity({ groups })];
    const at = (lambda: number) => blend(first, second, lambda)(batch.logits, batch.labels, batch.groups).item();
    expectClose([at(0.3)], [0.3 * expected.balanced.value + 0.7 * expected.deo.value], { relative: 1e-10 });
    expect(blend(first, second, 1)).toBe(first);
    expect(blend(first, second, 0)).toBe(second);
    for (const lambda of [-0.1, 1.1, Number.NaN]) expect(() => blend(first, second, lambda)).toThrow(ConfigError);
  });

  test('calibrated: any objective of the logits after temperature scaling', () => {
    const beta = inverseTemperature(batch.logits, batch.labels).item();
    const scaled = mul(batch.logits, beta);
    expectClose(
      [calibrated(balanced())(batch.logits, batch.labels).item()],
      [balanced()(scaled, batch.labels).item()],
      { relative: 1e-12 },
    );
  });

  test('temperature scaling with weights is that of the samples repeated', () => {
    const weights = [1, 2, 0, 1, 3, 1, 0, 1, 1, 2];
    const rows = weights.flatMap((w, i) => new Array<number>(w).fill(i));
    const repeated = tensor(
      rows.flatMap((i) => fixture.logits.values.slice(4 * i, 4 * i + 4)),
      { shape: [rows.length, 4], dtype: 'f64' },
    );
    const labels = tensor(
      rows.map((i) => fixture.labels[i]!),
      { dtype: 'i32' },
    );
    expectClose(
      [inverseTemperature(batch.logits, batch.labels, tensor(weights, { dtype: 'f64' })).item()],
      [inverseTemperature(repeated, labels).item()],
      { relative: 1e-10 },
    );
  });

  test('the prior that the batches are drawn by changes nothing', () => {
    const same = underPrior(meanCrossEntropy, [2, 2, 2, 2], [0.25, 0.25, 0.25, 0.25]);
    expectClose([same(batch.logits, batch.labels).item()], [crossEntropy(batch.logits, batch.labels).item()], {
      relative: 1e-12,
    });
  });

  test('a batch without any class that the target wants gives 0, not NaN', () => {
    const rare = underPrior(meanCrossEntropy, [0, 0, 1, 0], [1, 1, 1, 1]);
    const labels = tensor([0, 1], { dtype: 'i32' });
    const logits = tensor([1, 2, 3, 4, 4, 3, 2, 1], { shape: [2, 4], dtype: 'f64' });
    expect(rare(logits, labels).item()).toBe(0);
    expect([...grad((f: Value) => rare(f, labels))(logits).data()]).toEqual(new Array(8).fill(0));
  });

  test.each([
    [[1, 1], /a share for each of the 3 classes/],
    [[0, 0, 0], /not only zeros/],
    [[1, -1, 1], /has -1 for class 1/],
    [[1, 0, 1], /has 1 for class 2, of which there are 0/],
  ])('target %j is a ConfigError', (target, message) => {
    expect(() => underPrior(meanCrossEntropy, target, [5, 5, 0])).toThrow(ConfigError);
    expect(() => underPrior(meanCrossEntropy, target, [5, 5, 0])).toThrow(message);
  });
});

describe('batches that hold every cell equally often', () => {
  /** One sample of each cell of two classes and groups, and as many as the population has of it. */
  const population = [
    [3, 1],
    [1, 4],
  ];
  const cells = [0, 1, 2, 3];
  const as = (rows: readonly number[]) => ({
    logits: tensor(
      rows.flatMap((i) => [0.7 * i - 1, 0.4 - 0.9 * i * i]),
      { shape: [rows.length, 2], dtype: 'f64' },
    ),
    labels: tensor(
      rows.map((i) => i >> 1),
      { dtype: 'i32' },
    ),
    groups: tensor(
      rows.map((i) => i & 1),
      { dtype: 'i32' },
    ),
  });
  const [even, whole] = [as(cells), as(cells.flatMap((i) => new Array<number>(population[i >> 1]![i & 1]!).fill(i)))];

  test.each<[string, Objective]>([
    ['balanced', balanced()],
    ['soft-error', softError()],
    ['deo', differenceOfOpportunity({ groups: 2 })],
  ])('%s weighs the groups of each class as they are', (_, objective) => {
    const weighted = withGroupsAsIn(objective, population);
    expectClose(
      [weighted(even.logits, even.labels, even.groups).item()],
      [objective(whole.logits, whole.labels, whole.groups).item()],
      { relative: 1e-12 },
    );
  });

  test('settings about classes do so, those about cells do not', () => {
    const of = (setting: ObjectiveSetting, byCell: boolean): number =>
      objectiveOf(setting, { classes: 2, groups: 2, counts: population, byCell })(
        even.logits,
        even.labels,
        even.groups,
      ).item();
    const natural = balanced()(whole.logits, whole.labels).item();
    expectClose([of('balanced', true)], [natural], { relative: 1e-12 });
    expect(Math.abs(of('balanced', false) - natural)).toBeGreaterThan(0.1);
    expect(of('group-balanced', true)).toBe(of('group-balanced', false));
  });
});

describe('settings', () => {
  const context = { classes: 4, groups, counts };
  const judge = (setting: ObjectiveSetting, of = context) =>
    objectiveOf(setting, of)(batch.logits, batch.labels, batch.groups).item();

  test.each<[ObjectiveSetting, number]>([
    ['cross-entropy', crossEntropy(batch.logits, batch.labels).item()],
    ['calibrated', objectives.calibrated(batch.logits, batch.labels).item()],
    ['balanced', expected.balanced.value],
    ['soft-error', softError()(batch.logits, batch.labels).item()],
    ['group-balanced', expected.groupBalanced.value],
    ['worst-group', expected.worstGroup.value],
    ['deo', expected.deo.value],
    ['equalised-odds', expected.equalisedOdds.value],
    ['demographic-parity', expected.demographicParityMixed.value],
    [{ name: 'deo', temperature: 0.1 }, expected.deo.value],
    [{ name: 'cross-entropy', calibrated: true }, objectives.calibrated(batch.logits, batch.labels).item()],
    [{ blend: ['balanced', 'deo'], lambda: 0.25 }, 0.25 * expected.balanced.value + 0.75 * expected.deo.value],
    [{ prior: [0.1, 0.2, 0.3, 0.4], of: 'balanced' }, expected.balanced.value],
  ])('%j', (setting, value) => {
    expectClose([judge(setting)], [value], { relative: 1e-10 });
  });

  test('a prior is held against the one that batches are drawn by', () => {
    const prior = [0.4, 0.3, 0.1, 0.2];
    const setting = { prior: [0.1, 0.2, 0.3, 0.4], of: 'cross-entropy' } as const;
    expectClose([judge(setting, { ...context, prior } as typeof context)], [expected.prior.value], {
      relative: 1e-10,
    });
  });

  test('uniform prior on batches drawn by another one is the published objective', () => {
    const prior = [4, 3, 1, 2];
    expectClose(
      [judge({ prior: 'uniform', of: 'cross-entropy' }, { ...context, prior } as typeof context)],
      [expected.balanced.value],
      { relative: 1e-10 },
    );
  });

  test('without groups, worst-group is about classes, and comparing groups is a ConfigError', () => {
    const alone = { classes: 4, groups: 1, counts: counts.map((row) => [row[0]!]) };
    const worst = objectiveOf('worst-group', alone)(batch.logits, batch.labels).item();
    expectClose([worst], [worstGroup()(batch.logits, batch.labels).item()], {});
    for (const setting of ['deo', { blend: ['balanced', 'group-balanced'], lambda: 0.5 }] as ObjectiveSetting[]) {
      expect(() => objectiveOf(setting, alone)).toThrow(/compares groups, and the data has none/);
    }
  });

  test('a temperature where none is, or out of range, is a ConfigError', () => {
    expect(() => objectiveOf({ name: 'balanced', temperature: 1 }, context)).toThrow(/means nothing to balanced/);
    expect(() => objectiveOf({ name: 'deo', temperature: 0 }, context)).toThrow(/must be a positive number, got 0/);
  });
});
