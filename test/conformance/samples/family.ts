import type { DType, Params, Shape, Tensor } from '../../../src/ir/index.js';
import { type Draw, uniform, whole } from '../../support/tensors.js';
import { FLOATS, type Sample, type Source } from '../sample.js';

/**
 * How close a result must be:
 * - `exact`: the correctly rounded result, element by element;
 * - `ulps`: within the primitive's own bound;
 * - `accumulated`: within 32 units in the last place of Σ|terms|, whatever the order of summation; exact for integers.
 */
export type Accuracy = 'exact' | 'ulps' | 'accumulated';

/**
 * How close derivatives in f32 must be to those in f64 at the same numbers, element by element, in units of 2⁻²⁴ of Σ|terms|: of what the
 * single elements of the directions contribute. The bound is of the derivative, not of the way a rule writes it.
 */
export interface Slope {
  readonly first: number;
  /**
   * For forward over reverse and reverse over reverse. A second derivative may pass through 0 where the first does not; it is known as well
   * as the first one is, so that counts as a term.
   */
  readonly second: number;
  /** Multilinear with coefficients that are not negative: Σ|terms| is the operation on absolute values. */
  readonly positive?: boolean;
}

/** Moves numbers: derivatives do, too. */
export const MOVED: Slope = { first: 0, second: 0, positive: true };
/** Sums of products: see `accumulated`. */
export const SUMMED: Slope = { first: 32, second: 32, positive: true };

/** What the conformance tests know of one primitive. */
export interface Family<P extends Params = Params> {
  /** Every dtype that `T` may stand for; the shape rule must refuse the others. */
  readonly domain: readonly DType[];
  readonly accuracy: Accuracy;
  /** `zero`: locally constant, or without floats to differentiate in. */
  readonly slope: Slope | 'zero';
  readonly samples: readonly Sample<P>[];
}

interface LinearCase<P extends Params> {
  readonly name: string;
  readonly params: P;
  /** The inputs, where the one that moves is drawn as told. */
  readonly inputs: (draw: Draw) => readonly Source[];
  /** The input in which the operation is linear. */
  readonly moving: number;
  readonly integers?: readonly DType[];
  expected(inputs: readonly Tensor[], params: P, shape: Shape): number[];
}

/** One use of an operation that is linear in one input: in floats, and in integers small enough to be bits as well. */
export function linearSamples<P extends Params>(of: LinearCase<P>): Sample<P>[] {
  const { name, params, inputs, moving, integers = ['i32', 'u8'] } = of;
  const expected = of.expected.bind(of);
  return [
    { name, params, inputs: inputs(uniform(-1, 1)), dtypes: FLOATS, differentiable: [moving], expected },
    { name: `${name}, small integers`, params, inputs: inputs(whole(0, 2)), dtypes: integers, expected },
  ];
}
