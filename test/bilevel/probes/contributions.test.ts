import { describe, expect, test } from 'vitest';
import {
  add,
  type BilevelProblem,
  batchNorm,
  conjugateGradient,
  contributions,
  type ExampleSplit,
  grad,
  hypergradient,
  implicit,
  jacobian,
  matmul,
  mean,
  mul,
  NumericError,
  neumann,
  ravel,
  slice,
  tensor,
  type Value,
} from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';
import {
  adjustedLosses,
  CLASSES,
  type ClassBatch,
  classBatch,
  classifier,
  f64,
  type Hyper,
  hyper,
  length,
  minus,
  type Network,
  network,
  outputs,
  sumOf,
} from './toy.js';

const method = implicit({ solver: conjugateGradient({ iterations: 80, tolerance: 1e-14 }), damping: 1 });
const examples: ExampleSplit<Network, Hyper, ClassBatch> = {
  losses: (w, lambda, batch) => adjustedLosses(outputs(w, batch), lambda, batch),
  labels: ({ y }) => y.data(),
};
const batches = { inner: [classBatch(12), classBatch(12)], outer: [classBatch(9)] };
const options = { params: network, hyper, batches, method, examples };

/** −∂/∂λ of ∂g/∂w · q, dense. */
function mixedPart(g: (w: Network, at: Hyper) => Value, q: Value): number[] {
  const { vector, unravel } = ravel(network);
  const at = ravel(hyper);
  const matrix = jacobian((l: Value) => grad((w: Value) => g(unravel(w), at.unravel(l)))(vector))(at.vector) as Value;
  const [m, values, weights] = [at.vector.size, matrix.data(), Array.from(q.data())];
  return Array.from({ length: m }, (_, k) => -weights.reduce((total, qi, i) => total + qi * values[i * m + k]!, 0));
}

describe('a network under the parametric cross-entropy', async () => {
  const {
    indirect,
    layers,
    examples: parts,
    classes,
    remainder,
    hessianProducts,
  } = await contributions(classifier, options);
  const { state, counts } = await hypergradient(classifier, options);
  const q = state.solution!;

  test.each([
    ['layers', layers],
    ['examples', parts],
    ['classes', classes],
  ])('%s add up to the indirect part to 1e-12, shares to 1', (_, split) => {
    const whole = sumOf(split.map(({ vector }) => vector));
    expect(length(minus(whole, [...indirect]))).toBeLessThan(1e-12 * length([...indirect]));
    expect(split.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1, 12);
    expect(length([...indirect])).toBeGreaterThan(1e-3);
  });

  test('the remainder says the same', () => {
    expect(remainder.layers).toBeLessThan(1e-12);
    expect(remainder.examples).toBeLessThan(1e-12);
  });

  test('a layer’s part is that of q with the other layers at zero', () => {
    expect(layers.map(({ path }) => path)).toEqual(['first', 'second']);
    const cut = mul(q, tensor(Float64Array.from(q.data(), (_, i) => (i < 12 ? 1 : 0))));
    const inner = (w: Network, at: Hyper): Value =>
      mul(add(classifier.inner(w, at, batches.inner[0]!), classifier.inner(w, at, batches.inner[1]!)), 0.5);
    expectClose([...layers[0]!.vector], mixedPart(inner, cut), { relative: 1e-10, absolute: 1e-13 });
  });

  test('an example’s part is that of its own loss, a 24th of the mean', () => {
    const [batch, row] = [1, 5];
    const data = batches.inner[batch]!;
    const own = (w: Network, at: Hyper): Value =>
      mul(mean(slice(examples.losses(w, at, data), [row], [row + 1])), 1 / 24);
    const part = parts.find((one) => one.batch === batch && one.row === row)!;
    expect(part.label).toBe(row % CLASSES);
    expectClose([...part.vector], mixedPart(own, q), { relative: 1e-10, absolute: 1e-13 });
  });

  test('classes gather their examples', () => {
    expect(classes.map(({ label, examples }) => [label, examples])).toEqual([
      [0, 8],
      [1, 8],
      [2, 8],
    ]);
  });

  test('costs no Hessian product besides those of the solve', () => {
    expect(hessianProducts).toBe(counts.hessianProducts);
  });
});

test('fewer examples than hyperparameters: rows instead of columns, the same parts', async () => {
  const few = { inner: [classBatch(3)], outer: batches.outer };
  const { examples: parts, remainder } = await contributions(classifier, { ...options, batches: few });
  expect(parts).toHaveLength(3);
  expect(remainder.examples).toBeLessThan(1e-12);
});

test('mixed batches of their own are the ones that are split', async () => {
  const { examples: parts, remainder } = await contributions(classifier, {
    ...options,
    batches: { ...batches, mixed: [classBatch(6), classBatch(6), classBatch(6)] },
  });
  expect(parts).toHaveLength(18);
  expect(Math.max(remainder.layers, remainder.examples)).toBeLessThan(1e-12);
});

test('examples that batch normalisation couples still add up', async () => {
  const [scale, shift, moments] = [tensor([1, 1, 1], f64), tensor([0, 0, 0], f64), tensor([1, 1, 1], f64)];
  const logits = (w: Network, batch: ClassBatch): Value =>
    batchNorm(outputs(w, batch), { scale, shift }, { mean: moments, variance: moments }, { train: true }).output;
  const losses = (w: Network, lambda: Hyper, batch: ClassBatch): Value =>
    adjustedLosses(logits(w, batch), lambda, batch);
  const coupled: BilevelProblem<Network, Hyper, ClassBatch> = {
    ...classifier,
    inner: (w, lambda, batch) => mean(losses(w, lambda, batch)),
  };
  const { remainder } = await contributions(coupled, { ...options, examples: { ...examples, losses } });
  expect(remainder.examples).toBeLessThan(1e-12);
});

test('losses whose mean is not the inner objective leave a remainder', async () => {
  const wrong = { ...examples, losses: (w: Network, l: Hyper, b: ClassBatch) => mul(examples.losses(w, l, b), 1.1) };
  const { remainder } = await contributions(classifier, { ...options, examples: wrong });
  expect(remainder.examples).toBeCloseTo(0.1, 10);
});

test('paths of nested trees; without a split there are layers only', async () => {
  type Nested = { readonly blocks: readonly { readonly weight: Value }[]; readonly head: Value };
  const nested: BilevelProblem<Nested, Hyper, ClassBatch> = {
    inner: ({ blocks, head }, lambda, batch) =>
      mean(adjustedLosses(matmul(matmul(batch.x, blocks[0]!.weight), head), lambda, batch)),
    outer: ({ blocks, head }, _, batch) =>
      mean(adjustedLosses(matmul(matmul(batch.x, blocks[0]!.weight), head), hyper, batch)),
  };
  const params: Nested = { blocks: [{ weight: network.first }], head: network.second };
  const result = await contributions(nested, { params, hyper, batches, method });
  expect(result.layers.map(({ path }) => path)).toEqual(['blocks[0].weight', 'head']);
  expect([result.examples, result.classes]).toEqual([[], []]);
});

test('a solve that diverged has nothing to split', async () => {
  const diverging = implicit({ solver: neumann({ terms: 60, stepSize: 5 }), damping: 1 });
  await expect(contributions(classifier, { ...options, method: diverging })).rejects.toThrow(NumericError);
});
