import { describe, expect, test } from 'vitest';
import {
  add,
  type BilevelProblem,
  type ClassLoss,
  ConfigError,
  compile,
  crossEntropy,
  grad,
  type HypergradientOptions,
  hessian,
  hypergradient,
  type ImplicitState,
  initVelocity,
  jacobian,
  matmul,
  methodOf,
  mul,
  parametricCrossEntropy,
  Random,
  ravel,
  type SolverSettings,
  sgd,
  softplus,
  sub,
  sum,
  tensor,
  type Value,
} from '../../src/index.js';
import { expectClose } from '../support/compare.js';
import { solve } from '../support/linear-algebra.js';

type Batch = { readonly x: Value; readonly y: Value };
/** What is learned: Δ and ι, the weights of the classes stay at 1. */
type Hyper = { readonly delta: Value; readonly iota: Value };

const f64 = { dtype: 'f64' } as const;
const FEATURES = 3;
const CLASSES = 3;
const ONES = tensor([1, 1, 1], f64);

/** Overlapping classes about three corners, `counts[k]` samples of class k, in random order. */
function samples(counts: readonly number[], seed: number): { x: number[][]; y: number[] } {
  const random = new Random(seed);
  const y = random.shuffle(counts.flatMap((count, k) => new Array<number>(count).fill(k)));
  const x = y.map((k) => Array.from({ length: FEATURES }, (_, j) => (j === k ? 1.2 : 0) + random.normal()));
  return { x, y };
}
const batchOf = ({ x, y }: { x: number[][]; y: number[] }): Batch => ({
  x: tensor(x, f64),
  y: tensor(y, { dtype: 'i32' }),
});
const part = ({ x, y }: { x: number[][]; y: number[] }, from: number, to: number): Batch =>
  batchOf({ x: x.slice(from, to), y: y.slice(from, to) });

const withWeights = ({ delta, iota }: Hyper): ClassLoss => ({ delta, iota, weight: ONES });

/** The parametric cross-entropy after any model, once with `head` and once without. */
function problemsOf<W>(outputs: (w: W, batch: Batch) => Value, weightDecay: number) {
  const plain: BilevelProblem<W, Hyper, Batch> = {
    inner: (w, hyper, batch) => parametricCrossEntropy(outputs(w, batch), batch.y, withWeights(hyper)),
    outer: (w, _, batch) => crossEntropy(outputs(w, batch), batch.y),
    weightDecay,
  };
  const headed: BilevelProblem<W, Hyper, Batch> = {
    ...plain,
    head: { outputs, loss: (logits, hyper, { y }) => parametricCrossEntropy(logits, y, withWeights(hyper)) },
  };
  return { plain, headed };
}

const elements = ({ delta, iota }: Hyper): number[] => [...delta.data(), ...iota.data()];
const exact = methodOf({ solver: 'cg', iterations: 100, damping: 0, tolerance: 1e-14 });

