import { mapTrees, type Value } from '../ir/index.js';
import { add, mul, sub } from '../ops/index.js';
import { zeros } from '../tensor/index.js';

export interface SgdOptions {
  /** Learning rate: a number, or a scalar value so that a compiled step can be given another one each time. */
  readonly learningRate: Value | number;
  readonly momentum: number;
  /** Added to the gradient as `weightDecay · parameter` (L2). */
  readonly weightDecay: number;
}

/** Velocities at the start: zeros like the parameters. */
export const initVelocity = <P>(params: P): P => mapTrees((p) => zeros(p.shape, p.dtype), params);

/** One step of stochastic gradient descent with momentum: v ← m·v + g + d·p, p ← p − r·v. */
export function sgd<P>(
  params: P,
  gradients: P,
  velocity: P,
  { learningRate, momentum, weightDecay }: SgdOptions,
): { params: P; velocity: P } {
  const decayed = mapTrees((p, g) => add(g, mul(p, weightDecay)), params, gradients);
  const moved = mapTrees((v, g) => add(mul(v, momentum), g), velocity, decayed);
  return { velocity: moved, params: mapTrees((p, v) => sub(p, mul(v, learningRate)), params, moved) };
}
