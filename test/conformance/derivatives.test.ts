import { describe, expect, test } from 'vitest';
import { jvpProgram } from '../../src/ad/index.js';
import { Random } from '../../src/data/random.js';
import type { DType, Primitive, Tensor } from '../../src/ir/index.js';
import { convert, primitives } from '../../src/ops/index.js';
import { relativeError } from '../support/compare.js';
import { expectDerivatives, type Point, tangentsAt, vjpProgram } from '../support/derivatives.js';
import { programOf, programOfPrimitive } from '../support/programs.js';
import { reference, type Target, targets } from '../support/targets.js';
import { directionLike, tensorOf } from '../support/tensors.js';
import { drawInputs, type Sample } from './sample.js';
import type { Family } from './samples/family.js';
import { families } from './samples/index.js';

const differentiable = Object.entries<Primitive>(primitives).flatMap(([name, primitive]) => {
  const { samples } = (families as { readonly [name: string]: Family })[name]!;
  const chosen = samples.filter((sample) => sample.differentiable);
  return chosen.map((sample): [string, Primitive, Sample] => [`${name}, ${sample.name}`, primitive, sample]);
});

function pointOf(primitive: Primitive, sample: Sample, dtype: DType): Point {
  const inputs = drawInputs(sample, dtype);
  const program = programOfPrimitive(
    primitive,
    inputs.map((x) => x.aval),
    sample.params,
  );
  return { program, inputs, active: inputs.map((_, i) => sample.differentiable!.includes(i)) };
}

/** Norm-wise error of first derivatives in f32. */
const SINGLE = 2e-6;

/** Jv and Jᵀu at a point, in its own dtype, for directions that do not depend on the dtype. */
function products(target: Target, point: Point): Tensor[] {
  const { program, inputs, active } = point;
  const random = new Random(3);
  const v = inputs.filter((_, i) => active[i]).map((x) => singleDirection(random, x));
  const u = program.outputs.map((atom) => singleDirection(random, atom.aval));
  const pull = vjpProgram(point);
  const cotangents = u.slice(0, pull.inputs.length - inputs.length);
  return [...tangentsAt(target, point, v), ...target.run(pull, [...inputs, ...cotangents])];
}

const singleDirection = (random: Random, like: Tensor | Tensor['aval']): Tensor => {
  const { shape, dtype } = like;
  return tensorOf(directionLike(random, { shape, dtype: 'f32' }).data(), shape, dtype);
};

const widened = (tensor: Tensor): Tensor =>
  tensor.dtype === 'f32' ? tensorOf(tensor.data(), tensor.shape, 'f64') : tensor;

describe.each(targets.map((target) => [target.name, target] as const))('derivatives on %s', (_, target) => {
  test.each(differentiable)('%s: first and second order, every mode', (name, primitive, sample) => {
    expectDerivatives(target, pointOf(primitive, sample, 'f64'), 2, new Random(2, name));
  });

  test.each(differentiable.filter(([, , sample]) => sample.dtypes.includes('f32')))(
    '%s: f32 agrees with f64',
    (_, primitive, sample) => {
      const single = pointOf(primitive, sample, 'f32');
      const inputs = single.inputs.map(widened);
      const program = programOfPrimitive(
        primitive,
        inputs.map((x) => x.aval),
        sample.params,
      );
      const got = products(target, single).map(widened);
      const expected = products(reference, { ...single, program, inputs });
      got.forEach((tensor, i) => {
        expect(relativeError([tensor], [expected[i]!], 1e-30)).toBeLessThan(SINGLE);
      });
    },
  );
});

describe('what is locally constant', () => {
  const constant = Object.entries<Primitive>(primitives).filter(
    ([name]) => !differentiable.some(([, primitive]) => primitive.name === name),
  );

  test('these and no others', () => {
    const names = constant.map(([name]) => name).sort();
    expect(names).toEqual(
      ['and', 'argmax', 'equal', 'iota', 'less', 'lessEqual', 'not', 'or', 'stopGradient', 'windowArgmax'].sort(),
    );
  });

  test.each(constant.filter(([, primitive]) => primitive.name !== 'iota'))('%s has tangent zero', (name, primitive) => {
    const { samples } = (families as { readonly [name: string]: Family })[name]!;
    const sample = samples.find(({ dtypes }) => dtypes.includes('f64'));
    if (!sample) {
      expect(['and', 'or', 'not']).toContain(name);
      return;
    }
    const inputs = drawInputs(sample, 'f64');
    const program = programOfPrimitive(
      primitive,
      inputs.map((x) => x.aval),
      sample.params,
    );
    const tangents = tangentsAt(
      reference,
      { program, inputs, active: inputs.map(() => true) },
      inputs.map((x) => directionLike(new Random(1), x)),
    );
    for (const tangent of tangents) expect(tangent.data().every((x) => x === 0)).toBe(true);
  });

  test('a detour through integers has tangent zero', () => {
    const program = programOf((x) => [convert(convert(x!, 'i32'), 'f64')], [{ shape: [2], dtype: 'f64' }]);
    const point = { program, inputs: [tensorOf([1.5, -2.5], [2], 'f64')], active: [true] };
    const [tangent] = tangentsAt(reference, point, [tensorOf([1, 1], [2], 'f64')]) as [Tensor];
    expect([...tangent.data()]).toEqual([0, 0]);
    expect(jvpProgram(program, [true]).moving).toEqual([false]);
  });
});
