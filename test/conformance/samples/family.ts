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

/** What the conformance tests know of one primitive. */
export interface Family<P extends Params = Params> {
  /** Every dtype that `T` may stand for; the shape rule must refuse the others. */
  readonly domain: readonly DType[];
  readonly accuracy: Accuracy;
  readonly samples: readonly Sample<P>[];
}

interface LinearCase<P extends Params> {
  readonly name: string;
  readonly params: P;
  /** The inputs, where the one that moves is drawn as told. */
  readonly inputs: (draw: Draw) => readonly Source[];
  /** The input in which the operation is linear. */
  readonly moving: number;
  readonly differentiable: boolean;
  readonly integers?: readonly DType[];
  expected(inputs: readonly Tensor[], params: P, shape: Shape): number[];
}

/** One use of an operation that is linear in one input: in floats, and in integers small enough to be bits as well. */
export function linearSamples<P extends Params>(of: LinearCase<P>): Sample<P>[] {
  const { name, params, inputs, moving, differentiable, integers = ['i32', 'u8'] } = of;
  const expected = of.expected.bind(of);
  const floats: Sample<P> = { name, params, inputs: inputs(uniform(-1, 1)), dtypes: FLOATS, expected };
  return [
    differentiable ? { ...floats, differentiable: [moving] } : floats,
    { name: `${name}, small integers`, params, inputs: inputs(whole(0, 2)), dtypes: integers, expected },
  ];
}
