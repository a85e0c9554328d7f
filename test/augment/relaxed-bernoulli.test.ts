import { describe, expect, test } from 'vitest';
import { grad, Random, relaxedBernoulli, sum, tensor, type Value } from '../../src/index.js';
import { expectClose } from '../support/compare.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const logits = tensor([-3, -0.5, 0, 0.7, 4], { dtype: 'f64' });
const noise = tensor([3.5, -1, 0, -0.2, -9], { dtype: 'f64' });

describe.each([0.1, 0.5, 2])('at temperature %d', (temperature) => {
  const soft = Array.from(logits.data(), (l, i) => sigmoid((l + noise.data()[i]!) / temperature));

  test('the soft number is σ((logit + noise) / temperature)', () => {
    const given = relaxedBernoulli(logits, noise, { temperature, straightThrough: false });
    expectClose(given.data(), soft, { relative: 1e-14 });
  });

  test.each(['f32', 'f64'] as const)('straight through gives 0 and 1 exactly, in %s', (dtype) => {
    const random = new Random(3);
    const many = (scale: number): Value =>
      tensor(
        Array.from({ length: 2000 }, () => scale * random.normal()),
        { dtype },
      );
    const values = relaxedBernoulli(many(2), many(3), { temperature, straightThrough: true });
    expect(new Set(values.data())).toEqual(new Set([0, 1]));
    const hard = relaxedBernoulli(logits, noise, { temperature, straightThrough: true });
    expect(Array.from(hard.data())).toEqual([1, 0, 1, 1, 0]);
  });

  test('both have the derivative of the soft number', () => {
    for (const straightThrough of [true, false]) {
      const slope = grad((l: Value) => sum(relaxedBernoulli(l, noise, { temperature, straightThrough })))(logits);
      expectClose(
        slope.data(),
        soft.map((s) => (s * (1 - s)) / temperature),
        { relative: 1e-12 },
      );
    }
  });

  test('1[s ≥ ½] is as often 1 as the logit says, whatever the temperature', () => {
    const random = new Random(1);
    const count = 40_000;
    for (const p of [0.05, 0.3, 0.9]) {
      const u = Array.from({ length: count }, () => random.uniform());
      const logistic = tensor(u.map((value) => Math.log(value) - Math.log1p(-value)));
      const logit = tensor(new Float32Array(count).fill(Math.log(p / (1 - p))));
      const ones = sum(relaxedBernoulli(logit, logistic, { temperature, straightThrough: true })).item();
      // Four deviations of a share.
      expect(Math.abs(ones / count - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / count));
    }
  });
});

test('saturated numbers have no derivative, and no NaN', () => {
  const far = tensor([200, -200, 40, -40], { dtype: 'f64' });
  const none = tensor([0, 0, 700, -700], { dtype: 'f64' });
  for (const straightThrough of [true, false]) {
    const of = (l: Value): Value => relaxedBernoulli(l, none, { temperature: 0.5, straightThrough });
    expect(Array.from(of(far).data(), Math.round)).toEqual([1, 0, 1, 0]);
    const slope = grad((l: Value) => sum(of(l)))(far);
    expect(Array.from(slope.data(), Math.abs).every((value) => value < 1e-100)).toBe(true);
  }
});
