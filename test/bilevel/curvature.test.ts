import { describe, expect, test } from 'vitest';
import { grad, hessian, jacobian } from '../../src/ad/index.js';
import {
  averageOperator,
  batchOperator,
  composeOperators,
  congruence,
  gaussNewtonOperator,
  hessianOperator,
  jacobianOperator,
  type LinearOperator,
  mixedOperator,
  operator,
  Point,
  ravel,
  shiftOperator,
  symmetricOperator,
  transposeOperator,
} from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import { ConfigError, ShapeError, type Value } from '../../src/ir/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import { add, matmul, mul, square, sum, tanh } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { expectClose } from '../support/compare.js';

const f64 = { dtype: 'f64' } as const;
type Net = { readonly first: Value; readonly second: Value };
type Batch = { readonly x: Value; readonly y: Value };
type Penalty = { readonly rate: Value };

const random = new Random(17);
const normal = (shape: readonly number[]): Value =>
  tensor(
    Array.from({ length: shape.reduce((n, e) => n * e, 1) }, () => 0.6 * random.normal()),
    { shape, ...f64 },
  );
const net: Net = { first: normal([3, 4]), second: normal([4, 3]) };
const batchOf = (n: number): Batch => ({
  x: normal([n, 3]),
  y: tensor(
    Int32Array.from({ length: n }, () => random.integer(3)),
    { dtype: 'i32' },
  ),
});
const batches = [batchOf(5), batchOf(5), batchOf(5)];
const penalty: Penalty = { rate: normal([2]) };

const outputs = ({ first, second }: Net, { x }: Batch): Value => matmul(tanh(matmul(x, first)), second);
const loss = (z: Value, { y }: Batch): Value => crossEntropy(z, y);
const objective = (w: Net, batch: Batch): Value => loss(outputs(w, batch), batch);

const { vector, unravel } = ravel(net);
const P = vector.size;

/** The matrix of an operator, row by row, by products with unit vectors. */
async function matrixOf(a: LinearOperator): Promise<number[][]> {
  const columns: number[][] = [];
  for (let j = 0; j < a.columns; j++) {
    const unit = tensor(
      Array.from({ length: a.columns }, (_, i) => (i === j ? 1 : 0)),
      f64,
    );
    columns.push([...(await a.apply(unit)).data()]);
  }
  return Array.from({ length: a.rows }, (_, i) => columns.map((column) => column[i]!));
}

const expectMatrix = (got: readonly (readonly number[])[], expected: ArrayLike<number>): void =>
  expectClose(got.flat(), expected, { relative: 1e-11, absolute: 1e-13 });

describe('operators of derivatives', () => {
  const batch = batches[0]!;
  const flat = (w: Value): Value => objective(unravel(w), batch);

  test('the Hessian: symmetric, and the matrix of second derivatives', async () => {
    const h = hessianOperator(objective, net, batch);
    expect([h.rows, h.columns, h.symmetric, h.definite]).toEqual([P, P, true, 'unknown']);
    expectMatrix(await matrixOf(h), hessian(flat)(vector).data());
    expectMatrix(await matrixOf(transposeOperator(h)), hessian(flat)(vector).data());
    expect(h.residualBytes).toBeGreaterThan(0);
  });

  test('the Jacobian and its transpose', async () => {
    const j = jacobianOperator(outputs, net, batch);
    const expected = (jacobian((w: Value) => ravel(outputs(unravel(w), batch)).vector)(vector) as Value).data();
    const got = await matrixOf(j);
    expectMatrix(got, expected);
    const transposed = await matrixOf(transposeOperator(j));
    transposed.forEach((row, i) => {
      expectClose(
        row,
        got.map((other) => other[i]!),
        { relative: 1e-12, absolute: 1e-15 },
      );
    });
    expect([j.rows, j.columns, j.symmetric]).toEqual([15, P, false]);
  });

  test('Gauss–Newton: JᵀH_ℓJ, semidefinite, and the Hessian itself for a linear model', async () => {
    const gn = gaussNewtonOperator({ outputs, loss }, net, batch);
    expect([gn.symmetric, gn.definite]).toEqual([true, 'semidefinite']);
    const j = await matrixOf(jacobianOperator(outputs, net, batch));
    const z = outputs(net, batch);
    const inner = hessianOperator(loss, z, batch);
    const h = await matrixOf(inner);
    const expected = j[0]!.flatMap((_, a) =>
      j[0]!.map((__, b) =>
        j.reduce((total, row, i) => total + row[a]! * h[i]!.reduce((s, x, k) => s + x * j[k]![b]!, 0), 0),
      ),
    );
    expectMatrix(await matrixOf(gn), expected);
    const linear = {
      outputs: (w: Value, { x }: Batch) => matmul(x, w),
      loss,
    };
    const w = normal([3, 3]);
    expectMatrix(
      await matrixOf(gaussNewtonOperator(linear, w, batch)),
      hessian((v: Value) => loss(linear.outputs(ravel(w).unravel(v), batch), batch))(ravel(w).vector).data(),
    );
  });

  test('the mixed derivative, both ways', async () => {
    const penalised = (w: Net, { rate }: Penalty, of: Batch): Value =>
      add(objective(w, of), sum(mul(rate, tensorOfNorms(w))));
    const tensorOfNorms = ({ first, second }: Net): Value => {
      const norms = [sum(square(first)), sum(mul(second, square(second)))];
      return add(mul(tensor([1, 0], f64), norms[0]!), mul(tensor([0, 1], f64), norms[1]!));
    };
    const c = mixedOperator(penalised, net, penalty, batch);
    expect([c.rows, c.columns]).toEqual([P, 2]);
    const expected = (
      jacobian((rate: Value) => grad((w: Value) => penalised(unravel(w), { rate }, batch))(vector))(
        penalty.rate,
      ) as Value
    ).data();
    const got = await matrixOf(c);
    expectMatrix(got, expected);
    const transposed = await matrixOf(transposeOperator(c));
    got.forEach((row, i) => {
      expectClose(
        row,
        transposed.map((other) => other[i]!),
        { relative: 1e-12, absolute: 1e-15 },
      );
    });
  });
});