describe('against re-solving the inner problem: a softmax classifier under a long tail', () => {
  type Linear = { readonly weight: Value; readonly bias: Value };
  const WEIGHT_DECAY = 0.05;
  const outputs = ({ weight, bias }: Linear, { x }: Batch): Value => add(matmul(x, weight), bias);
  const { plain, headed } = problemsOf(outputs, WEIGHT_DECAY);
  const train = batchOf(samples([40, 12, 4], 1));
  const held = batchOf(samples([10, 10, 10], 2));
  const hyper: Hyper = { delta: tensor([1.1, 0.9, 1], f64), iota: tensor([0.3, 0, -0.4], f64) };

  const step = compile((w: Linear, velocity: Linear, at: Hyper) =>
    sgd(w, grad((v: Linear) => plain.inner(v, at, train))(w), velocity, {
      learningRate: 0.8,
      momentum: 0.8,
      weightDecay: WEIGHT_DECAY,
    }),
  );
  /** The minimum, by full-batch descent until it moves no further. */
  function minimise(at: Hyper): Linear {
    let params: Linear = {
      weight: tensor(new Float64Array(FEATURES * CLASSES), { shape: [FEATURES, CLASSES] }),
      bias: tensor([0, 0, 0], f64),
    };
    let velocity = initVelocity(params);
    for (let i = 0; i < 500; i++) ({ params, velocity } = step(params, velocity, at));
    return params;
  }
  const outerAt = compile((w: Linear) => plain.outer(w, hyper, held));
  const options = { hyper, batches: { inner: [train], outer: [held] }, method: exact };
  const solved = minimise(hyper);

  test('the inner problem is solved: its gradient vanishes', () => {
    const residual = ravel(grad((w: Linear) => plain.inner(w, hyper, train))(solved)).vector.data();
    const weights = ravel(solved).vector.data();
    const total = residual.map((g, i) => g + WEIGHT_DECAY * weights[i]);
    expect(Math.hypot(...total)).toBeLessThan(1e-12);
  });

  test.each([
    ['with head', headed],
    ['without head', plain],
  ])('%s: every component agrees with differences of the re-solved objective to 1e-5', async (_, problem) => {
    const { gradient, status } = await hypergradient(problem, { params: solved, ...options });
    expect(status).toBe('converged');
    const h = 1e-3;
    const differences = elements(hyper).map((_value, i) => {
      const moved = (by: number): Hyper => {
        const list = elements(hyper).map((value, j) => (i === j ? value + by : value));
        return { delta: tensor(list.slice(0, 3), f64), iota: tensor(list.slice(3), f64) };
      };
      return (outerAt(minimise(moved(h))).item() - outerAt(minimise(moved(-h))).item()) / (2 * h);
    });
    const got = elements(gradient);
    const size = Math.hypot(...got);
    got.forEach((value, i) => {
      expect(Math.abs(value - differences[i])).toBeLessThan(1e-5 * size);
      expect(Math.sign(value)).toBe(Math.sign(differences[i]));
    });
  });

  test('from the neutral loss, descent raises ι of the head class above that of the rare one', async () => {
    const neutral: Hyper = { delta: ONES, iota: tensor([0, 0, 0], f64) };
    const { gradient } = await hypergradient(headed, { ...options, params: minimise(neutral), hyper: neutral });
    const [head, middle, rare] = gradient.iota.data();
    expect(head).toBeLessThan(middle);
    expect(middle).toBeLessThan(rare);
    // A common shift of ι changes nothing.
    expect(Math.abs(head + middle + rare)).toBeLessThan(1e-14);
  });
});

