import { expect } from 'vitest';
import { allocateArray, type DType, isFloat, type Primitive, sizeOf, type Tensor } from '../../src/ir/index.js';
import { expectClose, expectUlps, unitOf } from '../support/compare.js';
import type { Prepared } from '../support/derivatives.js';
import { programOfPrimitive } from '../support/programs.js';
import { reference } from '../support/reference.js';
import { tensorOf } from '../support/tensors.js';
import { type Entry, widen } from './matrix.js';
import { drawInputs, operandsOf, paramsOf, programOfSample, type Sample } from './sample.js';

/** The definition's result in f64, whatever float the operands are in. */
function inDouble(primitive: Primitive, operands: readonly Tensor[], sample: Sample): Tensor {
  const wide = operands.map(widen);
  const program = programOfPrimitive(
    primitive,
    wide.map((x) => x.aval),
    paramsOf(sample, 'f64'),
  );
  return reference.run(program, wide)[0]!;
}

/** Σ|terms| for each element of a sum of products: the same operation on absolute values. */
function magnitudes(primitive: Primitive, operands: readonly Tensor[], sample: Sample): Float64Array {
  const positive = operands.map((x) => (isFloat(x.dtype) ? tensorOf(x.data().map(Math.abs), x.shape, x.dtype) : x));
  return Float64Array.from(inDouble(primitive, positive, sample).data(), (x) => (Number.isFinite(x) ? x : 0));
}

/** Units in the last place of Σ|terms| that any order of summation stays within, for the lengths that are tried. */
const ACCUMULATED = 32;
/** In f64 the expectation itself is only as good as JavaScript's own functions. */
const DOUBLE_ULPS = 32;

function expectValue({ primitive, family }: Entry, sample: Sample, operands: readonly Tensor[], got: Tensor) {
  const { accuracy } = family;
  const { dtype, shape } = got;
  const exact =
    sample.expected?.(operands, sample.params, shape) ?? Array.from(inDouble(primitive, operands, sample).data());
  const rounded = allocateArray(dtype, exact.length);
  rounded.set(exact);
  if (accuracy === 'exact' || !isFloat(dtype)) {
    expectClose(got.data(), rounded);
  } else if (accuracy === 'ulps') {
    // An overflow in the narrower type is an infinity there.
    const wanted = exact.map((x, i) => (Number.isFinite(rounded[i]!) ? x : rounded[i]!));
    expectUlps(got.data(), wanted, dtype === 'f32' ? primitive.ulps! : DOUBLE_ULPS, dtype);
  } else {
    const allowed = magnitudes(primitive, operands, sample).map((size) => ACCUMULATED * unitOf(dtype) * size);
    expectClose(got.data(), exact, { absolute: allowed });
  }
}

/** The values of one sample in one dtype, as close as its family states; and that inputs stay as they were. */
export function prepareValue(entry: Entry, sample: Sample, dtype: DType): Prepared {
  const inputs = drawInputs(sample, dtype);
  const program = programOfSample(entry.primitive, sample, inputs, dtype);
  const before = inputs.map((x) => x.data().slice());
  return (target) => {
    const [got] = target.run(program, inputs) as [Tensor];
    expect(got.aval).toEqual(program.outputs[0]!.aval);
    expect(got.data().length).toBe(sizeOf(got.shape));
    expectValue(entry, sample, operandsOf(sample, inputs), got);
    inputs.forEach((x, i) => {
      expect(x.data(), 'inputs stay as they were').toEqual(before[i]);
    });
  };
}
