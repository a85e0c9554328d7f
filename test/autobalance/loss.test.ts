import { describe, expect, test } from 'vitest';
import {
  type ClassLoss,
  type ClassLossNumbers,
  ConfigError,
  classLoss,
  classLossNumbers,
  crossEntropy,
  effectiveLoss,
  fixedLosses,
  grad,
  type Parametrisation,
  parametricCrossEntropy,
  Random,
  rawDelta,
  tensor,
  type Value,
} from '../../src/index.js';
import { readFixture, type StoredArray, stored } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

interface LossFixture {
  readonly labels: readonly number[];
  readonly parametric: {
    readonly [name in 'logits' | 'delta' | 'iota' | 'weight']: StoredArray;
  } & {
    readonly value: number;
    readonly gradient: { readonly [name in 'logits' | 'delta' | 'iota' | 'weight']: StoredArray };
  };
}

const close = { relative: 1e-12, absolute: 1e-14 };
const f64 = { dtype: 'f64' } as const;

/** Value and all four gradients by the formulas, in plain numbers. */
function closedForm(f: number[][], y: readonly number[], { delta, iota, weight }: ClassLossNumbers) {
  const n = f.length;
  const zero = delta.map(() => 0);
  const gradient = { logits: f.map(() => [...zero]), delta: [...zero], iota: [...zero], weight: [...zero] };
  let value = 0;
  f.forEach((row, i) => {
    const z = row.map((x, k) => delta[k] * x + iota[k]);
    const largest = Math.max(...z);
    const logTotal = largest + Math.log(z.reduce((total, x) => total + Math.exp(x - largest), 0));
    const loss = logTotal - z[y[i]];
    value += (weight[y[i]] * loss) / n;
    gradient.weight[y[i]] += loss / n;
    z.forEach((x, k) => {
      // softmax(Δ f + ι) − onehot(y)
      const difference = (weight[y[i]] / n) * (Math.exp(x - logTotal) - (k === y[i] ? 1 : 0));
      gradient.logits[i][k] = delta[k] * difference;
      gradient.delta[k] += row[k] * difference;
      gradient.iota[k] += difference;
    });
  });
  return { value, gradient };
}

/** The loss and its gradients in logits, Δ, ι and w by the engine. */
function byEngine(f: Value, labels: Value, loss: ClassLoss) {
  const [logits, other] = grad((x: Value, numbers: ClassLoss) => parametricCrossEntropy(x, labels, numbers), {
    argnums: [0, 1],
  })(f, loss) as [Value, ClassLoss];
  return { value: parametricCrossEntropy(f, labels, loss).item(), gradient: { logits, ...other } };
}

describe('parametric cross-entropy', () => {
  const { parametric, labels: y } = readFixture<LossFixture>('losses');
  const labels = tensor(y, { dtype: 'i32' });
  const { logits: f, delta, iota, weight } = parametric;
  const loss = { delta: stored(delta), iota: stored(iota), weight: stored(weight) };

  test('agrees with PyTorch in value and in all four gradients', () => {
    const { value, gradient } = byEngine(stored(f), labels, loss);
    expectClose([value], [parametric.value], close);
    for (const name of ['logits', 'delta', 'iota', 'weight'] as const) {
      expect(gradient[name].shape).toEqual(parametric.gradient[name].shape);
      expectClose(gradient[name].data(), parametric.gradient[name].values, close);
    }
  });

  test.each([1, 2, 3])(
    'agrees with the closed forms: gradients are (softmax(Δf + ι) − onehot) times … (%d)',
    (seed) => {
      const random = new Random(seed);
      const numbers = (count: number, size = 1): number[] =>
        Array.from({ length: count }, () => size * random.normal());
      const rows = Array.from({ length: 7 }, () => numbers(5, 4));
      const targets = rows.map(() => random.integer(5));
      const parameters = { delta: numbers(5), iota: numbers(5, 3), weight: numbers(5).map(Math.abs) };
      const expected = closedForm(rows, targets, parameters);
      const { value, gradient } = byEngine(tensor(rows, f64), tensor(targets, { dtype: 'i32' }), {
        delta: tensor(parameters.delta, f64),
        iota: tensor(parameters.iota, f64),
        weight: tensor(parameters.weight, f64),
      });
      expectClose([value], [expected.value], close);
      expectClose(gradient.logits.data(), expected.gradient.logits.flat(), close);
      expectClose(gradient.delta.data(), expected.gradient.delta, close);
      expectClose(gradient.iota.data(), expected.gradient.iota, close);
      expectClose(gradient.weight.data(), expected.gradient.weight, close);
    },
  );

  test('a common shift of ι changes nothing: its gradient sums to 0', () => {
    const total = Array.from(byEngine(stored(f), labels, loss).gradient.iota.data()).reduce((sum, x) => sum + x, 0);
    expect(Math.abs(total)).toBeLessThan(1e-15);
  });
});

