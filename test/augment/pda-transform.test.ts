import { describe, expect, test } from 'vitest';
import {
  AugmentationNoise,
  type AugmentationPolicy,
  type AugmentationRandomness,
  augmentationPolicy,
  augmentOperations,
  compile,
  crossEntropy,
  grad,
  hvp,
  initPolicy,
  mapTrees,
  mixedOperator,
  mul,
  type PolicyParams,
  pdaTransform,
  Random,
  ravel,
  ShapeError,
  smallCnn,
  sum,
  tensor,
  type Value,
  zeros,
} from '../../src/index.js';
import { expectClose } from '../support/compare.js';
import { tensorOf, uniform } from '../support/tensors.js';

const f64 = { dtype: 'f64' } as const;
const size = [5, 4, 2] as const;
const images = (count: number, seed = 1): Value =>
  tensorOf(uniform(0, 1)(new Random(seed), count * 40), [count, ...size], 'f64');
const cells = (...values: readonly number[]): Value => tensor(Int32Array.from(values));
const draw = (policy: AugmentationPolicy, count: number, seed = 2): AugmentationRandomness =>
  new AugmentationNoise(policy, size, new Random(seed), 'f64').at(0, count);
/** Parameters at random, the probabilities about ½. */
function somewhere(policy: AugmentationPolicy, seed = 3): PolicyParams {
  const random = new Random(seed);
  return mapTrees(
    ({ shape }) =>
      tensorOf(
        uniform(-1, 1)(
          random,
          shape.reduce((a, b) => a * b, 1),
        ),
        shape,
        'f64',
      ),
    initPolicy(policy, f64),
  );
}

const { brightness, contrast, rotate, flip, translate } = augmentOperations;
const soft = augmentationPolicy({ cells: 3, straightThrough: false, spread: 0.3 });
const hard = { ...soft, straightThrough: true };

