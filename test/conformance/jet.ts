import type { Params, Shape, Tensor } from '../../src/ir/index.js';
import type { Draw } from '../support/tensors.js';

/**
 * The derivatives of an operation at a point, told again in numbers. They state a convention where a function has no derivative (a tie, a
 * kink) and keep relative accuracy where differences have none (a tail). Directions come one per input, zero for inputs that do not move.
 * Methods, on purpose: a jet with narrow params is usable as `Jet`.
 */
export interface Jet<P extends Params = Params> {
  /** Inputs in which to differentiate. */
  readonly active: readonly number[];
  /** Numbers for the directions, where not the usual ones. */
  readonly draw?: Draw;
  /** Df[v], element by element of the result. */
  first(x: readonly Tensor[], v: readonly Tensor[], params: P, shape: Shape): number[];
  /** D²f[v, w]; absent: 0, as where pieces are linear. */
  second?(x: readonly Tensor[], v: readonly Tensor[], w: readonly Tensor[], params: P, shape: Shape): number[];
  /** D³f[v, w, z]; absent: 0. */
  third?(x: readonly Tensor[], v: readonly Tensor[], w: readonly Tensor[], z: readonly Tensor[]): number[];
}

/** Partial derivatives of a function of a few numbers at one point: by input, by two inputs, by three. */
export interface Partials {
  readonly first: readonly number[];
  readonly second?: readonly (readonly number[])[];
  readonly third?: readonly (readonly (readonly number[])[])[];
}

/** A factor of 0 is no term at all, whatever it would multiply. */
const times = (factor: number, ...rest: readonly number[]): number =>
  factor === 0 ? 0 : rest.reduce((product, x) => product * x, factor);

/** The jet of a function that is applied element by element. */
export function pointwise(active: readonly number[], partials: (...x: number[]) => Partials): Jet {
  const elements = (x: readonly Tensor[], term: (at: Partials, i: number) => number): number[] =>
    Array.from(x[0]!.data(), (_, i) => term(partials(...x.map((tensor) => tensor.data()[i]!)), i));
  const over = (term: (k: number) => number): number => active.reduce((sum, k) => sum + term(k), 0);
  return {
    active,
    first: (x, v) => elements(x, ({ first }, i) => over((k) => times(first[k]!, v[k]!.data()[i]!))),
    second: (x, v, w) =>
      elements(x, ({ second }, i) =>
        over((k) => over((l) => times(second?.[k]?.[l] ?? 0, v[k]!.data()[i]!, w[l]!.data()[i]!))),
      ),
    third: (x, v, w, z) =>
      elements(x, ({ third }, i) =>
        over((k) =>
          over((l) =>
            over((m) => times(third?.[k]?.[l]?.[m] ?? 0, v[k]!.data()[i]!, w[l]!.data()[i]!, z[m]!.data()[i]!)),
          ),
        ),
      ),
  };
}

/** The jet of a function of one number from its first three derivatives. */
export const smoothJet = (derivatives: (x: number) => readonly [number, number, number]): Jet =>
  pointwise([0], (x) => {
    const [first, second, third] = derivatives(x);
    return { first: [first], second: [[second]], third: [[[third]]] };
  });
