import { describe, expect, test } from 'vitest';
import {
  byClass,
  ConfigError,
  fixedLosses,
  flatTable,
  grad,
  type LossParameters,
  type LossSpaceOptions,
  lossSpace,
  mul,
  sum,
  type Table,
  tensor,
  type Value,
} from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';

const counts = [80, 15, 5];
const cells = [
  [70, 10],
  [5, 10],
  [5, 0],
];
const space = (options: Partial<LossSpaceOptions> = {}) =>
  lossSpace({
    learn: ['delta', 'iota', 'weight'],
    parametrisation: 'softplus',
    initial: fixedLosses['cross-entropy'](counts),
    counts,
    ...options,
  });

/** The same raw numbers, each moved a little. */
const moved = (raw: LossParameters, size = 0.3): LossParameters =>
  Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [
      name,
      tensor(
        Array.from(value.data(), (x, i) => x + size * Math.sin(2 + 5 * i + name.length)),
        { shape: value.shape },
      ),
    ]),
  );

describe('the start', () => {
  test.each(['identity', 'softplus'] as const)('%s: is the initial loss', (parametrisation) => {
    const initial = fixedLosses.vs(counts);
    const { start, effective, learned } = space({ parametrisation, initial });
    for (const found of [learned(start), { ...effective(start) }]) {
      for (const name of ['delta', 'iota', 'weight'] as const) {
        const table = found[name];
        const values = 'data' in table ? table.data() : flatTable(table);
        expectClose(values, initial[name], { relative: 1e-6, absolute: 1e-6 });
      }
    }
  });

  test('what is not learned has no raw numbers and stays as it was', () => {
    const initial = fixedLosses.vs(counts);
    const { start, learned } = space({ learn: ['iota'], initial });
    expect(Object.keys(start)).toEqual(['iota']);
    const { delta, iota, weight } = learned(moved(start));
    expectClose(flatTable(delta), initial.delta, { relative: 1e-7 });
    expect(iota).not.toEqual(initial.iota);
    expect(weight).toEqual([1, 1, 1]);
  });

  test('rawStart: 1 is the raw number, so σ makes 0.731 of it, as in the published code', () => {
    const { start, learned } = space({ parametrisation: 'sigmoid', learn: ['delta'], rawStart: true });
    expectClose(flatTable(learned(start).delta), [0.7310586, 0.7310586, 0.7310586], { absolute: 1e-6 });
    expect(() => space({ parametrisation: 'sigmoid', learn: ['delta'] })).toThrow(/sigmoid cannot make Δ = 1/);
  });
});

describe('w', () => {
  const average = (weights: Table, samples: Table): number => {
    const total = flatTable(samples).reduce((all, n) => all + n, 0);
    return flatTable(weights).reduce((all, w, i) => all + (w * flatTable(samples)[i]!) / total, 0);
  };

  test('has mean 1 over the training samples whatever the raw numbers are', () => {
    const { start, learned } = space({ learn: ['weight'] });
    for (const size of [0, 0.5, 3, 20]) {
      const { weight } = learned(moved(start, size));
      expect(average(weight, counts)).toBeCloseTo(1, 5);
      expect(Math.min(...flatTable(weight))).toBeGreaterThanOrEqual(0);
    }
  });

  test('a common shift of its numbers changes nothing, so its gradient has no part along it', () => {
    const { start, effective } = space({ learn: ['weight'] });
    const v = tensor([0.3, -1, 2], { dtype: 'f64' });
    const loss = (weight: Value): Value =>
      sum(mul(effective({ weight }).weight, tensor([0.2, 5, 1], { dtype: 'f64' })));
    const shifted = loss(tensor([10.3, 9, 12], { dtype: 'f64' })).item();
    expectClose([shifted], [loss(v).item()], { relative: 1e-12 });
    const slope = Array.from(grad(loss)(v).data());
    expect(Math.abs(slope.reduce((all, x) => all + x, 0))).toBeLessThan(1e-12);
    expect(Math.max(...slope.map(Math.abs))).toBeGreaterThan(0.1);
    expect(start.weight!.shape).toEqual([3]);
  });

  test('by hand: v = log(1, 2, 4) at shares 0.8, 0.15, 0.05', () => {
    const { effective } = space({ learn: ['weight'] });
    const weight = effective({ weight: tensor([0, Math.log(2), Math.log(4)], { dtype: 'f64' }) }).weight.data();
    const norm = 0.8 + 0.15 * 2 + 0.05 * 4;
    expectClose(weight, [1 / norm, 2 / norm, 4 / norm], { relative: 1e-12 });
  });

  test('an empty cell has a weight but no say in the mean', () => {
    const { start, learned } = space({ counts: cells, by: 'class-group', learn: ['weight'] });
    const { weight } = learned(moved(start, 2));
    expect(average(weight, cells)).toBeCloseTo(1, 5);
    expect(flatTable(weight).every(Number.isFinite)).toBe(true);
  });

  test('a weight of 0 cannot be learned on from', () => {
    const initial = { ...fixedLosses['cross-entropy'](counts), weight: [1, 1, 0] };
    expect(() => space({ initial })).toThrow(/a weight of 0 cannot be learned on from/);
    expect(() => space({ initial, learn: ['iota'] })).not.toThrow();
  });
});

