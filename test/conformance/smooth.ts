import { expect } from 'vitest';
import { jvpProgram, linearizeProgram } from '../../src/ad/index.js';
import { Random } from '../../src/data/random.js';
import type { Tensor } from '../../src/ir/index.js';
import { type Point, type Prepared, prepareDerivatives, tangentsAt, vjpProgram } from '../support/derivatives.js';
import { directionLike } from '../support/tensors.js';
import type { Sample } from './sample.js';

/** Every mixture of modes to third order, against differences and by adjoints. */
export const prepareSmooth = ({ name }: Sample, point: Point): Prepared =>
  prepareDerivatives(point, 3, new Random(2, name));

const expectZeros = (tensors: readonly Tensor[], what: string): void => {
  for (const tensor of tensors)
    expect(
      tensor.data().every((x) => x === 0),
      what,
    ).toBe(true);
};

/** Locally constant: tangents and cotangents are zero, and so are the derivatives of these, `order` times over. */
export function prepareZero(point: Point, order = 3): Prepared {
  const v = point.inputs.filter((_, i) => point.active[i]).map((x) => directionLike(new Random(1), x));
  const { moving } = jvpProgram(point.program, point.active);
  const linear = linearizeProgram(point.program, point.active);
  const program = vjpProgram(point);
  const deeper = order > 1 ? prepareZero({ ...point, program }, order - 1) : undefined;
  return (target) => {
    expect(moving, 'what moves').toEqual(moving.map(() => false));
    expect(linear.moving, 'what moves').toEqual(moving);
    expectZeros(tangentsAt(target, point, v), 'tangents');
    expectZeros(target.run(program, point.inputs), 'cotangents');
    deeper?.(target);
  };
}
