import { describe, expect, test } from 'vitest';
import {
  type BilevelProblem,
  batchStatistics,
  ConfigError,
  exactHypergradient,
  mul,
  sub,
  sum,
  tensor,
  type Value,
} from '../../../src/index.js';
import { f64 } from './toy.js';

/** inner = h w²/2 − c λ w, outer = b w, all of one number: the hypergradient is c̄ b̄ / h̄. */
type Batch = { readonly h: Value; readonly c: Value; readonly b: Value };
const problem: BilevelProblem<Value, Value, Batch> = {
  inner: (w, lambda, { h, c }) => sum(sub(mul(mul(mul(w, w), h), 0.5), mul(mul(lambda, w), c))),
  outer: (w, _, { b }) => sum(mul(w, b)),
};
const batch = (h: number, c: number, b: number): Batch => ({ h: tensor(h, f64), c: tensor(c, f64), b: tensor(b, f64) });
const [hs, cs, bs] = [
  [1, 2, 4],
  [0.5, 1, 3],
  [2, -1, 1, 4],
];
const pools = {
  inner: hs.map((h) => batch(h, 7, 7)),
  mixed: cs.map((c) => batch(7, c, 7)),
  outer: bs.map((b) => batch(7, 7, b)),
};
const mean = (x: readonly number[]): number => x.reduce((total, value) => total + value, 0) / x.length;
const spread = (x: readonly number[]): number => Math.sqrt(mean(x.map((value) => (value - mean(x)) ** 2)));
const options = { params: tensor([1], f64), hyper: tensor([1], f64), method: exactHypergradient(), pools };

describe('a problem of one number', async () => {
  const triples = 150;
  const { whole, draws, hessianProducts } = await batchStatistics(problem, { ...options, triples, seed: 4 });
  const exact = (mean(cs) * mean(bs)) / mean(hs);

  test('the whole is the closed form', () => {
    expect(whole[0]).toBeCloseTo(exact, 13);
  });

  test('inner batches: the mean of inverses is not the inverse of the mean', () => {
    const inverses = hs.map((h) => 1 / h);
    const bias = mean(inverses) * mean(hs) - 1;
    expect(Math.abs(draws.inner.bias - bias)).toBeLessThan(3 * draws.inner.biasError);
    expect(draws.inner.bias).toBeGreaterThan(4 * draws.inner.biasError);
    expect(draws.inner.deviation).toBeCloseTo(spread(inverses) * mean(hs), 1);
  });

  test.each([
    ['mixed', cs],
    ['outer', bs],
  ] as const)('%s batches: no bias, the spread of the pool', (varied, values) => {
    const { bias, biasError, deviation } = draws[varied];
    expect(bias).toBeLessThan(3 * biasError);
    expect(deviation).toBeCloseTo(spread(values) / mean(values), 0);
    expect(biasError).toBeCloseTo(deviation / Math.sqrt(triples), 13);
  });

  test('all three at once scatter more than any alone; a draw of the other sign shows in the cosine', () => {
    expect(draws.all.deviation).toBeGreaterThan(
      Math.max(draws.inner.deviation, draws.mixed.deviation, draws.outer.deviation),
    );
    expect(draws.inner.cosine).toBeCloseTo(1, 14);
    expect(draws.outer.cosine).toBeLessThan(0.9);
    expect(draws.all.diverged).toBe(0);
  });

  test('the products are those of the formula, one a solve', () => {
    expect(hessianProducts).toBe(3 + triples * (2 * 1 + 2 * 3));
  });
});

test('draws of many batches scatter less, and the seed fixes them', async () => {
  const of = (outer: number, seed: number) =>
    batchStatistics(problem, { ...options, triples: 30, seed, sizes: { outer } });
  const [one, many] = [await of(1, 1), await of(16, 1)];
  expect(many.draws.outer.deviation).toBeLessThan(0.5 * one.draws.outer.deviation);
  expect(await of(1, 1)).toEqual(one);
  expect((await of(1, 2)).draws).not.toEqual(one.draws);
});

test('without a mixed pool the inner one serves', async () => {
  const shared = hs.map((h, i) => batch(h, cs[i]!, 7));
  const { whole } = await batchStatistics(problem, {
    ...options,
    pools: { inner: shared, outer: pools.outer },
    triples: 2,
  });
  expect(whole[0]).toBeCloseTo((mean(cs) * mean(bs)) / mean(hs), 13);
});

test.each([{ triples: 1 }, { triples: 4, sizes: { inner: 0 } }])('%o is refused', async (wrong) => {
  await expect(batchStatistics(problem, { ...options, ...wrong })).rejects.toThrow(ConfigError);
});