describe('a network with a hidden layer, away from its minimum', () => {
  type Network = { readonly first: Value; readonly second: Value };
  const outputs = ({ first, second }: Network, { x }: Batch): Value => matmul(softplus(matmul(x, first)), second);
  const { plain, headed } = problemsOf(outputs, 0.02);
  const random = new Random(3);
  const matrix = (rows: number, columns: number): Value =>
    tensor(
      Array.from({ length: rows * columns }, () => 0.5 * random.normal()),
      { shape: [rows, columns], ...f64 },
    );
  const params: Network = { first: matrix(FEATURES, 4), second: matrix(4, CLASSES) };
  const hyper: Hyper = { delta: tensor([1.2, 0.8, 1], f64), iota: tensor([0.5, -0.1, 0.2], f64) };
  const data = samples([12, 8, 4], 4);
  const held = samples([6, 6, 6], 5);
  const method = methodOf({ solver: 'cg', iterations: 200, damping: 2, tolerance: 1e-15 });
  const options: HypergradientOptions<Network, Hyper, Batch, ImplicitState> = {
    params,
    hyper,
    batches: { inner: [batchOf(data)], outer: [batchOf(held)] },
    method,
  };

  test('with and without head agree to 1e-12', async () => {
    const [a, b] = [await hypergradient(headed, options), await hypergradient(plain, options)];
    expectClose(elements(a.gradient), elements(b.gradient), { relative: 1e-12, absolute: 1e-14 });
    expect(Math.hypot(...elements(a.gradient))).toBeGreaterThan(1e-3);
    expect([a.status, a.residuals, a.outer]).toEqual([b.status, b.residuals, b.outer]);
  });

  test('agrees with a dense solve of (H + decay + damping) q = b and a dense mixed matrix', async () => {
    const { vector, unravel } = ravel(params);
    const inner = (w: Value, at: Hyper): Value => plain.inner(unravel(w), at, batchOf(data));
    const p = vector.size;
    const flat = hessian((w: Value) => inner(w, hyper))(vector).data();
    const matrixRows = Array.from({ length: p }, (_, i) =>
      Array.from({ length: p }, (__, j) => flat[i * p + j] + (i === j ? 0.02 + 2 : 0)),
    );
    const b = grad((w: Value) => plain.outer(unravel(w), hyper, batchOf(held)))(vector);
    const q = solve(matrixRows, Array.from(b.data()));
    const mixed = jacobian((at: Hyper) => grad((w: Value) => inner(w, at))(vector))(hyper) as Hyper;
    const contracted = [mixed.delta, mixed.iota].flatMap((columns) => {
      const values = columns.data();
      return Array.from(
        { length: CLASSES },
        (_, k) => -q.reduce((total, qi, i) => total + qi * values[i * CLASSES + k], 0),
      );
    });
    expectClose(elements((await hypergradient(headed, options)).gradient), contracted, {
      relative: 1e-10,
      absolute: 1e-13,
    });
  });

  test.each([
    ['with head', headed],
    ['without head', plain],
  ])('%s: batches of equal size equal one batch of all their samples', async (_, problem) => {
    const whole = await hypergradient(problem, options);
    const parts = await hypergradient(problem, {
      ...options,
      batches: {
        inner: [part(data, 0, 8), part(data, 8, 16), part(data, 16, 24)],
        outer: [part(held, 0, 9), part(held, 9, 18)],
      },
    });
    expectClose(elements(parts.gradient), elements(whole.gradient), { relative: 1e-10, absolute: 1e-13 });
    expect(parts.outer).toBeCloseTo(whole.outer, 13);
  });

  test('counts gradients and products, those of the estimate included', async () => {
    const inner = [part(data, 0, 12), part(data, 12, 24)];
    const outer = [part(held, 0, 6), part(held, 6, 12), part(held, 12, 18)];
    const at = (more: Partial<SolverSettings>, state?: ImplicitState) =>
      hypergradient(headed, {
        ...options,
        batches: { inner, outer },
        method: methodOf({ solver: 'neumann', iterations: 4, tolerance: 0, ...more }),
        state,
      });
    const estimated = await at({ lanczosSteps: 3 });
    expect(estimated.counts).toEqual({ gradients: 5, hessianProducts: (4 + 3) * 2, mixedProducts: 2 });
    expect(estimated.spectrum?.ritzValues).toHaveLength(3);
    expect(estimated.residuals).toHaveLength(5);
    expect(estimated.peakBytes).toBeGreaterThan(0);

    const reused = await at({}, { spectrum: estimated.spectrum! });
    expect(reused.counts.hessianProducts).toBe(4 * 2);
    expect(reused.spectrum).toBe(estimated.spectrum);
    expect([reused.stepSize, reused.damping]).toEqual([estimated.stepSize, estimated.damping]);
    expect(elements(reused.gradient)).toEqual(elements(estimated.gradient));

    const given = await at({ damping: 0.5, stepSize: 0.1 });
    // A given η is held against an estimate all the same; a given damping is not.
    expect(given.counts.hessianProducts).toBe((4 + 8) * 2);
    expect([given.stepSize, given.damping]).toEqual([0.1, 0.5]);
    const damped = await at({ solver: 'cg', damping: 0.5 });
    expect(damped.counts.hessianProducts).toBe(4 * 2);
    expect(damped.spectrum).toBeUndefined();
  });

  test('the automatic step size and damping make the series shrink', async () => {
    const { status, residuals, damping, stepSize, spectrum } = await hypergradient(headed, {
      ...options,
      method: methodOf({ solver: 'neumann', iterations: 30 }),
    });
    const { largest, smallest, uncertainty } = spectrum!;
    expect(['truncated', 'converged']).toContain(status);
    expect(damping).toBeCloseTo(Math.max(0, 0.01 * largest - smallest), 14);
    expect(stepSize).toBeCloseTo(1 / (largest + uncertainty + damping!), 14);
    residuals.slice(1).forEach((residual, j) => {
      expect(residual).toBeLessThan(residuals[j]);
    });
  });

  test.each([
    ['converged', { solver: 'cg', iterations: 100, damping: 2, tolerance: 1e-8 }],
    ['truncated', { solver: 'cg', iterations: 1, damping: 2, tolerance: 1e-14 }],
    ['negative-curvature', { solver: 'cg', iterations: 20, damping: -5 }],
    ['diverged', { solver: 'neumann', iterations: 60, damping: 2, stepSize: 2 }],
  ] as const)('hands the status through: %s', async (status, chosen) => {
    expect((await hypergradient(headed, { ...options, method: methodOf(chosen) })).status).toBe(status);
  });

  test('no inner or no outer batches are refused', async () => {
    await expect(hypergradient(headed, { ...options, batches: { ...options.batches, inner: [] } })).rejects.toThrow(
      ConfigError,
    );
    await expect(hypergradient(headed, { ...options, batches: { ...options.batches, outer: [] } })).rejects.toThrow(
      ConfigError,
    );
  });
});

