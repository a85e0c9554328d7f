import { ConfigError, type Value } from '../ir/index.js';
import type { Point } from './point.js';
import { axpy, norm, scale } from './vector.js';

/** @throws {ConfigError} unless ε is above 0. */
export function requireEpsilon(name: string, epsilon: number): void {
  if (!(epsilon > 0)) throw new ConfigError(`${name}: epsilon must be above 0, got ${epsilon}`);
}

/**
 * Cᵀq by central differences of ∂g/∂λ at w ± ε q, ε = `epsilon` / ‖q‖ (Liu et al. 2019, equation 8). Error of order ε², and of rounding / ε: in
 * f32 expect two to four digits. Two gradients for each mixed batch, no second derivative.
 */
export function differenceMixed<W, L, B>(point: Point<W, L, B>, q: Value, epsilon: number): Value {
  const length = norm(q);
  if (length === 0) return scale(0, point.lambda);
  const step = epsilon / length;
  const [up, down] = [step, -step].map((by) => point.innerHyperGradient(axpy(by, q, point.w)));
  return scale(1 / (2 * step), axpy(-1, down!, up!));
}