describe('pdaTransform', () => {
  test('mixes each image with what its own cell does to it, by hand', () => {
    const policy = augmentationPolicy({
      cells: 2,
      operations: [brightness, contrast],
      straightThrough: false,
      temperature: 1,
    });
    const params = {
      logit: tensor(
        [
          [0, -1],
          [2, 1],
        ],
        f64,
      ),
      strength: tensor(
        [
          [0, 1],
          [-1, 2],
        ],
        f64,
      ),
    };
    const x = images(3);
    const given = draw(policy, 3);
    const labels = [1, 0, 1];
    const result = pdaTransform(policy, params, x, cells(...labels), given);
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
    for (const [n, label] of labels.entries()) {
      const at = (table: Value, columns: number, i: number): number => table.data()[n * columns + i]!;
      const learned = (table: Value, i: number): number => table.data()[label * 2 + i]!;
      const s = [0, 1].map((i) => sigmoid(learned(params.logit, i) + at(given.gates, 2, i)));
      const sign = [0, 1].map((i) => (at(given.uniforms, 2, i) < 0.5 ? -1 : 1));
      const mu = [0, 1].map((i) => policy.operations[i]!.range[1] * sigmoid(learned(params.strength, i)));
      let own = Array.from(x.data().slice(40 * n, 40 * (n + 1)));
      own = own.map((v) => v + s[0]! * sign[0]! * mu[0]!);
      const mean = own.reduce((total, v) => total + v, 0) / 40;
      own = own.map((v) => v + s[1]! * (Math.exp(sign[1]! * mu[1]!) - 1) * (v - mean));
      expectClose(result.data().slice(40 * n, 40 * (n + 1)), own, { absolute: 1e-12 });
    }
  });

  test('straight through each operation is done or not', () => {
    const policy = augmentationPolicy({ cells: 1, operations: [flip] });
    const x = images(40);
    const given = draw(policy, 40);
    const params = { logit: tensor([[0]], f64), strength: zeros([1, 0], 'f64') };
    const result = pdaTransform(policy, params, x, cells(...new Array(40).fill(0)), given).data();
    let flipped = 0;
    for (let n = 0; n < 40; n++) {
      const before = x.data().subarray(40 * n, 40 * (n + 1));
      const mirrored = Array.from(before, (_, i) => {
        const [row, rest] = [Math.floor(i / 8), i % 8];
        return before[row * 8 + (3 - Math.floor(rest / 2)) * 2 + (rest % 2)]!;
      });
      const isFlipped = given.gates.data()[n]! >= 0;
      flipped += Number(isFlipped);
      expectClose(result.subarray(40 * n, 40 * (n + 1)), isFlipped ? mirrored : before, { absolute: 1e-15 });
    }
    expect(flipped).toBeGreaterThan(8);
    expect(flipped).toBeLessThan(32);
  });

  test('without probability nothing happens, to the last bit', () => {
    const params = mapTrees((x) => x, {
      ...somewhere(hard),
      logit: tensor(new Array(3).fill(new Array(9).fill(-1e4)), f64),
    });
    const x = images(6);
    const given = draw(hard, 6);
    expect(pdaTransform(hard, params, x, cells(0, 1, 2, 0, 1, 2), given).data()).toEqual(x.data());
    expect(pdaTransform(soft, params, x, cells(0, 1, 2, 0, 1, 2), given).data()).toEqual(x.data());
  });

  test('an image depends on its own cell, and an image of no cell stays as it is', () => {
    const params = somewhere(soft);
    const x = images(4);
    const given = draw(soft, 4);
    const base = pdaTransform(soft, params, x, cells(0, 2, -1, 3), given).data();
    expect(base.subarray(80)).toEqual(x.data().subarray(80));
    const moved = {
      ...params,
      logit: tensor(
        Array.from(params.logit.data(), (v, i) => (i >= 9 && i < 18 ? v + 1 : v)),
        { shape: [3, 9], ...f64 },
      ),
    };
    expect(pdaTransform(soft, moved, x, cells(0, 2, -1, 3), given).data()).toEqual(base);
    const other = pdaTransform(soft, moved, x, cells(1, 2, -1, 3), given).data();
    expect(other.subarray(0, 40)).not.toEqual(base.subarray(0, 40));
    expect(other.subarray(40)).toEqual(base.subarray(40));
  });

  test.each([
    [0, [5, 4, 2]],
    [1, [5, 4, 2]],
    [2, [1, 1, 3]],
    [1, [1, 6, 1]],
    [3, [7, 1, 1]],
  ] as const)('takes %i images of %j, with gradients', (count, [height, width, channels]) => {
    const policy = augmentationPolicy({ cells: 2 });
    const noise = new AugmentationNoise(policy, [height, width, channels], new Random(1));
    const x = tensor(new Float32Array(count * height * width * channels).fill(0.5), {
      shape: [count, height, width, channels],
    });
    const labels = tensor(Int32Array.from({ length: count }, (_, i) => i % 2));
    const loss = compile((p: PolicyParams, randomness: AugmentationRandomness) =>
      sum(pdaTransform(policy, p, x, labels, randomness)),
    );
    const params = initPolicy(policy, { probability: 0.6 });
    const gradient = grad(loss)(params, noise.at(0, count));
    expect(Number.isFinite(loss(params, noise.at(0, count)).item())).toBe(true);
    for (const [name, value] of Object.entries(gradient)) {
      expect(value.shape).toEqual(params[name as keyof PolicyParams].shape);
      expect(value.data().every(Number.isFinite)).toBe(true);
    }
  });

  test('refuses what is of another policy, another batch or no image', () => {
    const params = somewhere(soft);
    const x = images(2);
    const given = draw(soft, 2);
    const run = (changes: { params?: PolicyParams; x?: Value; labels?: Value; given?: AugmentationRandomness }) => () =>
      pdaTransform(
        soft,
        changes.params ?? params,
        changes.x ?? x,
        changes.labels ?? cells(0, 1),
        changes.given ?? given,
      );
    expect(run({ params: initPolicy(augmentationPolicy({ cells: 2 }), f64) })).toThrow(ShapeError);
    expect(run({ x: tensor([[1]]) })).toThrow('pdaTransform: images must be [N, H, W, C], got f32[1, 1]');
    expect(run({ labels: cells(0, 1, 2) })).toThrow(
      'pdaTransform: cells must be [2] for these images and this policy, got i32[3]',
    );
    expect(run({ given: draw(soft, 3) })).toThrow(/gates must be \[2, 9\] .* got f64\[3, 9\]; draw the randomness/);
    expect(run({ given: { ...given, tables: {} } })).toThrow('the randomness has no table for noise');
  });
});

