import { describe, expect, test } from 'vitest';
import { searchProblem } from '../../src/autobalance/search-problem.js';
import {
  type AugmentationSettings,
  add,
  augmentOperations,
  type Batch,
  ConfigError,
  crossEntropy,
  DataError,
  type DenseParams,
  denseSolver,
  div,
  fixedLosses,
  frozenAugmentation,
  type GroupColumn,
  hypergradient,
  ImageAugmentation,
  imageDataset,
  imageSource,
  implicit,
  initPolicy,
  type LearnedAugmentation,
  lossSpace,
  measuredSource,
  namedArrays,
  type PolicyParams,
  pdaTransform,
  policyParams,
  Random,
  SearchPhase,
  type SearchSettings,
  type Source,
  stratifiedSplit,
  sub,
  tableDataset,
  tableSource,
  tensor,
  trainPrograms,
  type Value,
} from '../../src/index.js';
import { expectClose } from '../support/compare.js';
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

const data = toyDataset(20, 5);
const source = sourceOf(data);
const all = allOf(data);
const flip = { by: 'class', operations: ['flip'] } as const satisfies AugmentationSettings;

/** The same images left to right. */
const mirrored = imageDataset({
  ...data,
  images: data.images.map((_, i) => data.images[i - (i % SIDE) + SIDE - 1 - (i % SIDE)]!),
});
/** As the first data set is: what images are normalised by comes from it alone. */
const mirroredSource = measuredSource(data)(mirrored);

/** Does the only operation in these cells always, and never in the others. */
const learned = (by: LearnedAugmentation['by'], name: string, chances: readonly number[]): LearnedAugmentation => ({
  by,
  spread: 0,
  temperature: 0.5,
  straightThrough: true,
  operations: [{ name, unit: '', probability: chances, magnitude: chances.map(() => augmentOperations.flip.range[1]) }],
});
const rowsOf = ({ x }: Batch): number[][] => {
  const flat = [...x.data()];
  return Array.from({ length: x.shape[0]! }, (_, i) => flat.slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE));
};

