import { describe, test } from 'vitest';
import {
  crossEntropy,
  crossEntropyPerSample,
  grad,
  hessian,
  mul,
  sum,
  tensor,
  type Value,
  weightedCrossEntropy,
} from '../../src/index.js';
import { readFixture, type StoredArray, stored } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

interface LossFixture {
  readonly logits: StoredArray;
  readonly labels: readonly number[];
  readonly weights: StoredArray;
  readonly perSample: StoredArray;
  readonly plain: number;
  readonly plainGradient: StoredArray;
  readonly weighted: number;
  readonly weightedGradient: StoredArray;
}

const fixture = readFixture<LossFixture>('losses');
const logits = stored(fixture.logits);
const labels = tensor(fixture.labels, { dtype: 'i32' });
const weights = stored(fixture.weights);
const f64 = { dtype: 'f64' } as const;
const close = { relative: 1e-13, absolute: 1e-14 };

describe('cross-entropy', () => {
  test('agrees with PyTorch, per sample, in the mean and in its gradient', () => {
    expectClose(crossEntropyPerSample(logits, labels).data(), fixture.perSample.values, close);
    expectClose([crossEntropy(logits, labels).item()], [fixture.plain], close);
    const gradient = grad((f: Value) => crossEntropy(f, labels))(logits);
    expectClose(gradient.data(), fixture.plainGradient.values, close);
  });

  test('equal logits cost log K, for every label', () => {
    const each = crossEntropyPerSample(
      tensor(new Float64Array(12).fill(7), { shape: [3, 4] }),
      tensor([0, 1, 3], { dtype: 'i32' }),
    );
    expectClose(each.data(), [Math.log(4), Math.log(4), Math.log(4)], close);
  });

  test.each(['f32', 'f64'] as const)('%s: huge logits neither overflow nor lose the loss', (dtype) => {
    const f = tensor([1e4, 0, -1e4], { shape: [1, 3], dtype });
    const at = (label: number): number => crossEntropy(f, tensor([label], { dtype: 'i32' })).item();
    expectClose([at(0), at(1), at(2)], [0, 1e4, 2e4]);
    const gradient = grad((x: Value) => crossEntropy(x, tensor([2], { dtype: 'i32' })))(f);
    expectClose(gradient.data(), [1, 0, -1]);
  });

  test('a constant added to all logits changes nothing', () => {
    const shifted = tensor(
      Array.from(logits.data(), (value) => value + 5),
      { shape: logits.shape, dtype: 'f64' },
    );
    expectClose(crossEntropyPerSample(shifted, labels).data(), fixture.perSample.values, close);
  });

  test('its Hessian is diag p − ppᵀ', () => {
    const f = [0.3, -1.2, 0.8];
    const total = f.reduce((all, x) => all + Math.exp(x), 0);
    const p = f.map((x) => Math.exp(x) / total);
    const loss = (x: Value): Value => sum(crossEntropyPerSample(x, tensor([1], { dtype: 'i32' })));
    const expected = p.flatMap((a, i) => p.map((b, j) => (i === j ? a : 0) - a * b));
    expectClose(hessian(loss)(tensor([f], f64)).data(), expected, { absolute: 1e-15 });
  });
});

describe('weighted cross-entropy', () => {
  test('agrees with PyTorch in value and gradient', () => {
    expectClose([weightedCrossEntropy(logits, labels, weights).item()], [fixture.weighted], close);
    const gradient = grad((f: Value) => weightedCrossEntropy(f, labels, weights))(logits);
    expectClose(gradient.data(), fixture.weightedGradient.values, close);
  });

  test('equal weights of any size give the plain mean', () => {
    const equal = tensor([3, 3, 3, 3], f64);
    expectClose([weightedCrossEntropy(logits, labels, equal).item()], [fixture.plain], close);
  });

  test('only the ratios of the weights matter', () => {
    expectClose([weightedCrossEntropy(logits, labels, mul(weights, 17)).item()], [fixture.weighted], close);
  });
});