/** d/dt of a function of a tree along a direction, by differences of fourth order. */
function difference<T>(fn: (x: T) => Value, at: T, direction: T, h = 1e-3): number[] {
  const shifted = (t: number) =>
    fn(
      mapTrees(
        (x, d) =>
          tensorOf(
            Array.from(x.data(), (v, i) => v + t * d.data()[i]!),
            x.shape,
            'f64',
          ),
        at,
        direction,
      ),
    ).data();
  const [a, b, c, d] = [shifted(h), shifted(-h), shifted(2 * h), shifted(-2 * h)];
  return Array.from(a!, (_, i) => (8 * (a![i]! - b![i]!) - (c![i]! - d![i]!)) / (12 * h));
}
const inner = (a: Value, b: Value): number => Array.from(a.data()).reduce((total, v, i) => total + v * b.data()[i]!, 0);

describe('derivatives', () => {
  const count = 5;
  const labels = cells(0, 1, 2, 1, 0);
  const x = images(count);
  const given = draw(soft, count);
  const params = somewhere(soft);
  const direction = somewhere(soft, 11);
  const cotangent = images(count, 12);
  const along = compile((p: PolicyParams): Value => sum(mul(pdaTransform(soft, p, x, labels, given), cotangent)));

  test('in every parameter, against differences', () => {
    const gradient = grad(along)(params);
    const { vector, unravel } = ravel(params);
    // One number at a time, each of them.
    for (let i = 0; i < vector.size; i++) {
      const unit = unravel(
        tensor(Float64Array.from({ length: vector.size }, (_, j) => Number(i === j))),
      ) as PolicyParams;
      const [slope] = difference(along, params, unit, 1e-4);
      expectClose([ravel(gradient).vector.data()[i]!], [slope!], { absolute: 1e-7 });
    }
  });

  test('of second order, against differences of the first', () => {
    const product = hvp(along, params, direction);
    const slope = difference(
      compile((p: PolicyParams) => ravel(grad(along)(p)).vector),
      params,
      direction,
      1e-4,
    );
    expectClose(ravel(product).vector.data(), slope, { absolute: 1e-6 });
  });

  test('straight through: 0 or 1 goes forward, the slope of the soft number comes back', () => {
    const policy = augmentationPolicy({ cells: 1, operations: [brightness] });
    const noise = draw(policy, count);
    const at = { logit: tensor([[0.3]], f64), strength: tensor([[0.4]], f64) };
    const zero = cells(0, 0, 0, 0, 0);
    const loss = (p: PolicyParams): Value => sum(mul(pdaTransform(policy, p, x, zero, noise), cotangent));
    const gradient = grad(loss)(at);
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
    const mu = 0.5 * sigmoid(0.4);
    let [byLogit, byStrength] = [0, 0];
    for (let n = 0; n < count; n++) {
      const s = sigmoid((0.3 + noise.gates.data()[n]!) / 0.5);
      const sign = noise.uniforms.data()[n]! < 0.5 ? -1 : 1;
      const pull = Array.from(cotangent.data().subarray(40 * n, 40 * (n + 1))).reduce((a, b) => a + b, 0);
      byLogit += ((s * (1 - s)) / 0.5) * sign * mu * pull;
      byStrength += Number(s >= 0.5) * sign * 0.5 * sigmoid(0.4) * (1 - sigmoid(0.4)) * pull;
    }
    expectClose(gradient.logit.data(), [byLogit], { absolute: 1e-12 });
    expectClose(gradient.strength.data(), [byStrength], { absolute: 1e-12 });
  });

  test('a magnitude has a slope where its operation is done, and none where it is not', () => {
    const policy = augmentationPolicy({ cells: count, operations: [rotate, translate] });
    const noise = draw(policy, count, 5);
    const at = somewhere(policy);
    const own = cells(0, 1, 2, 3, 4);
    const { strength } = grad((p: PolicyParams) => sum(mul(pdaTransform(policy, p, x, own, noise), cotangent)))(at);
    const done = Array.from(at.logit.data(), (l, i) => l + noise.gates.data()[i]! >= 0);
    expect(new Set(done).size).toBe(2);
    expect(Array.from(strength.data(), (slope) => slope !== 0)).toEqual(done);
  });
});

