import { describe, expect, test } from 'vitest';
import { batchProgram } from '../../src/ad/index.js';
import { Random } from '../../src/data/random.js';
import { allocateArray, type DType, isFloat, type Primitive, type Program, Tensor } from '../../src/ir/index.js';
import { primitives, sum } from '../../src/ops/index.js';
import { drawInputs, programOfSample, type Sample } from '../conformance/sample.js';
import type { Family } from '../conformance/samples/family.js';
import { families } from '../conformance/samples/index.js';
import { expectClose, relativeError, unitOf } from '../support/compare.js';
import { type Point, vjpProgram } from '../support/derivatives.js';
import { evaluate } from '../support/evaluate.js';
import { check, programOf } from '../support/programs.js';
import { reference, type Target, targets } from '../support/targets.js';
import { directionLike, tensorOf } from '../support/tensors.js';

type Entry = readonly [name: string, primitive: Primitive, family: Family];

const entries: readonly Entry[] = Object.entries<Primitive>(primitives).map(([name, primitive]) => [
  name,
  primitive,
  (families as { readonly [name: string]: Family })[name]!,
]);

type Examples = readonly (readonly Tensor[])[];
type Differentiable = Pick<Point, 'program' | 'active'>;

const SIZES = [0, 1, 3];
const EXAMPLES = [1, 2, 3];

/** Which of `count` inputs carry the batch: every choice but none. */
const choices = (count: number): boolean[][] =>
  Array.from({ length: 2 ** count - 1 }, (_, k) => Array.from({ length: count }, (_, i) => ((k + 1) >> i) % 2 === 1));

/** [size, ...shape] from the first `size` of the examples. */
function stack(examples: readonly Tensor[], size: number): Tensor {
  const { shape, dtype, size: count } = examples[0]!;
  const array = allocateArray(dtype, size * count);
  for (let i = 0; i < size; i++) array.set(examples[i]!.data(), i * count);
  return Tensor.of(array, [size, ...shape], dtype);
}

/** The inputs of one example each as those of a batch of `size`; where the batch is not carried, the first example's. */
const batchOf = (examples: Examples, carry: readonly boolean[], size: number): Tensor[] =>
  examples[0]!.map((x, k) => {
    const column = examples.map((example) => example[k]!);
    return carry[k] ? stack(column, size) : x;
  });

/** Example `i` of a batch. */
function sliceOf(batch: Tensor, i: number): Tensor {
  const shape = batch.shape.slice(1);
  const count = batch.size / batch.shape[0]!;
  return Tensor.of(batch.data().slice(i * count, (i + 1) * count), shape, batch.dtype);
}

const runOne = (target: Target, program: Program, inputs: readonly Tensor[]): Tensor => target.run(program, inputs)[0]!;

/** Σ|terms| for each element of a sum of products: the same operation on absolute values. */
const magnitudes = (program: Program, inputs: readonly Tensor[]): number[] => {
  const positive = inputs.map((x) => (isFloat(x.dtype) ? tensorOf(x.data().map(Math.abs), x.shape, x.dtype) : x));
  return Array.from(runOne(reference, program, positive).data(), (x) => (Number.isFinite(x) ? x : 0));
};

/** The bound of the conformance tests for any order of summation. */
const ACCUMULATED = 32;

function expectRow(family: Family, program: Program, inputs: readonly Tensor[], got: Tensor, wanted: Tensor): void {
  if (family.accuracy !== 'accumulated' || !isFloat(got.dtype)) expectClose(got.data(), wanted.data());
  else {
    const absolute = magnitudes(program, inputs).map((size) => ACCUMULATED * unitOf(got.dtype) * size);
    expectClose(got.data(), wanted.data(), { absolute });
  }
}

