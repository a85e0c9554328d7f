import { describe, expect, test } from 'vitest';
import { Random } from '../../src/data/random.js';
import type { DType, Shape, Tensor, Value } from '../../src/ir/index.js';
import { sizeOf } from '../../src/ir/index.js';
import {
  add,
  averagePool,
  concatenate,
  conv2d,
  cos,
  div,
  exp,
  expm1,
  iota,
  log,
  log1p,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maxPool,
  mean,
  mul,
  neg,
  oneHot,
  pad,
  pow,
  relu,
  reshape,
  reverse,
  rsqrt,
  select,
  sigmoid,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  takeRows,
  tanh,
  transpose,
} from '../../src/ops/index.js';
import { relativeError } from '../support/compare.js';
import { expectDerivatives, reverseOf } from '../support/derivatives.js';
import { programOf } from '../support/programs.js';
import { reference, targets } from '../support/targets.js';
import { tensorOf, uniform, whole } from '../support/tensors.js';

/** Operations together, as networks and losses have them: where fusion, memory planning and residuals are put to the test. */
interface Composition {
  readonly name: string;
  /** Shapes of the float inputs, which all move. */
  readonly shapes: readonly Shape[];
  /** Labels 0 … classes − 1, a last input that does not move. */
  readonly labels?: { readonly count: number; readonly classes: number };
  fn(...inputs: Value[]): readonly Value[];
}

const crossEntropy = (logits: Value, labels: Value): Value =>
  neg(mean(sum(mul(logSoftmax(logits), oneHot(labels, logits.shape[1]!, logits.dtype)), { axes: 1 })));

function normalize(x: Value, scale: Value, shift: Value): Value {
  const axes = [0, 1, 2];
  const centred = sub(x, mean(x, { axes, keepDims: true }));
  const variance = mean(square(centred), { axes, keepDims: true });
  return add(mul(mul(centred, rsqrt(add(variance, 1e-3))), scale), shift);
}

const compositions: readonly Composition[] = [
  {
    name: 'two dense layers and cross-entropy',
    shapes: [[5, 4], [4, 3], [3], [3, 3], [3]],
    labels: { count: 5, classes: 3 },
    fn: (x, w1, b1, w2, b2, labels) => [crossEntropy(add(matmul(tanh(add(matmul(x!, w1!), b1!)), w2!), b2!), labels!)],
  },
  {
    name: 'convolution, batch normalisation, relu, pooling',
    shapes: [[2, 5, 6, 2], [3, 3, 2, 3], [3], [3], [9, 3]],
    labels: { count: 2, classes: 3 },
    fn: (x, f, scale, shift, w, labels) => {
      const features = relu(normalize(conv2d(x!, f!), scale!, shift!));
      const pooled = averagePool(maxPool(features, { window: 2, padding: 'same' }), { window: [3, 1] });
      return [crossEntropy(matmul(reshape(pooled, [2, -1]), w!), labels!)];
    },
  },
  {
    name: 'residual block with stride and a depthwise convolution',
    shapes: [
      [1, 4, 4, 2],
      [3, 3, 1, 2],
      [1, 1, 2, 2],
    ],
    fn: (x, depthwise, pointwise) => {
      const inner = softplus(conv2d(x!, depthwise!, { strides: 2, groups: 2 }));
      return [tanh(add(conv2d(inner, pointwise!), slice(x!, [0, 0, 0, 0], [1, 4, 4, 2], [1, 2, 2, 1])))];
    },
  },
  {
    name: 'a loss with parameters for every class',
    shapes: [[6, 4], [4], [4], [4]],
    labels: { count: 6, classes: 4 },
    fn: (logits, delta, shift, weight, labels) => {
      const adjusted = add(mul(logits!, sigmoid(delta!)), shift!);
      const own = sum(mul(adjusted, oneHot(labels!, 4, logits!.dtype)), { axes: 1 });
      const losses = sub(logSumExp(adjusted, { axes: 1 }), own);
      return [mean(mul(losses, takeRows(exp(weight!), labels!)))];
    },
  },
  {
    name: 'attention',
    shapes: [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 2],
    ],
    fn: (q, k, v) => [matmul(softmax(mul(matmul(q!, k!, { transB: true }), 0.5)), v!)],
  },
  {
    name: 'every smooth function of one number',
    shapes: [[7], [7]],
    fn: (x, y) => {
      const positive = add(square(x!), 0.5);
      const waves = add(mul(sin(x!), cos(y!)), pow(positive, y!));
      const roots = add(sqrt(positive), div(log(positive), log1p(positive)));
      return [add(waves, mul(roots, add(expm1(mul(y!, 0.5)), sigmoid(x!)))), max(mul(x!, y!))];
    },
  },
  {
    name: 'movements of every kind',
    shapes: [[3, 4], [2]],
    fn: (x, y) => {
      const turned = reverse(transpose(pad(square(x!), [1, 0], [0, 2])), [0]);
      const scaled = mul(turned, reshape(concatenate([y!, exp(y!)]), [1, 4]));
      const chosen = select(oneHot(iota([3]), 4, 'bool'), slice(scaled, [0, 0], [3, 4]), 1);
      return [chosen, sum(scaled, { axes: 0 })];
    },
  },
  {
    name: 'scales that are views of views',
    shapes: [[2, 3, 4], [3]],
    fn: (x, w) => [mul(mul(x!, x!), reshape(exp(w!), [3, 1])), mul(x!, reshape(reshape(w!, [3, 1, 1]), [3, 1]))],
  },
];

function pointOf({ name, shapes, labels, fn }: Composition, dtype: DType) {
  const random = new Random(1, name);
  const inputs = shapes.map((shape) => tensorOf(uniform(-1, 1)(random, sizeOf(shape)), shape, dtype));
  if (labels) inputs.push(tensorOf(whole(0, labels.classes)(random, labels.count), [labels.count], 'i32'));
  const program = programOf(
    fn,
    inputs.map((x) => x.aval),
  );
  return { program, inputs, active: inputs.map((_, i) => i < shapes.length) };
}

const widened = (tensors: readonly Tensor[]): Tensor[] =>
  tensors.map((x) => (x.dtype === 'f32' ? tensorOf(x.data(), x.shape, 'f64') : x));

describe.each(targets.map((target) => [target.name, target] as const))('compositions on %s', (_, target) => {
  test.each(compositions.map((each) => [each.name, each] as const))('%s: values and gradients', (_, composition) => {
    for (const [dtype, bound] of [
      ['f64', 1e-13],
      ['f32', 2e-5],
    ] as const) {
      const value = pointOf(composition, dtype);
      const gradient = reverseOf(value, new Random(3));
      for (const { program, inputs } of [value, gradient]) {
        const got = widened(target.run(program, inputs));
        const expected = widened(reference.run(program, inputs));
        expect(relativeError(got, expected)).toBeLessThan(bound);
      }
    }
  });

  test.each(compositions.map((each) => [each.name, each] as const))(
    '%s: every mixture of modes to third order',
    (_, composition) => {
      expectDerivatives(target, pointOf(composition, 'f64'), 3, new Random(2));
    },
  );
});