describe('the mixed product through the body of a network', () => {
  const count = 5;
  const model = smallCnn({ classes: 3, imageShape: size, channels: [3, 4] });
  const { params: w, state } = model.init(new Random(1), 'f64');
  const labels = cells(0, 1, 2, 1, 0);
  const x = images(count);

  const lossOf =
    (policy: AugmentationPolicy, given: AugmentationRandomness) =>
    (weights: typeof w, p: PolicyParams): Value => {
      const augmented = pdaTransform(policy, p, x, labels, given);
      return crossEntropy(model.apply(weights, state, augmented, { train: true }).logits, labels);
    };

  test('C·v and Cᵀ·u agree with differences of gradients, and with each other', async () => {
    const given = draw(soft, count);
    const loss = lossOf(soft, given);
    const params = somewhere(soft);
    const [v, u] = [somewhere(soft, 21), model.init(new Random(22), 'f64').params];
    const mixed = mixedOperator(loss, w, params);
    const forward = await mixed.apply(ravel(v).vector);
    const backward = await mixed.applyTransposed(ravel(u).vector);
    const inWeights = compile((p: PolicyParams) => ravel(grad((weights: typeof w) => loss(weights, p))(w)).vector);
    const inPolicy = compile((weights: typeof w) => ravel(grad((p: PolicyParams) => loss(weights, p))(params)).vector);
    // Maximum pooling and ReLU have kinks; a step of 1e-5 crosses none of them here.
    const [scale, other] = [Math.max(...forward.data().map(Math.abs)), Math.max(...backward.data().map(Math.abs))];
    expect(scale).toBeGreaterThan(1e-3);
    expectClose(forward.data(), difference(inWeights, params, v, 1e-5), { absolute: 1e-6 * scale });
    expectClose(backward.data(), difference(inPolicy, w, u, 1e-5), { absolute: 1e-6 * other });
    expectClose([inner(ravel(u).vector, forward)], [inner(backward, ravel(v).vector)], { relative: 1e-10 });
  });

  test('straight through, it is that of the soft numbers moved to 0 and 1', async () => {
    const given = draw(hard, count);
    const params = somewhere(hard);
    const u = ravel(model.init(new Random(22), 'f64').params).vector;
    const back = await mixedOperator(lossOf(hard, given), w, params).applyTransposed(u);
    expect(back.data().every(Number.isFinite)).toBe(true);
    // The slope in the weights along u, as a function of the policy, is what is differentiated.
    const slope = (p: PolicyParams): Value => {
      const gradient = ravel(grad((weights: typeof w) => lossOf(hard, given)(weights, p))(w)).vector;
      return sum(mul(gradient, u));
    };
    expectClose(ravel(grad(slope)(params)).vector.data(), back.data(), { absolute: 1e-10 });
  });
});
