import type { Value } from '../ir/index.js';
import { crossEntropy } from '../losses/index.js';
import {
  add,
  div,
  exp,
  logSoftmax,
  maximum,
  mean,
  minimum,
  mul,
  oneHot,
  stopGradient,
  sub,
  sum,
} from '../ops/index.js';

/** Newton steps for the temperature; from 1 it is right to four digits after five on every network tried. */
const NEWTON_STEPS = 5;

/**
 * The factor β = 1/T that minimises the cross-entropy of β·logits (temperature scaling, Guo et al. 2017). The cross-entropy is convex in β, so
 * Newton's method is safe within bounds. A constant to every derivative: at the minimum the envelope theorem makes its own derivative vanish.
 */
export function inverseTemperature(logits: Value, labels: Value): Value {
  const z = stopGradient(logits);
  const own = sum(mul(oneHot(labels, z.shape[1]!, z.dtype), z), { axes: 1 });
  let beta: Value = add(mul(sum(z), 0), 1);
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const p = exp(logSoftmax(mul(z, beta)));
    const expected = sum(mul(p, z), { axes: 1, keepDims: true });
    const slope = sub(mean(expected), mean(own));
    const curvature = mean(sum(mul(p, mul(sub(z, expected), sub(z, expected))), { axes: 1 }));
    beta = minimum(maximum(sub(beta, div(slope, add(curvature, 1e-6))), 0.1), 2);
  }
  return stopGradient(beta);
}

/**
 * What the search minimises on class-balanced validation batches.
 * - `cross-entropy`: as in the paper;
 * - `calibrated`: cross-entropy after temperature scaling. A network that fits its training data is overconfident, and its validation
 *   cross-entropy is then ruled by the few samples that are wrong with certainty: on Fashion-MNIST-LT the plain objective kept pushing the
 *   shirts' Δ and ι long after the error had stopped falling.
 */
export const objectives = {
  'cross-entropy': crossEntropy,
  calibrated: (logits: Value, labels: Value): Value =>
    crossEntropy(mul(logits, inverseTemperature(logits, labels)), labels),
} as const;

export type ObjectiveName = keyof typeof objectives;
