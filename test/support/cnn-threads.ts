import { expect } from 'vitest';
import { grad } from '../../src/ad/index.js';
import { parametricCrossEntropy } from '../../src/autobalance/index.js';
import { compile } from '../../src/backends/index.js';
import { type BilevelProblem, hypergradient, implicit, neumann } from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import { mapTrees, type TypedArray, type Value } from '../../src/ir/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import { type SmallCnnParams, smallCnn } from '../../src/nn/index.js';
import { mul, sub } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';

// A training step and a hypergradient of a CNN that is large enough for several threads: its first convolution alone is cut into dozens of tasks.

const IMAGES = 16;
const CLASSES = 10;
const imageShape = [16, 16, 3] as const;

type Batch = { readonly x: Value; readonly y: Value };
type Hyper = { readonly delta: Value; readonly iota: Value };

const ones = tensor(new Array<number>(CLASSES).fill(1));
const random = new Random(5);
const model = smallCnn({ classes: CLASSES, imageShape, channels: [16, 32, 32] });
const { params, state } = model.init(random, 'f32');
const hyper: Hyper = { delta: ones, iota: mul(ones, 0.1) };

const randomBatch = (): Batch => ({
  x: tensor(
    Array.from({ length: IMAGES * 16 * 16 * 3 }, () => random.normal()),
    { shape: [IMAGES, ...imageShape] },
  ),
  y: tensor(
    Array.from({ length: IMAGES }, (_, i) => i % CLASSES),
    { dtype: 'i32' },
  ),
});
const train = randomBatch();
const heldOut = randomBatch();

const outputs = (w: SmallCnnParams, { x }: Batch): Value => model.apply(w, state, x, { train: true }).logits;
const problem: BilevelProblem<SmallCnnParams, Hyper, Batch> = {
  inner: (w, { delta, iota }, batch) =>
    parametricCrossEntropy(outputs(w, batch), batch.y, { delta, iota, weight: ones }),
  outer: (w, _, batch) => crossEntropy(outputs(w, batch), batch.y),
  weightDecay: 1e-3,
};
const step = compile((w: SmallCnnParams) =>
  mapTrees((weight: Value, slope: Value) => sub(weight, mul(slope, 0.1)), w, grad(problem.inner)(w, hyper, train)),
);

/** The weights after a step of training, on the current backend. */
export function trainingStep(): Value[] {
  const list: Value[] = [];
  mapTrees((value: Value) => {
    list.push(value);
    return value;
  }, step(params));
  return list;
}

/** The hypergradient by three Neumann terms, on the current backend. */
export async function cnnHypergradient(): Promise<Value[]> {
  const method = implicit({ solver: neumann({ terms: 3, stepSize: 0.01 }), damping: 1e-2 });
  const batches = { inner: [train], outer: [heldOut] };
  const { gradient } = await hypergradient(problem, { params, hyper, batches, method });
  return [gradient.delta, gradient.iota];
}

export const bitsOf = (values: readonly Value[]): Uint8Array[] =>
  values.map((value) => {
    const data: TypedArray = value.data();
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  });

/** Holds the bits of a result, `repeats` times on each number of threads, against those of the first. */
export async function expectSameBits(
  run: () => Value[] | Promise<Value[]>,
  counts: readonly number[],
  repeats: number,
  setThreads: (count: number) => void,
): Promise<void> {
  setThreads(counts[0]!);
  const expected = bitsOf(await run());
  expect(expected.some((bytes) => bytes.some((byte) => byte !== 0))).toBe(true);
  for (const count of counts) {
    setThreads(count);
    for (let repeat = 0; repeat < repeats; repeat++) {
      const differing = bitsOf(await run()).filter((bytes, i) => Buffer.compare(bytes, expected[i]!) !== 0);
      expect(differing, `${count} threads, repeat ${repeat}`).toHaveLength(0);
    }
  }
}