describe('layouts', () => {
  test('class-group: a number for each cell, started at the loss by class', () => {
    const { start, learned } = space({ by: 'class-group', counts: cells, initial: fixedLosses.vs(counts) });
    expect([start.delta!.shape, start.iota!.shape, start.weight!.shape]).toEqual([
      [3, 2],
      [3, 2],
      [3, 2],
    ]);
    const { delta, iota } = learned(start);
    fixedLosses.vs(counts).delta.forEach((value, k) => {
      expectClose((delta as number[][])[k]!, [value, value], { relative: 1e-6 });
    });
    expectClose(
      flatTable(iota),
      fixedLosses.vs(counts).iota.flatMap((x) => [x, x]),
      { relative: 1e-6 },
    );
  });

  test('class-group: started at a loss by class and group', () => {
    const initial = fixedLosses.vs(cells);
    expectClose(
      flatTable(
        space({ by: 'class-group', counts: cells, initial }).learned(
          space({ by: 'class-group', counts: cells, initial }).start,
        ).iota,
      ),
      flatTable(initial.iota),
      { relative: 1e-6 },
    );
  });

  test('group: one row', () => {
    const { start, learned } = space({ by: 'group', counts: cells, learn: ['delta', 'weight'] });
    expect([start.delta!.shape, start.weight!.shape]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const { weight } = learned({ ...start, weight: tensor([[0, Math.log(3)]]) });
    // 80 samples of weight w, 20 of weight 3w.
    expectClose(flatTable(weight), [1 / 1.4, 3 / 1.4], { relative: 1e-6 });
  });

  test('the layouts that make no sense are ConfigErrors', () => {
    expect(() => space({ by: 'group', counts: cells })).toThrow(/ι by group alone adds one number to all logits/);
    expect(() => space({ by: 'class-group' })).toThrow(/needs data with groups/);
    expect(() => space({ by: 'group', counts: cells, learn: ['delta'], initial: fixedLosses.cdt(counts) })).toThrow(
      /the start's delta is by 3, which cannot be learned by group/,
    );
    expect(() => space({ counts: cells, initial: fixedLosses.vs(cells) })).toThrow(ConfigError);
    expect(() => space({ initial: fixedLosses.vs([3, 2]) })).toThrow(/by 2, which cannot be learned by class/);
    expect(() => space({ clusters: [0, 1] })).toThrow(/2 classes have a cluster, the data has 3/);
  });
});

describe('clusters', () => {
  const many = [1000, 100, 100, 10];
  const options = {
    counts: many,
    initial: fixedLosses['logit-adjustment'](many),
    clusters: [0, 1, 1, 2],
    learn: ['delta', 'iota', 'weight'],
  } as const;

  test('one number for each cluster, started at the mean of its classes', () => {
    const { start, effective } = space(options);
    expect(start.iota!.shape).toEqual([3]);
    const { iota } = options.initial;
    expectClose(start.iota!.data(), [iota[0]!, iota[1]!, iota[3]!], { relative: 1e-6 });
    expectClose(effective(start).iota.data(), iota, { relative: 1e-6 });
  });

  test('the search trains under constant values, retraining may interpolate', () => {
    const raw = (values: number[]): LossParameters => ({ iota: tensor(values) });
    const wide = {
      ...options,
      clusters: [0, 1, 1, 1],
      initial: fixedLosses['cross-entropy'](many),
      learn: ['iota'],
    } as const;
    const constant = space(wide);
    const interpolated = space({ ...wide, expansion: 'interpolated' });
    expectClose(constant.effective(raw([0, -3])).iota.data(), [0, -3, -3, -3], {});
    expectClose(interpolated.effective(raw([0, -3])).iota.data(), [0, -3, -3, -3], {});
    expectClose(flatTable(constant.learned(raw([0, -3])).iota), [0, -3, -3, -3], {});
    // Centres at log10 n = 3 and 5/3; n = 100 lies a quarter of the way from the latter.
    expectClose(flatTable(interpolated.learned(raw([0, -3])).iota), [0, -2.25, -2.25, -3], { absolute: 1e-5 });
  });

  test('w keeps its mean after interpolation', () => {
    const { start, learned } = space({ ...options, clusters: [0, 0, 1, 1], expansion: 'interpolated' });
    const { weight } = learned(moved(start, 1));
    const total = byClass(many).reduce((all, n) => all + n, 0);
    expect(flatTable(weight).reduce((all, w, k) => all + (w * many[k]!) / total, 0)).toBeCloseTo(1, 5);
  });

  test('with groups each cluster has a number for each group', () => {
    const grouped = many.map((n) => [n, n]);
    const { start, effective } = space({ ...options, counts: grouped, by: 'class-group' });
    expect(start.iota!.shape).toEqual([3, 2]);
    const iota = effective({
      ...start,
      iota: tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    }).iota;
    expectClose(iota.data(), [1, 2, 3, 4, 3, 4, 5, 6], {});
  });
});
