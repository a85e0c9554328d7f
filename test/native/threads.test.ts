import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grad } from '../../src/ad/index.js';
import { parametricCrossEntropy } from '../../src/autobalance/index.js';
import { compile, currentBackend, withBackend } from '../../src/backends/index.js';
import { nativeAddon } from '../../src/backends/native.js';
import { type BilevelProblem, hypergradient, implicit, neumann } from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import { mapTrees, type TypedArray, type Value } from '../../src/ir/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import { type SmallCnnParams, smallCnn } from '../../src/nn/index.js';
import { mul, sub } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { addonExists } from '../support/targets.js';

const IMAGES = 16;
const CLASSES = 10;
const REPEATS = 20;
/** Large enough for several threads: the first convolution alone is cut into dozens of tasks. */
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

const bitsOf = (values: readonly Value[]): Uint8Array[] =>
  values.map((value) => {
    const data: TypedArray = value.data();
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  });

function weightsOf(w: SmallCnnParams): Value[] {
  const list: Value[] = [];
  mapTrees((value: Value) => {
    list.push(value);
    return value;
  }, w);
  return list;
}

describe.skipIf(!addonExists)('threads', () => {
  const threads = addonExists ? nativeAddon().info().threads : 1;
  afterAll(() => nativeAddon().setThreads(threads));

  /** Bits of the result for each number of threads, `REPEATS` times, against those of one thread. */
  async function sameBits(run: () => Value[] | Promise<Value[]>): Promise<void> {
    nativeAddon().setThreads(1);
    const expected = bitsOf(await run());
    expect(expected.some((bytes) => bytes.some((byte) => byte !== 0))).toBe(true);
    for (const count of [1, 2, 8]) {
      nativeAddon().setThreads(count);
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const differing = bitsOf(await run()).filter((bytes, i) => Buffer.compare(bytes, expected[i]!) !== 0);
        expect(differing, `${count} threads, repeat ${repeat}`).toHaveLength(0);
      }
    }
  }

  test('a training step of a CNN has the same bits on 1, 2 and 8 threads', async () => {
    await sameBits(() => withBackend('native', () => weightsOf(step(params))));
  });

  test('so has a hypergradient', async () => {
    expect(currentBackend().name).toBe('native');
    const method = implicit({ solver: neumann({ terms: 3, stepSize: 0.01 }), damping: 1e-2 });
    const batches = { inner: [train], outer: [heldOut] };
    const options = { params, hyper, batches, method };
    await sameBits(async () => {
      const { gradient } = await hypergradient(problem, options);
      return [gradient.delta, gradient.iota];
    });
  });

  describe('after a run', () => {
    beforeAll(() => nativeAddon().setThreads(8));

    test('they sleep: waiting takes no processor time', async () => {
      withBackend('native', () => step(params));
      await sleep(50);
      const before = process.cpuUsage();
      await sleep(300);
      const { user, system } = process.cpuUsage(before);
      // Eight threads that spin would take all of two processors, 600 ms; Node itself takes a few.
      expect((user + system) / 1000).toBeLessThan(100);
    });
  });
});
