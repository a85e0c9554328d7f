import { describe, test } from 'vitest';
import type { DType, Shape, Tensor, Value } from '../../src/ir/index.js';
import { logSumExp, maximum, maxPool, minimum, mul, relu, square, sub } from '../../src/ops/index.js';
import type { Point } from '../support/derivatives.js';
import { programOf } from '../support/programs.js';
import { targets } from '../support/targets.js';
import { fixed } from '../support/tensors.js';
import { type Jet, pointwise } from './jet.js';
import { prepareJet } from './jet-check.js';
import { drawInputs, FLOATS, type Sample, source } from './sample.js';
import type { Slope } from './samples/family.js';
import { prepareSingle } from './single.js';

/** Functions made of several operations at their ties and kinks, where what they promise is a convention: every mode, to third order. */
interface Kink {
  readonly name: string;
  readonly shape: Shape;
  readonly at: readonly number[];
  readonly jet: Jet;
  readonly slope: Slope;
  fn(x: Value): Value;
}

const { NEGATIVE_INFINITY: lowest } = Number;
const step = (x: number): number => (x > 0 ? 1 : 0);

/** The first of equal maxima takes all: the positions that two windows of 2 × 2 choose in a plane of 2 × 4. */
const CHOSEN = [1, 2];
const PLANE = [3, 5, 7, 7, 5, 5, 7, 0];

/** p = softmax, E[…] its mean: Df = E[v], D²f = Cov(v, w), D³f the third cumulant. */
function cumulants(rows: number): Jet {
  const means = (x: readonly Tensor[], ...factors: readonly (readonly Tensor[])[]): number[] => {
    const logits = x[0]!.data();
    const columns = logits.length / rows;
    return Array.from({ length: rows }, (_, r) => {
      const row = Array.from({ length: columns }, (_, k) => r * columns + k);
      const largest = Math.max(...row.map((i) => logits[i]!));
      const weights = row.map((i) => Math.exp(logits[i]! - largest));
      const total = weights.reduce((a, b) => a + b);
      return row.reduce(
        (sum, i, k) => sum + factors.reduce((product, [v]) => product * v!.data()[i]!, weights[k]! / total),
        0,
      );
    });
  };
  const combined =
    (...lists: readonly number[][]) =>
    (term: (...m: number[]) => number): number[] =>
      lists[0]!.map((_, r) => term(...lists.map((list) => list[r]!)));
  return {
    active: [0],
    first: (x, v) => means(x, v),
    second: (x, v, w) => combined(means(x, v, w), means(x, v), means(x, w))((vw, a, b) => vw! - a! * b!),
    third: (x, v, w, z) =>
      combined(
        means(x, v, w, z),
        means(x, v, w),
        means(x, v, z),
        means(x, w, z),
        means(x, v),
        means(x, w),
        means(x, z),
      )((vwz, vw, vz, wz, a, b, c) => vwz! - vw! * c! - vz! * b! - wz! * a! + 2 * a! * b! * c!),
  };
}

const kinks: readonly Kink[] = [
  {
    name: 'relu: 0 at 0',
    shape: [6],
    at: [-1, -0, 0, 1e-30, 2, lowest],
    slope: { first: 0, second: 0 },
    jet: pointwise([0], (x) => ({ first: [step(x)] })),
    fn: relu,
  },
  {
    name: 'the square of relu: 0 at 0, and so is its second derivative',
    shape: [5],
    at: [-1, -0, 0, 0.5, 2],
    slope: { first: 4, second: 8 },
    jet: pointwise([0], (x) => ({ first: [2 * x * step(x)], second: [[2 * step(x)]] })),
    fn: (x) => square(relu(x)),
  },
  {
    name: 'clipping to [0, 1]: half a tangent at either end',
    shape: [5],
    at: [-1, 0, 0.5, 1, 2],
    slope: { first: 1, second: 1 },
    jet: pointwise([0], (x) => ({ first: [x < 0 || x > 1 ? 0 : x === 0 || x === 1 ? 0.5 : 1] })),
    fn: (x) => minimum(maximum(x, 0), 1),
  },
  {
    name: '|x|·x written with a maximum: smooth once',
    shape: [4],
    at: [-2, 0, -0, 3],
    slope: { first: 8, second: 8 },
    jet: pointwise([0], (x) => ({ first: [2 * Math.abs(x)], second: [[2 * Math.sign(x)]] })),
    fn: (x) => mul(x, maximum(x, sub(0, x))),
  },
  {
    name: 'maximum pooling: the first of equal maxima takes all',
    shape: [1, 2, 4, 1],
    at: PLANE,
    slope: { first: 0, second: 0 },
    jet: { active: [0], first: (_, v) => CHOSEN.map((i) => v[0]!.data()[i]!) },
    fn: (x) => maxPool(x, { window: 2 }),
  },
  {
    name: 'log-sum-exp at ties, far apart, and with −∞ among its terms',
    shape: [4, 3],
    at: [1, 1, 1, 1e4, -1e4, 1e4, lowest, 2, lowest, lowest, 0, 0],
    slope: { first: 16, second: 32 },
    jet: cumulants(4),
    fn: (x) => logSumExp(x, { axes: 1 }),
  },
];

function pointOf({ fn }: Kink, sample: Sample, dtype: DType): Point {
  const inputs = drawInputs(sample, dtype);
  const program = programOf(
    (x) => [fn(x!)],
    inputs.map((x) => x.aval),
  );
  return { program, inputs, active: [true] };
}

describe.each(kinks.map((kink) => [kink.name, kink] as const))('%s', (name, kink) => {
  const sample: Sample = { name, params: {}, inputs: [source(kink.shape, fixed(...kink.at))], dtypes: FLOATS };
  test.each(targets.map((target) => [target.name, target] as const))('on %s', (_, target) => {
    prepareJet(kink.jet, sample, pointOf(kink, sample, 'f64'))(target);
    prepareSingle(kink.slope, sample, pointOf(kink, sample, 'f32'), pointOf(kink, sample, 'f64'))(target);
  });
});
