import { describe, expect, test } from 'vitest';
import {
  type ClassLoss,
  type ClassLossNumbers,
  classLoss,
  classLossNumbers,
  grad,
  parametricCrossEntropy,
  Random,
  ShapeError,
  tensor,
  type Value,
} from '../../../src/index.js';
import { readFixture, type StoredArray, stored } from '../../fixtures/read.js';
import { expectClose } from '../../support/compare.js';
import { batch, expectSecondOrder, fixture } from '../training-losses.js';

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
function closedForm(f: number[][], y: readonly number[], { delta, iota, weight }: ClassLossNumbers<readonly number[]>) {
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

describe('by class and group', () => {
  const { byGroup } = fixture;
  const tables = { delta: stored(byGroup.delta), iota: stored(byGroup.iota), weight: stored(byGroup.weight) };

  test('agrees with PyTorch in value and in all four gradients', () => {
    const loss = (logits: Value, numbers: ClassLoss): Value =>
      parametricCrossEntropy(logits, batch.labels, numbers, batch.groups);
    expectClose([loss(batch.logits, tables).item()], [byGroup.value], close);
    const [logits, numbers] = grad(loss, { argnums: [0, 1] })(batch.logits, tables) as [Value, ClassLoss];
    [logits, numbers.delta, numbers.iota, numbers.weight].forEach((gradient, i) => {
      expect(gradient.shape).toEqual(byGroup.gradient[i]!.shape);
      expectClose(gradient.data(), byGroup.gradient[i]!.values, close);
    });
  });

  test('its second derivatives exist, in the tables too', () => {
    expectSecondOrder((logits) => parametricCrossEntropy(logits, batch.labels, tables, batch.groups));
    for (const name of ['delta', 'iota'] as const) {
      const moved = (table: Value): ClassLoss => ({ ...tables, [name]: table });
      expectSecondOrder(
        (table) => parametricCrossEntropy(batch.logits, batch.labels, moved(table), batch.groups),
        tables[name],
      );
    }
  });

  test('equal columns are the loss by class', () => {
    const column = (values: readonly number[]) => values.map((value) => [value, value, value]);
    const numbers = { delta: [1, 0.8, 1.2, 0.5], iota: [0, -1, 2, 0.3], weight: [1, 2, 0.5, 0] };
    const apart = { delta: column(numbers.delta), iota: column(numbers.iota), weight: column(numbers.weight) };
    const [plain, grouped] = [numbers, apart].map((of) =>
      parametricCrossEntropy(
        tensor(fixture.logits.values, { shape: [10, 4] }),
        batch.labels,
        classLoss(of),
        batch.groups,
      ),
    );
    expectClose([grouped!.item()], [plain!.item()], { relative: 1e-6 });
  });

  test('by group alone: Δ_g scales all logits of a sample, w_g weighs it', () => {
    const logits = tensor(
      [
        [1, 2],
        [3, -1],
      ],
      f64,
    );
    const [labels, groups] = [tensor([0, 1], { dtype: 'i32' }), tensor([1, 0], { dtype: 'i32' })];
    const loss = { delta: tensor([[0.5, 2]], f64), iota: tensor([0, 0], f64), weight: tensor([[3, 4]], f64) };
    // −log softmax of (2, 4) at 0 and of (1.5, −0.5) at 1 are log(1 + e²) both.
    expectClose(
      [parametricCrossEntropy(logits, labels, loss, groups).item()],
      [((4 + 3) / 2) * Math.log1p(Math.exp(2))],
      close,
    );
  });

  test('groups that are not given are a ShapeError', () => {
    expect(() => parametricCrossEntropy(batch.logits, batch.labels, tables)).toThrow(ShapeError);
    expect(() => parametricCrossEntropy(batch.logits, batch.labels, tables)).toThrow(/Δ is a table of 4×3 by group/);
  });

  test('tables and numbers are each other’s inverse', () => {
    const numbers = {
      delta: [
        [1, 0.5],
        [2, 1],
      ],
      iota: [0, -1],
      weight: [[1, 0.25]],
    };
    expect(classLossNumbers(classLoss(numbers))).toEqual(numbers);
  });
});