describe('policies on the inputs of a source', () => {
  test('an image to which nothing is done keeps its bits; a mirrored one is the mirrored image, normalised', async () => {
    const batch = await source.batch(all);
    const transform = frozenAugmentation(source, learned('class', 'flip', [1, 0, 1]), new Random(1));
    const [before, after] = [rowsOf(batch), rowsOf(await transform(batch, 0))];
    const other = rowsOf(await mirroredSource.batch(all));
    for (const i of all) {
      if (data.labels[i] === 1) expect(after[i]).toEqual(before[i]);
      else expectClose(after[i]!, other[i]!, { absolute: 1e-5 });
    }
  });

  test.each([
    ['shared', [1], () => true],
    ['class', [0, 1, 0], (y: number) => y === 1],
    ['group', [0, 1], (_: number, g: number) => g === 1],
    ['class-group', [0, 0, 0, 1, 0, 0], (y: number, g: number) => y === 1 && g === 1],
  ] as const)('by %s: each image follows the policy of its own', async (by, chances, expected) => {
    const group: GroupColumn = { name: 'half', names: ['a', 'b'], values: data.labels.map((_, i) => (i % 5) % 2) };
    const grouped: Source = { ...source, group };
    const g = tensor(group.values);
    const batch = { ...(await source.batch(all)), g };
    const policies = { ...learned(by, 'flip', chances), ...(by.includes('group') && { groups: group.names }) };
    const after = rowsOf(await frozenAugmentation(grouped, policies, new Random(1))(batch, 0));
    const changed = rowsOf(batch).map((row, i) => row.some((value, k) => value !== after[i]![k]));
    expect(changed).toEqual(Array.from(all, (i) => expected(data.labels[i]!, group.values[i]!)));
  });

  test('each step has randomness of its own, the same for the same seed', async () => {
    const batch = await source.batch(all);
    const policies = learned('shared', 'flip', [0.5]);
    const [a, b] = [1, 1].map((seed) => frozenAugmentation(source, policies, new Random(seed)));
    const [first, again, second] = await Promise.all([a!(batch, 3), b!(batch, 3), a!(batch, 4)]);
    expect(rowsOf(first)).toEqual(rowsOf(again));
    expect(rowsOf(first)).not.toEqual(rowsOf(second));
  });

  test('what was learned says what the parameters are, and is learned from again', () => {
    const augmentation = new ImageAugmentation(source, { by: 'class', operations: ['rotate', 'flip'], spread: 0.25 });
    const { policy } = augmentation;
    const params: PolicyParams = {
      logit: tensor([
        [0, 1],
        [-2, 0.5],
        [3, 0],
      ]),
      strength: tensor([[0.5], [-1], [2]]),
    };
    const told = augmentation.learned(params);
    expect(told).toMatchObject({ by: 'class', spread: 0.25, temperature: 0.5, straightThrough: true });
    expect(told.operations[0]!.magnitude[1]).toBeCloseTo(60 / (1 + Math.E), 5);
    const back = policyParams(policy, told);
    expectClose(back.logit.data(), params.logit.data(), { absolute: 1e-6 });
    expectClose(back.strength.data(), params.strength.data(), { absolute: 1e-6 });
  });

  test('is refused for tables, without groups, for other classes, groups or operations', () => {
    const table = tableDataset({
      name: 'rows',
      labels: Int32Array.from([0, 1]),
      classes: 2,
      numeric: Float32Array.from([1, 2]),
      numericNames: ['a'],
      categorical: new Int32Array(0),
      categoricalColumns: [],
    });
    expect(() => new ImageAugmentation(tableSource(table), flip)).toThrow(ConfigError);
    expect(() => new ImageAugmentation(tableSource(table), flip)).toThrow(
      /policies change images, and rows is a table/,
    );
    expect(() => new ImageAugmentation(source, { by: 'group' })).toThrow(/policies by group need data with groups/);
    const rotated = { by: 'class', operations: ['rotat'] } as const;
    expect(() => new ImageAugmentation(source, rotated)).toThrow(/there is no operation "rotat"/);
    const few = learned('class', 'flip', [1, 0]);
    expect(() => frozenAugmentation(source, few, new Random(1))).toThrow(DataError);
    expect(() => frozenAugmentation(source, few, new Random(1))).toThrow(/must have 3 numbers/);
    const grouped: Source = { ...source, group: { name: 'g', names: ['a', 'b'], values: new Int32Array(60) } };
    const others = { ...learned('group', 'flip', [1, 0]), groups: ['a', 'c'] };
    expect(() => frozenAugmentation(grouped, others, new Random(1))).toThrow(
      /are for groups a, c, and the data has a, b/,
    );
  });
});

