import { describe, expect, test } from 'vitest';
import {
  batchNorm,
  conv,
  dense,
  grad,
  jacobian,
  mul,
  type NormState,
  sum,
  tensor,
  type Value,
} from '../../src/index.js';
import { readFixture, type StoredArray, storedTree } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

interface LayerFixture {
  readonly dense: { readonly [name in 'x' | 'weight' | 'bias' | 'output']: StoredArray };
  readonly conv: {
    readonly x: StoredArray;
    readonly filter: StoredArray;
    readonly cases: readonly {
      readonly strides: number;
      readonly padding: number;
      readonly dilation: number;
      readonly output: StoredArray;
    }[];
  };
  readonly norm: { readonly [name in 'x' | 'scale' | 'shift' | 'mean' | 'variance' | 'evaluated']: StoredArray } & {
    readonly trained: readonly { readonly [name in 'output' | 'mean' | 'variance']: StoredArray }[];
  };
}

const fixture = readFixture<LayerFixture>('layers');
const expectSame = (actual: Value, expected: Value): void => {
  expect(actual.shape).toEqual(expected.shape);
  expectClose(actual.data(), expected.data(), { relative: 1e-12, absolute: 1e-12 });
};

test('dense agrees with PyTorch', () => {
  const { x, weight, bias, output } = storedTree(fixture.dense);
  expectSame(dense(x, { weight, bias }), output);
});

describe('conv', () => {
  const { x, filter } = storedTree({ x: fixture.conv.x, filter: fixture.conv.filter });
  test.each(fixture.conv.cases)(
    'stride $strides, padding $padding, dilation $dilation agrees with PyTorch',
    ({ output, ...options }) => {
      expectSame(conv(x, { filter }, options), storedTree({ output }).output);
    },
  );

  test('keeps the extent by default', () => {
    const same = fixture.conv.cases.find(({ strides, padding, dilation }) => strides * padding * dilation === 1)!;
    expectSame(conv(x, { filter }), storedTree({ output: same.output }).output);
  });
});

describe('batchNorm', () => {
  const { x, scale, shift, mean, variance, evaluated, trained } = storedTree(fixture.norm);
  const state: NormState = { mean, variance };

  test('evaluation uses the running statistics and leaves them alone', () => {
    const result = batchNorm(x, { scale, shift }, state, { train: false });
    expectSame(result.output, evaluated);
    expect(result.state).toBe(state);
  });

  test('two training steps agree with PyTorch, running statistics (unbiased variance) included', () => {
    let running = state;
    trained.forEach(({ output, mean: nextMean, variance: nextVariance }, step) => {
      const result = batchNorm(mul(x, step + 1), { scale, shift }, running, { train: true });
      expectSame(result.output, output);
      expectSame(result.state.mean, nextMean);
      expectSame(result.state.variance, nextVariance);
      running = result.state;
    });
  });

  test('by hand: momentum, epsilon and the unbiased variance', () => {
    // Values 1 … 4: mean 2.5, variance 1.25, unbiased 5/3.
    const one = tensor([1], { dtype: 'f64' });
    const zero = tensor([0], { dtype: 'f64' });
    const { output, state: next } = batchNorm(
      tensor([[1], [2], [3], [4]], { dtype: 'f64' }),
      { scale: one, shift: zero },
      { mean: zero, variance: one },
      { train: true, momentum: 0.5, epsilon: 1 },
    );
    expectClose(output.data(), [-1, -1 / 3, 1 / 3, 1], { absolute: 1e-15 });
    expect(next.mean.item()).toBeCloseTo(1.25, 14);
    expect(next.variance.item()).toBeCloseTo(0.5 + 5 / 6, 14);
  });

  test('one sample: the variance is 0 and the running one stays finite', () => {
    const { output, state: next } = batchNorm(
      tensor([[3]], { dtype: 'f64' }),
      { scale: tensor([2], { dtype: 'f64' }), shift: tensor([5], { dtype: 'f64' }) },
      { mean: tensor([0], { dtype: 'f64' }), variance: tensor([1], { dtype: 'f64' }) },
      { train: true },
    );
    expect(output.item()).toBe(5);
    expect(next.variance.item()).toBeCloseTo(0.9, 14);
  });

  test('in training, a constant added to or a factor on the input changes nothing: those derivatives are 0', () => {
    // Weighted by something that is not parallel to x, where the gradient would be 0 throughout.
    const weights = tensor(
      Array.from({ length: x.size }, (_, i) => Math.sin(3 * i)),
      { shape: x.shape, dtype: 'f64' },
    );
    const output = (v: Value): Value =>
      sum(mul(batchNorm(v, { scale, shift }, state, { train: true, epsilon: 0 }).output, weights));
    const gradient = grad(output)(x).data();
    const values = x.data();
    for (let channel = 0; channel < 3; channel++) {
      let total = 0;
      let radial = 0;
      let size = 0;
      for (let i = channel; i < gradient.length; i += 3) {
        total += gradient[i];
        radial += gradient[i] * values[i];
        size += Math.abs(gradient[i] * values[i]);
      }
      expect(size).toBeGreaterThan(0.1);
      expect(Math.abs(total)).toBeLessThan(1e-12 * size);
      expect(Math.abs(radial)).toBeLessThan(1e-12 * size);
    }
  });

  test('in evaluation, the layer is diagonal', () => {
    const one = tensor([[1, -2, 0.5]], { dtype: 'f64' });
    const full = jacobian((v: Value) => batchNorm(v, { scale, shift }, state, { train: false }).output)(one) as Value;
    const factor = Array.from(scale.data(), (s, k) => s / Math.sqrt(variance.data()[k] + 1e-5));
    expectClose(full.data(), [factor[0], 0, 0, 0, factor[1], 0, 0, 0, factor[2]], { relative: 1e-14 });
  });
});