describe('the algebra of operators', () => {
  const dense = (rows: number, columns: number) => {
    const a = normal([rows, columns]);
    return operator({
      rows,
      columns,
      apply: (v) => matmul(a, v),
      applyTransposed: (u) => matmul(a, u, { transA: true }),
    });
  };

  test('compose, transpose, congruence and shift agree with the matrices', async () => {
    const [a, b] = [dense(3, 4), dense(4, 2)];
    const product = composeOperators(a, b);
    const [ma, mb] = [await matrixOf(a), await matrixOf(b)];
    const expected = ma.map((row) => mb[0]!.map((_, j) => row.reduce((s, x, k) => s + x * mb[k]![j]!, 0)));
    expectMatrix(await matrixOf(product), expected.flat());
    expectMatrix(
      await matrixOf(transposeOperator(product)),
      expected[0]!.flatMap((_, j) => expected.map((row) => row[j]!)),
    );
    const s = symmetricOperator(4, (v) => mul(v, tensor([1, 2, 3, 4], f64)), { definite: 'positive' });
    const c = congruence(s, b);
    expect([c.symmetric, c.definite]).toEqual([true, 'semidefinite']);
    expectMatrix(
      await matrixOf(c),
      mb[0]!.flatMap((_, i) => mb[0]!.map((__, j) => mb.reduce((t, row, k) => t + (k + 1) * row[i]! * row[j]!, 0))),
    );
    const shifted = shiftOperator(c, 0.5);
    expect(shifted.definite).toBe('positive');
    expectMatrix(
      await matrixOf(shifted),
      (await matrixOf(c)).flatMap((row, i) => row.map((x, j) => x + (i === j ? 0.5 : 0))),
    );
    expect(shiftOperator(c, -0.5).definite).toBe('unknown');
    expect(shiftOperator(s, 0)).toBe(s);
  });

  test('what does not fit is refused', async () => {
    expect(() => composeOperators(dense(3, 4), dense(3, 2))).toThrow(ShapeError);
    expect(() => shiftOperator(dense(3, 4), 1)).toThrow('needs a square operator, got 3×4');
    await expect(dense(3, 4).apply(normal([3]))).rejects.toThrow('the operator takes vectors [4], got [3]');
    await expect(dense(3, 4).applyTransposed(normal([4]))).rejects.toThrow(ShapeError);
    expect(() => averageOperator(0, () => dense(1, 1))).toThrow(ConfigError);
    expect(() => batchOperator(batches, (b) => hessianOperator(objective, net, b), { memoryBudget: -1 })).toThrow(
      'must be a number of bytes from 0, got -1',
    );
  });
});

describe('a mean over batches within a memory budget', () => {
  const one = hessianOperator(objective, net, batches[0]!).residualBytes;
  const v = normal([P]);
  const whole = {
    x: tensor(
      batches.flatMap(({ x }) => [...x.data()]),
      { shape: [15, 3], ...f64 },
    ),
    y: tensor(
      batches.flatMap(({ y }) => [...y.data()]),
      { dtype: 'i32' },
    ),
  };

  test.each([
    [Number.POSITIVE_INFINITY, 3, 3],
    [2.5, 2, 3 + 2],
    [0, 0, 3 * 3],
  ])('a budget of %d linearizations keeps %d and makes %d in three products', async (budget, kept, made) => {
    let count = 0;
    const mean = batchOperator(
      batches,
      (batch) => {
        count += 1;
        return hessianOperator(objective, net, batch);
      },
      { memoryBudget: budget * one },
    );
    // Asking for its traits makes the first one; a budget that keeps nothing pays for that.
    const before = budget === 0 ? 1 : 0;
    const products = [await mean.apply(v), await mean.apply(v), await mean.apply(v)];
    expect(mean.residualBytes).toBe(kept * one);
    expect(count).toBe(made + before);
    const exact = await hessianOperator(objective, net, whole).apply(v);
    for (const product of products) expectClose(product.data(), exact.data(), { relative: 1e-11, absolute: 1e-14 });
    expect([mean.symmetric, mean.definite]).toEqual([true, 'unknown']);
  });

  test('a hypergradient’s products do not depend on it, its peak memory does', async () => {
    const problem = {
      inner: (w: Net, _: Penalty, batch: Batch) => objective(w, batch),
      outer: (w: Net, _: Penalty, batch: Batch) => objective(w, batch),
    };
    const at = (memoryBudget: number) =>
      new Point(problem, { params: net, hyper: penalty, batches: { inner: batches, outer: batches }, memoryBudget });
    const [rich, poor] = [at(Number.POSITIVE_INFINITY), at(0)];
    const [a, b] = [await rich.hessian().apply(v), await poor.hessian().apply(v)];
    expect(b.data()).toEqual(a.data());
    expect(poor.peakBytes).toBeLessThan(rich.peakBytes);
    expect(rich.counts).toEqual({ gradients: 3, hessianProducts: 3, mixedProducts: 0 });
  });
});
