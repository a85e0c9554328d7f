import {
  add,
  type BilevelProblem,
  crossEntropy,
  crossEntropyPerSample,
  type DenseParams,
  type DType,
  dense,
  fanInUniform,
  mean,
  mul,
  type Random,
  relu,
  sigmoid,
  type Value,
  zeros,
} from 'autobalance';
import type { Labelled } from './samples.js';

export type Layers = readonly DenseParams[];

/** Dense layers of these sizes, from pixels to classes. */
export const initLayers = (sizes: readonly number[], random: Random, dtype: DType = 'f32'): Layers =>
  sizes.slice(1).map((outputs, i) => ({
    weight: fanInUniform(random, [sizes[i]!, outputs], sizes[i]!, dtype),
    bias: zeros([outputs], dtype),
  }));

/** With a ReLU between any two layers. */
export const logits = (layers: Layers, x: Value): Value =>
  layers.reduce((h, layer, i) => dense(i === 0 ? h : relu(h), layer), x);

/** Mean over the samples of weight · cross-entropy. */
export const weightedLoss = (layers: Layers, weights: Value, { x, y }: Labelled): Value =>
  mean(mul(weights, crossEntropyPerSample(logits(layers, x), y)));

/**
 * Hyper-cleaning: every training sample i has its own λ_i, and counts σ(λ_i).
 *
 *     min_λ  CE(w*(λ); validation)      subject to   w*(λ) = argmin_w  mean_i σ(λ_i)·CE_i(w) + (c/2)‖w‖²
 */
export const cleaningProblem = (weightDecay: number): BilevelProblem<Layers, Value, Labelled> => ({
  inner: (layers, lambda, batch) => weightedLoss(layers, sigmoid(lambda), batch),
  outer: (layers, _, { x, y }) => crossEntropy(logits(layers, x), y),
  weightDecay,
});

/** ‖·‖₂ decay of every layer, weights and biases alike, added to their gradient. */
export const withDecay = (gradient: Layers, layers: Layers, weightDecay: number): Layers =>
  gradient.map(({ weight, bias }, i) => ({
    weight: add(weight, mul(layers[i]!.weight, weightDecay)),
    bias: add(bias, mul(layers[i]!.bias, weightDecay)),
  }));