describe('an outer objective that depends on λ itself', () => {
  // inner = h w²/2 − λw, so w* = λ/h; outer = (w − a)²/2 + c λ².
  const [h, a, c] = [2.5, 0.7, 0.3];
  const problem: BilevelProblem<Value, Value, Value> = {
    inner: (w, lambda) => sum(sub(mul(mul(w, w), h / 2), mul(lambda, w))),
    outer: (w, lambda, target) => sum(add(mul(mul(sub(w, target), sub(w, target)), 0.5), mul(mul(lambda, lambda), c))),
  };

  test.each([-1, 0.4, 3])('direct and indirect parts by hand at λ = %d', async (lambda) => {
    const result = await hypergradient(problem, {
      params: tensor([lambda / h], f64),
      hyper: tensor([lambda], f64),
      batches: { inner: [tensor(0, f64)], outer: [tensor(a, f64), tensor(-a, f64)] },
      method: exact,
    });
    expect(result.direct.item()).toBeCloseTo(2 * c * lambda, 14);
    // The two targets ±a average out in the gradient, and leave a²/2 in the value.
    expect(result.indirect.item()).toBeCloseTo(lambda / h / h, 14);
    expect(result.gradient.item()).toBeCloseTo(2 * c * lambda + lambda / h ** 2, 14);
    expect(result.outer).toBeCloseTo((lambda / h) ** 2 / 2 + a ** 2 / 2 + c * lambda ** 2, 14);
  });

  test('an objective that does not depend on w has the direct part alone', async () => {
    const result = await hypergradient(
      { ...problem, outer: (_, lambda) => sum(mul(mul(lambda, lambda), c)) },
      {
        params: tensor([1], f64),
        hyper: tensor([2], f64),
        batches: { inner: [tensor(0, f64)], outer: [tensor(0, f64)] },
        method: exact,
      },
    );
    expect(result.gradient.item()).toBeCloseTo(4 * c, 14);
    expect(Math.abs(result.indirect.item())).toBe(0);
    expect(result.status).toBe('converged');
  });
});