describe('the problem of a search that learns policies', () => {
  const augmentation = new ImageAugmentation(source, { by: 'class', operations: ['contrast', 'translate'] });
  const { policy } = augmentation;
  const neutral = fixedLosses['cross-entropy']([20, 20, 20]);
  const space = lossSpace({ learn: ['iota'], parametrisation: 'softplus', initial: neutral, counts: [20, 20, 20] });
  const hyper = { ...space.start, augmentation: initPolicy(policy, { probability: 0.6, strength: 0.4 }) };
  const objective = (logits: Value, y: Value): Value => crossEntropy(logits, y);
  const problem = searchProblem(linearModel, space, objective, { train: false, weightDecay: 0.1, augmentation });
  const noise = augmentation.noise(new Random(3));
  const { params } = linearModel.init(new Random(2));
  const [half, rest] = [all.slice(0, 30), all.slice(30)];
  const logitsOf = (w: DenseParams, x: Value): Value => linearModel.apply(w, {}, x, { train: true }).logits;

  test('has the hypergradient of one written by hand, in the policies and in the loss', async () => {
    const inner = { ...(await source.batch(half)), state: {}, randomness: noise.at(0, 30) };
    const outer = { ...(await source.batch(rest)), state: {} };
    const { mean, std } = source.normaliser!;
    const perPixel = (values: Float32Array): Value => tensor(values, { shape: [SIDE, SIDE, 1] });
    const pixels = tensor(
      Float32Array.from(data.images.subarray(0, 30 * SIDE * SIDE), (byte) => byte / 255),
      {
        shape: [30, SIDE, SIDE, 1],
      },
    );
    const byHand: typeof problem = {
      inner: (w, { augmentation: policies, iota }, { y }) => {
        const seen = pdaTransform(policy, policies!, pixels, y, inner.randomness);
        return crossEntropy(add(logitsOf(w, div(sub(seen, perPixel(mean)), perPixel(std))), iota!), y);
      },
      outer: (w, _, { x, y }) => crossEntropy(logitsOf(w, x), y),
      weightDecay: 0.1,
    };
    const [found, expected] = await Promise.all(
      [problem, byHand].map((each) =>
        hypergradient(each, {
          params,
          hyper,
          batches: { inner: [inner], outer: [outer] },
          method: implicit({ solver: denseSolver(), damping: 0 }),
        }),
      ),
    );
    const parts = [found!, expected!].map(({ gradient }) => [
      gradient.augmentation!.logit.data(),
      gradient.augmentation!.strength.data(),
      gradient.iota!.data(),
    ]);
    parts[0]!.forEach((part, i) => {
      const size = Math.max(...parts[1]![i]!.map(Math.abs));
      expect(size).toBeGreaterThan(1e-4);
      expectClose(part, parts[1]![i]!, { absolute: 2e-3 * size });
    });
  });

  test('the objective does not see the policies', async () => {
    const outer = { ...(await source.batch(rest)), state: {} };
    const strong = { ...hyper, augmentation: initPolicy(policy, { probability: 0.999, strength: 0.999 }) };
    const [weak, much] = [hyper, strong].map((at) => problem.outer(params, at, outer).item());
    expect(weak).toBe(much);
    expect(weak).toBe(crossEntropy(logitsOf(params, outer.x), outer.y).item());
  });

  test('the Gauss–Newton matrix is that of the augmented images', async () => {
    const inner = { ...(await source.batch(half)), state: {}, randomness: noise.at(0, 30) };
    const outer = { ...(await source.batch(rest)), state: {} };
    const solved = (curvature: 'hessian' | 'gauss-newton') =>
      hypergradient(problem, {
        params,
        hyper,
        batches: { inner: [inner], outer: [outer] },
        method: implicit({ solver: denseSolver(), damping: 0, curvature }),
      });
    // Of a linear model both are the same.
    const [h, g] = [await solved('hessian'), await solved('gauss-newton')];
    const [expected, found] = [h, g].map(({ gradient }) => gradient.augmentation!.logit.data());
    expectClose(found!, expected!, { absolute: 2e-3 * Math.max(...expected!.map(Math.abs)) });
  });
});