/** A batch of runs at once, where `carry` says which inputs differ, against the runs one by one. */
function expectBatch(
  target: Target,
  [, primitive, family]: Entry,
  sample: Sample,
  dtype: DType,
  carry: readonly boolean[],
) {
  const examples = EXAMPLES.map((seed) => drawInputs(sample, dtype, seed));
  const first = examples[0]!;
  const single = programOfSample(primitive, sample, first, dtype);
  const rowOf = (i: number) => first.map((x, k) => (carry[k] ? examples[i]![k]! : x));
  for (const size of SIZES) {
    const inputs = batchOf(examples, carry, size);
    const got = runOne(target, check(batchProgram(single, carry, size)), inputs);
    const { aval } = single.outputs[0]!;
    expect(got.aval).toEqual({ shape: [size, ...aval.shape], dtype: aval.dtype });
    for (let i = 0; i < size; i++) {
      expectRow(family, single, rowOf(i), sliceOf(got, i), runOne(target, single, rowOf(i)));
    }
  }
}

/** Rules hardly look at the dtype, so one of a sample's is enough for a backend: the first for the definition, the last for the others. */
const chosen = targets
  .filter(({ name }) => name !== 'typescript')
  .map((target) => [target.name, target, target === reference ? 0 : -1] as const);

describe.each(chosen)('a batch at once, on %s', (_, target, which) => {
  describe.each(entries.filter(([name]) => name !== 'iota'))('%s', (...entry) => {
    for (const sample of entry[2].samples) {
      const dtype = sample.dtypes.at(which)!;
      test(`${sample.name} (${dtype})`, () => {
        for (const carry of choices(sample.inputs.length)) expectBatch(target, entry, sample, dtype, carry);
      });
    }
  });
});

test('a counter depends on no input and is the same for every example', () => {
  const params = { shape: [2, 3], axis: 1, dtype: 'i32' };
  const counter = programOf(() => primitives.iota.batch({ params, size: 2, inputs: [], batched: [] }), []);
  expect([...runOne(reference, counter, []).data()]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
});

/** Largest difference of two ways to one derivative in f64, relative to its norm. */
const EXACT = 1e-13;
const BATCH = 2;

const sumOfRows = (batch: Tensor): Tensor => evaluate((x) => sum(x, { axes: 0 }), [batch]);

/**
 * The pullback of a batch against a batch of pullbacks, where the cotangents of what the examples share add up; and up to `order` the same
 * of those pullbacks.
 */
function expectPullback(
  { program, active }: Differentiable,
  examples: Examples,
  carry: readonly boolean[],
  order: number,
) {
  const one = check(vjpProgram({ program, active }));
  const cotangents = one.inputs.slice(carry.length);
  const given = examples.map((example, i) => {
    const random = new Random(i + 1, 'cotangents');
    return [...example, ...cotangents.map(({ aval }) => directionLike(random, aval))];
  });
  const carried = [...carry, ...cotangents.map(() => true)];
  const inputs = batchOf(given, carried, BATCH);
  const each = reference.run(check(batchProgram(one, carried, BATCH)), inputs);
  const carriedBy = carry.filter((_, i) => active[i]);
  const wanted = each.map((x, k) => (carriedBy[k] ? x : sumOfRows(x)));
  const got = reference.run(check(vjpProgram({ program: batchProgram(program, carry, BATCH), active })), inputs);
  expect(relativeError(got, wanted, 1e-300)).toBeLessThan(EXACT);
  if (order === 1) return;
  expectPullback({ program: one, active: [...active, ...cotangents.map(() => true)] }, given, carried, order - 1);
}

describe('pulling back and batching commute', () => {
  for (const [name, primitive, { samples }] of entries) {
    for (const sample of samples.filter(({ differentiable }) => differentiable)) {
      test(`${name}, ${sample.name}`, () => {
        const examples = EXAMPLES.map((seed) => drawInputs(sample, 'f64', seed));
        const program = programOfSample(primitive, sample, examples[0]!, 'f64');
        const active = program.inputs.map((_, i) => sample.differentiable!.includes(i));
        for (const carry of choices(active.length)) expectPullback({ program, active }, examples, carry, 2);
      });
    }
  }
});