describe('fixed losses', () => {
  const random = new Random(9);
  const rows = Array.from({ length: 8 }, () => Array.from({ length: 3 }, () => 2 * random.normal()));
  const logits = tensor(rows);
  const labels = tensor([0, 0, 1, 2, 1, 0, 2, 0], { dtype: 'i32' });

  test('the neutral loss is plain cross-entropy, in value and gradient', () => {
    const neutral = classLoss(fixedLosses['cross-entropy']([90, 9, 1]));
    const parametric = (f: Value): Value => parametricCrossEntropy(f, labels, neutral);
    const plain = (f: Value): Value => crossEntropy(f, labels);
    expectClose([parametric(logits).item()], [plain(logits).item()], { relative: 1e-6 });
    expectClose(grad(parametric)(logits).data(), grad(plain)(logits).data(), { absolute: 1e-8 });
  });

  test('logit adjustment is cross-entropy of the logits plus log π', () => {
    const adjusted = classLoss(fixedLosses['logit-adjustment']([90, 9, 1]));
    const priors = [0.9, 0.09, 0.01];
    const moved = tensor(rows.map((row) => row.map((value, k) => value + Math.log(priors[k]))));
    expect(parametricCrossEntropy(logits, labels, adjusted).item()).toBeCloseTo(crossEntropy(moved, labels).item(), 5);
  });

  test('logit adjustment does not depend on the scale of the counts, and leaves Δ and w neutral', () => {
    const { delta, iota, weight } = fixedLosses['logit-adjustment']([50, 30, 20]);
    expectClose(iota, [Math.log(0.5), Math.log(0.3), Math.log(0.2)], { absolute: 1e-15 });
    expectClose(fixedLosses['logit-adjustment']([500, 300, 200]).iota, iota, { absolute: 1e-15 });
    expect([delta, weight]).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });

  test('equal counts: logit adjustment is cross-entropy', () => {
    const loss = classLoss(fixedLosses['logit-adjustment']([4, 4, 4]));
    expect(parametricCrossEntropy(logits, labels, loss).item()).toBeCloseTo(crossEntropy(logits, labels).item(), 6);
  });

  test('numbers and tensors are each other’s inverse', () => {
    const numbers = { delta: [1, 0.5, 2], iota: [0, -1, 4], weight: [1, 1, 0.25] };
    expect(classLossNumbers(classLoss(numbers))).toEqual(numbers);
  });
});

describe('parametrisations', () => {
  const fixed = classLoss({ delta: [5, 5], iota: [6, 6], weight: [7, 7] });
  const all: Parametrisation[] = ['identity', 'sigmoid', 'softplus'];

  test.each([
    ['identity', [-3, 0, 0.7, 40]],
    ['sigmoid', [1e-6, 0.3, 0.5, 0.999]],
    ['softplus', [1e-6, 0.5, 1, 3, 40]],
  ] as const)('%s: the raw numbers of Δ give Δ back', (parametrisation, delta) => {
    const raw = tensor(rawDelta(delta, parametrisation), f64);
    const neutral = { delta: raw, iota: raw, weight: raw };
    const back = effectiveLoss({ delta: raw }, neutral, parametrisation).delta;
    expectClose(back.data(), delta, { relative: 1e-12, absolute: 1e-16 });
  });

  test.each([
    ['identity', 0.4, 0.4],
    ['sigmoid', 1, 1 / (1 + Math.exp(-1))],
    ['softplus', 0, Math.LN2],
  ] as const)('%s: %d becomes %d', (parametrisation, raw, delta) => {
    expect(effectiveLoss({ delta: tensor(raw, f64) }, fixed, parametrisation).delta.item()).toBeCloseTo(delta, 14);
  });

  test.each([
    ['sigmoid', 1],
    ['sigmoid', 0],
    ['sigmoid', -0.5],
    ['sigmoid', 1.5],
    ['softplus', 0],
    ['softplus', -1],
    ['identity', Number.POSITIVE_INFINITY],
    ['identity', Number.NaN],
  ] as const)('%s cannot make Δ = %d', (parametrisation, delta) => {
    expect(() => rawDelta([0.5, delta], parametrisation)).toThrow(ConfigError);
    expect(() => rawDelta([0.5, delta], parametrisation)).toThrow(`${parametrisation} cannot make Δ = ${delta}`);
  });

  test.each(all)('%s: what is not learned stays as it was, and ι is the number itself', (parametrisation) => {
    const raw = tensor([0.25, -0.5]);
    expect(effectiveLoss({}, fixed, parametrisation)).toEqual(fixed);
    const { delta, iota, weight } = effectiveLoss({ iota: raw }, fixed, parametrisation);
    expect([delta, iota, weight]).toEqual([fixed.delta, raw, fixed.weight]);
    expect(effectiveLoss({ delta: raw }, fixed, parametrisation).iota).toBe(fixed.iota);
  });
});

test('logit adjustment refuses a class without samples', () => {
  expect(() => fixedLosses['logit-adjustment']([5, 0, 2])).toThrow(/class 1 has 0 samples/);
});