describe('SearchPhase with policies', () => {
  const split = stratifiedSplit(data.labels, CLASSES, 0.4, new Random(4), all);
  const settings = { ...trainingSettings, epochs: 5, learningRate: 0.05 };
  const programs = trainPrograms(linearModel, trainingSettings);
  const phaseOf = (search: Partial<SearchSettings>, epochs = 5, own = source) =>
    new SearchPhase({
      model: linearModel,
      programs,
      source: own,
      splits: [split],
      random: new Random(1),
      settings: { ...settings, epochs },
      search: { ...searchSettings, mixedBatches: 2, ...search },
      initial: fixedLosses['cross-entropy']([12, 12, 12]),
      counts: [12, 12, 12],
      watch: true,
    });
  const chances = ({ learnedAugmentation }: { learnedAugmentation: LearnedAugmentation | undefined }): number[] =>
    learnedAugmentation!.operations.flatMap(({ probability }) => probability);

  test('learns them beside the loss, or alone; reports them after each update', async () => {
    for (const learn of [['delta', 'iota'], []] as const) {
      const phase = phaseOf({ learn, augmentation: { by: 'class', operations: ['translate', 'flip'] } });
      expect(chances(phase)).toHaveLength(6);
      for (const chance of chances(phase)) expect(chance).toBeCloseTo(0.1, 6);
      const reports = (await runPhase(phase)).flatMap(({ hypergradient: report }) => report ?? []);
      expect(reports.length).toBeGreaterThan(3);
      expect(reports.map(({ status }) => status)).not.toContain('diverged');
      const last = reports.at(-1)!.augmentation!;
      expect(last.map(({ name, unit }) => [name, unit])).toEqual([
        ['translate', "of the image's side"],
        ['flip', 'mirrored'],
      ]);
      for (const chance of chances(phase)) expect(Math.abs(chance - 0.1)).toBeGreaterThan(1e-4);
      const moved = learn.length > 0;
      expect(phase.learned.iota.some((value) => value !== 0)).toBe(moved);
      expect(phase.learned.delta.some((value) => value !== 1)).toBe(moved);
    }
  });

  test('an operation that spoils the training images is done less and less', async () => {
    // Of three columns the first and the last change places: a mirrored image of class 0 is one of class 2.
    const phase = phaseOf(
      { learn: [], augmentation: { by: 'class', operations: ['flip'], probability: 0.4, learningRate: 0.3 } },
      12,
    );
    await runPhase(phase);
    const [first, middle, last] = chances(phase);
    expect(first).toBeLessThan(0.2);
    expect(last).toBeLessThan(0.2);
    expect(middle).toBeGreaterThan(first!);
    expect(middle).toBeGreaterThan(last!);
  });

  test('policies that never do anything change nothing', async () => {
    const never = { by: 'class', probability: 1e-12, learningRate: 1e-9 } as const;
    const [with_, without] = [phaseOf({ augmentation: never }), phaseOf({})];
    const [a, b] = [await runPhase(with_), await runPhase(without)];
    expect(a.map(({ loss }) => loss)).toEqual(b.map(({ loss }) => loss));
    expect(a.map(({ epoch }) => epoch)).toEqual(b.map(({ epoch }) => epoch));
  });

  test('validation images are never augmented', async () => {
    // Trained on mirrored images only, the network takes class 0 for 2 and 2 for 0: on images as they are.
    const always = { by: 'shared', operations: ['flip'], probability: 1 - 1e-9, learningRate: 1e-9 } as const;
    const reports = await runPhase(phaseOf({ learn: [], augmentation: always }, 12));
    expect(reports.findLast(({ epoch }) => epoch)!.epoch!.balancedError).toBeGreaterThan(60);
    expect(reports.findLast(({ loss }) => loss)!.loss).toBeLessThan(0.3);
    const { outer } = reports.findLast(({ hypergradient: report }) => report)!.hypergradient!;
    expect(outer).toBeGreaterThan(Math.log(3));
  });

  test('goes on from any step to the same bits', async () => {
    const search = { augmentation: { by: 'class', operations: ['rotate', 'noise'], spread: 0.5 } } as const;
    const whole = phaseOf(search);
    const reports = await runPhase(whole);
    for (const at of [0, 3, 6, 7]) {
      const first = phaseOf(search);
      await runPhase(first, at);
      const second = phaseOf(search);
      second.restore(throughFile(first.snapshot()));
      expect(await runPhase(second)).toEqual(reports.slice(at));
      expect(namedArrays(second.result)).toEqual(namedArrays(whole.result));
      expect(second.learnedAugmentation).toEqual(whole.learnedAugmentation);
      expect(second.learned).toEqual(whole.learned);
    }
  });

  test('by class and group: a policy for each cell, and the names of the groups with what was learned', async () => {
    const group: GroupColumn = { name: 'half', names: ['a', 'b'], values: data.labels.map((_, i) => (i % 5) % 2) };
    const augmentation = { by: 'class-group', operations: ['contrast'] } as const;
    const phase = phaseOf({ augmentation }, 3, imageSource(data, { group }));
    await runPhase(phase);
    expect(phase.learnedAugmentation!.groups).toEqual(['a', 'b']);
    const moved = chances(phase).map((chance) => Math.abs(chance - 0.1) > 1e-5);
    expect(moved).toEqual(new Array(6).fill(true));
  });

  test('refuses to learn nothing, and to augment as the published code does', () => {
    expect(() => phaseOf({ learn: [] })).toThrow(/there is nothing to learn; name delta, iota or weight/);
    expect(() => phaseOf({ compat: 'reference', augmentation: flip })).toThrow(ConfigError);
    expect(() => phaseOf({ compat: 'reference', augmentation: flip })).toThrow(
      /the published code learns no augmentation/,
    );
  });
});
