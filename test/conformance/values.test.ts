import { describe, expect, test } from 'vitest';
import { allocateArray, type DType, isFloat, type Primitive, sizeOf, type Tensor } from '../../src/ir/index.js';
import { primitives } from '../../src/ops/index.js';
import { expectClose, expectUlps, unitOf } from '../support/compare.js';
import { programOfPrimitive } from '../support/programs.js';
import { reference, targets } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';
import { drawInputs, type Sample } from './sample.js';
import type { Family } from './samples/family.js';
import { families } from './samples/index.js';

/** The definition's result in f64, whatever float the inputs are in. */
function inDouble(primitive: Primitive, inputs: readonly Tensor[], { params }: Sample): Tensor {
  const wide = inputs.map((x) => (x.dtype === 'f32' ? tensorOf(x.data(), x.shape, 'f64') : x));
  const program = programOfPrimitive(
    primitive,
    wide.map((x) => x.aval),
    params,
  );
  return reference.run(program, wide)[0]!;
}

/** Σ|terms| for each element of a sum of products: the same operation on absolute values. */
function magnitudes(primitive: Primitive, inputs: readonly Tensor[], sample: Sample): Float64Array {
  const positive = inputs.map((x) => (isFloat(x.dtype) ? tensorOf(x.data().map(Math.abs), x.shape, x.dtype) : x));
  return Float64Array.from(inDouble(primitive, positive, sample).data(), (x) => (Number.isFinite(x) ? x : 0));
}

/** Units in the last place of Σ|terms| that any order of summation stays within, for the lengths that are tried. */
const ACCUMULATED = 32;
/** In f64 the expectation itself is only as good as JavaScript's own functions. */
const DOUBLE_ULPS = 32;

function expectValue(
  primitive: Primitive,
  { accuracy }: Family,
  sample: Sample,
  inputs: readonly Tensor[],
  got: Tensor,
) {
  const { dtype, shape } = got;
  const exact =
    sample.expected?.(inputs, sample.params, shape) ?? Array.from(inDouble(primitive, inputs, sample).data());
  const rounded = allocateArray(dtype, exact.length);
  rounded.set(exact);
  if (accuracy === 'exact' || !isFloat(dtype)) {
    expectClose(got.data(), rounded);
  } else if (accuracy === 'ulps') {
    // An overflow in the narrower type is an infinity there.
    const wanted = exact.map((x, i) => (Number.isFinite(rounded[i]!) ? x : rounded[i]!));
    expectUlps(got.data(), wanted, dtype === 'f32' ? primitive.ulps! : DOUBLE_ULPS, dtype);
  } else {
    const allowed = magnitudes(primitive, inputs, sample).map((size) => ACCUMULATED * unitOf(dtype) * size);
    expectClose(got.data(), exact, { absolute: allowed });
  }
}

const name = (sample: Sample, dtype: DType): string => `${sample.name} (${dtype})`;

describe.each(targets.map((target) => [target.name, target] as const))('values on %s', (_, target) => {
  const all: [string, Primitive, Family][] = Object.entries<Primitive>(primitives).map(([key, primitive]) => [
    key,
    primitive,
    (families as { readonly [name: string]: Family })[key]!,
  ]);
  describe.each(all)('%s', (_, primitive, family) => {
    for (const sample of family.samples) {
      test.each(sample.dtypes.map((dtype) => [name(sample, dtype), dtype] as const))('%s', (_, dtype) => {
        const inputs = drawInputs(sample, dtype);
        const program = programOfPrimitive(
          primitive,
          inputs.map((x) => x.aval),
          sample.params,
        );
        const before = inputs.map((x) => x.data().slice());
        const [got] = target.run(program, inputs) as [Tensor];
        expect(got.aval).toEqual(program.outputs[0]!.aval);
        expect(got.data().length).toBe(sizeOf(got.shape));
        expectValue(primitive, family, sample, inputs, got);
        inputs.forEach((x, i) => {
          expect(x.data(), 'inputs stay as they were').toEqual(before[i]);
        });
      });
    }
  });
});
