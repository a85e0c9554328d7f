import { describe, expect, test } from 'vitest';
import {
  adamOptimiser,
  type BilevelProblem,
  denseSolver,
  type HypergradientMethod,
  hypergradient,
  type InnerOptimiser,
  implicit,
  sgdOptimiser,
  type UnrolledState,
  unrolledForward,
  unrolledReverse,
} from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import { ConfigError, type Value } from '../../src/ir/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import { add, exp, matmul, mean, mul, neg, softplus, square, sum } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { geometric, quadraticProblem, randomQuadratic, relativeDistance, SIGMA, vectorOf } from '../support/bilevel.js';
import { matVec, transposed } from '../support/linear-algebra.js';
import {
  adamDescent,
  type Descent,
  descend,
  differencesOf,
  momentumDescent,
  quadraticBatches,
} from '../support/quadratic-batches.js';

const f64 = { dtype: 'f64' } as const;
const SIZE = 8;
const HYPER = 3;
const DECAY = 0.2;
const numbers = (seed: number, count: number): number[] => {
  const random = new Random(seed, 'start');
  return Array.from({ length: count }, () => random.normal());
};

/** An optimiser of the engine, and the same in plain numbers. */
interface Pair {
  readonly of: <R>(use: <S>(optimiser: InnerOptimiser<S>) => R) => R;
  readonly plain: Descent;
}
const sgd = (learningRate: number, momentum: number): Pair => ({
  of: (use) => use(sgdOptimiser({ learningRate, momentum })),
  plain: momentumDescent(learningRate, momentum),
});
const adam = (learningRate: number, beta1: number, beta2: number, epsilon: number): Pair => ({
  of: (use) => use(adamOptimiser({ learningRate, beta1, beta2, epsilon })),
  plain: adamDescent(learningRate, beta1, beta2, epsilon),
});

describe('a quadratic problem', () => {
  const cases = [
    ...[0.05, 30].flatMap((scale) =>
      [
        [0.4, 0],
        [1.3, 0.3],
        [0.2, 0.9],
      ].map(([rate, momentum]) => ['sgd', scale, sgd(rate! / scale, momentum!)] as const),
    ),
    ['adam', 3, adam(0.05, 0.9, 0.999, 1e-3)],
    ['adam', 0.5, adam(0.3, 0.5, 0.8, 0.1)],
    ['adam', 8, adam(0.02, 0, 0.9, 0.02)],
  ] as const;

  test.each(cases)(
    '%s, λ_max = %d (%#): forward = reverse to 1e-12, both = differences to 1e-7',
    async (...[, scale, { of, plain }]) => {
      for (const count of [1, 3]) {
        const split = quadraticBatches({
          count,
          size: SIZE,
          hyperSize: HYPER,
          condition: 10,
          scale,
          weightDecay: DECAY * scale,
          seed: 3,
        });
        const start = numbers(1, SIZE);
        const steps = 20;
        const at = <S>(method: HypergradientMethod<UnrolledState<S>>) =>
          hypergradient(
            { ...quadraticProblem, weightDecay: DECAY * scale },
            {
              params: vectorOf(start),
              hyper: vectorOf(split.lambda),
              batches: { inner: split.batches, outer: split.batches },
              method,
            },
          );
        const wAt = (lambda: readonly number[]): number[] =>
          descend(plain, (t, w) => split.innerGradient(t, w, lambda), start, steps);
        const [reverse, forward] = await of(
          async (optimiser) =>
            [await at(unrolledReverse({ steps, optimiser })), await at(unrolledForward({ steps, optimiser }))] as const,
        );
        const ends = wAt(split.lambda);
        for (const { params, outer, state } of [reverse, forward]) {
          expect(relativeDistance(params!.data(), ends)).toBeLessThan(1e-11);
          expect(outer).toBeCloseTo(split.outer(ends, split.lambda), 8);
          expect(state.step).toBe(steps);
        }
        expect(relativeDistance(forward.gradient.data(), Array.from(reverse.gradient.data()))).toBeLessThan(1e-12);
        const differences = differencesOf((lambda) => split.outer(wAt(lambda), lambda), split.lambda);
        expect(relativeDistance(reverse.gradient.data(), differences)).toBeLessThan(1e-7);
        split.lambda.forEach((x, k) => {
          expect(reverse.direct.data()[k]).toBeCloseTo(SIGMA * x, 12);
        });
      }
    },
  );

  const scale = 4;
  const batches = quadraticBatches({
    count: 2,
    size: SIZE,
    hyperSize: HYPER,
    condition: 10,
    scale,
    weightDecay: 0,
    seed: 9,
  });
  const options = {
    params: vectorOf(numbers(2, SIZE)),
    hyper: vectorOf(batches.lambda),
    batches: { inner: batches.batches, outer: batches.batches },
  };
  const at = <S>(method: HypergradientMethod<UnrolledState<S>>, state?: UnrolledState<S>) =>
    hypergradient(quadraticProblem, { ...options, method, state });

  test.each([
    ['sgd', sgd(0.15, 0.5)],
    ['adam', adam(0.05, 0.8, 0.95, 1e-2)],
  ])('%s: checkpoints give the bits of stored steps, with less memory', async (_, { of }) => {
    for (const steps of [1, 7, 64]) {
      const [stored, checkpointed] = await of(
        async (optimiser) =>
          [
            await at(unrolledReverse({ steps, optimiser, storage: 'stored' })),
            await at(unrolledReverse({ steps, optimiser, storage: 'checkpointed' })),
          ] as const,
      );
      expect(checkpointed.gradient.data()).toEqual(stored.gradient.data());
      expect(checkpointed.params!.data()).toEqual(stored.params!.data());
      expect(checkpointed.residuals).toEqual(stored.residuals);
      if (steps === 64) expect(checkpointed.peakBytes).toBeLessThan(0.5 * stored.peakBytes);
    }
  });

  test('counts gradients and products', async () => {
    const optimiser = sgdOptimiser({ learningRate: 0.15, momentum: 0.5 });
    // 64 steps, one more gradient for the last residual, two outer batches; eight segments, the last of which is linearized at once.
    expect((await at(unrolledReverse({ steps: 64, optimiser, storage: 'stored' }))).counts).toEqual({
      gradients: 64 + 1 + 2,
      hessianProducts: 64,
      mixedProducts: 64,
    });
    expect((await at(unrolledReverse({ steps: 64, optimiser }))).counts).toEqual({
      gradients: 64 + 56 + 1 + 2,
      hessianProducts: 64,
      mixedProducts: 64,
    });
    expect((await at(unrolledReverse({ steps: 64, optimiser, storage: 'stored', truncate: 5 }))).counts).toEqual({
      gradients: 64 + 1 + 2,
      hessianProducts: 5,
      mixedProducts: 5,
    });
    expect((await at(unrolledForward({ steps: 64, optimiser }))).counts).toEqual({
      gradients: 64 + 1 + 2,
      hessianProducts: 64 * HYPER,
      mixedProducts: 64 * HYPER,
    });
  });

  test.each([
    ['sgd', sgd(0.15, 0.5)],
    ['adam', adam(0.05, 0.8, 0.95, 1e-2)],
  ])('%s: calls that hand their state on take the steps of one long call', async (_, { of }) => {
    const [params, again] = await of(async (optimiser) => {
      const long = await at(unrolledReverse({ steps: 12, optimiser }));
      const first = await at(unrolledReverse({ steps: 5, optimiser }));
      const rest = await hypergradient(quadraticProblem, {
        ...options,
        params: first.params!,
        method: unrolledForward({ steps: 7, optimiser }),
        state: first.state,
      });
      expect(rest.residuals).toHaveLength(8);
      expect(relativeDistance(rest.residuals, long.residuals.slice(5))).toBeLessThan(1e-12);
      return [long.params!.data(), rest.params!.data()] as const;
    });
    expect(relativeDistance(again, Array.from(params))).toBeLessThan(1e-13);
  });
});

describe('against the exact inverse', () => {
  const scale = 6;
  const problem = randomQuadratic({
    size: SIZE,
    hyperSize: HYPER,
    eigenvalues: geometric(SIZE, 10, scale),
    seed: 21,
  });
  const start = numbers(5, SIZE);
  const { w: solved, spectral, b, d, batch, lambda } = problem;
  const errorOf = <S>(
    params: readonly number[],
    method: HypergradientMethod<S>,
    expected: readonly number[] = problem.gradient,
  ) =>
    hypergradient(quadraticProblem, {
      params: vectorOf(params),
      hyper: vectorOf(lambda),
      batches: { inner: [batch], outer: [batch] },
      method,
    }).then(({ gradient }) => relativeDistance(gradient.data(), expected));

  test.each([0.3, 0.9])('η = %d/λ_max: converges to the dense oracle at the rate (1 − ηλ_min)^T', async (share) => {
    const eta = share / scale;
    expect(await errorOf(solved, implicit({ solver: denseSolver(), damping: 0 }))).toBeLessThan(1e-12);
    const optimiser = sgdOptimiser({ learningRate: eta });
    const errors: number[] = [];
    for (const steps of [20, 40, 80]) {
      // w_T − w* = (I − ηA)^T (w₀ − w*), and dw_T/dλ = A⁻¹(I − (I − ηA)^T) B.
      const far = spectral((x) => (1 - eta * x) ** steps)(start.map((x, i) => x - solved[i]!));
      const residual = matVec(
        d,
        solved.map((x, i) => x + far[i]!),
      ).map((x, i) => x - batch.e.data()[i]!);
      const q = spectral((x) => (1 - (1 - eta * x) ** steps) / x)(matVec(transposed(d), residual));
      const expected = matVec(transposed(b), q).map((x, k) => x + SIGMA * lambda[k]!);
      expect(await errorOf(start, unrolledReverse({ steps, optimiser }), expected)).toBeLessThan(1e-12);
      errors.push(await errorOf(start, unrolledReverse({ steps, optimiser })));
    }
    for (const [i, apart] of [20, 40].entries()) {
      const ratio = errors[i + 1]! / errors[i]! / (1 - eta * (scale / 10)) ** apart;
      expect(ratio).toBeGreaterThan(1 / 3);
      expect(ratio).toBeLessThan(3);
    }
  });

  test('truncation to the last k steps: its error at w* is that of k terms, and k = T is no truncation', async () => {
    const eta = 0.8 / scale;
    const optimiser = sgdOptimiser({ learningRate: eta });
    const steps = 30;
    let before = Number.POSITIVE_INFINITY;
    for (const truncate of [1, 2, 5, 12, 30]) {
      for (const storage of ['stored', 'checkpointed'] as const) {
        const q = spectral((x) => (1 - (1 - eta * x) ** truncate) / x)(problem.rightHandSide);
        const expected = matVec(transposed(b), q).map((x, k) => x + SIGMA * lambda[k]!);
        const method = unrolledReverse({ steps, optimiser, truncate, storage });
        expect(await errorOf(solved, method, expected)).toBeLessThan(1e-12);
      }
      const error = await errorOf(solved, unrolledReverse({ steps, optimiser, truncate }));
      expect(error).toBeLessThan(before);
      before = error;
    }
    const whole = await errorOf(start, unrolledReverse({ steps, optimiser }));
    expect(await errorOf(start, unrolledReverse({ steps, optimiser, truncate: steps }))).toBe(whole);
    expect(await errorOf(start, unrolledReverse({ steps, optimiser, truncate: 1000 }))).toBe(whole);
  });
});

describe('logistic regression with a penalty e^λ for each feature', () => {
  const FEATURES = 4;
  type Data = { readonly x: Value; readonly y: Value };
  const samples = (count: number, seed: number) => {
    const random = new Random(seed);
    const y = Array.from({ length: count }, () => (random.uniform() < 0.5 ? -1 : 1));
    const x = y.map((label) => Array.from({ length: FEATURES }, (_, j) => random.normal() + (j === 0 ? label : 0)));
    return { x, y };
  };
  type Samples = ReturnType<typeof samples>;
  const data = ({ x, y }: Samples): Data => ({ x: tensor(x, f64), y: tensor(y, f64) });
  const loss = (w: Value, { x, y }: Data): Value => mean(softplus(neg(mul(y, matmul(x, w)))));
  const problem: BilevelProblem<Value, Value, Data> = {
    inner: (w, lambda, batch) => add(loss(w, batch), mul(sum(mul(exp(lambda), square(w))), 0.5)),
    outer: (w, _, batch) => loss(w, batch),
  };
  const margins = ({ x, y }: Samples, w: readonly number[]): number[] => matVec(x, w).map((z, i) => y[i]! * z);
  const plainLoss = (part: Samples, w: readonly number[]): number =>
    margins(part, w).reduce((total, m) => total + Math.log1p(Math.exp(-m)), 0) / part.y.length;
  const plainGradient = (part: Samples, w: readonly number[], lambda: readonly number[]): number[] => {
    const pull = margins(part, w).map((m, i) => -part.y[i]! / (1 + Math.exp(m)) / part.y.length);
    return matVec(transposed(part.x), pull).map((g, k) => g + Math.exp(lambda[k]!) * w[k]!);
  };

  test.each([
    ['sgd', sgd(0.5, 0.6)],
    ['sgd', sgd(0.02, 0)],
    ['adam', adam(0.1, 0.9, 0.99, 1e-2)],
  ])('%s (%#): forward = reverse to 1e-12, both = differences to 1e-7', async (_, { of, plain }) => {
    const [first, second, held] = [samples(20, 1), samples(14, 2), samples(25, 3)];
    const lambda = [-2, -1, 0.3, -0.4];
    const start = numbers(8, FEATURES);
    const steps = 30;
    const options = {
      params: vectorOf(start),
      hyper: vectorOf(lambda),
      batches: { inner: [data(first), data(second)], outer: [data(held)] },
    };
    const at = <S>(method: HypergradientMethod<UnrolledState<S>>) => hypergradient(problem, { ...options, method });
    const [reverse, forward] = await of(
      async (optimiser) =>
        [await at(unrolledReverse({ steps, optimiser })), await at(unrolledForward({ steps, optimiser }))] as const,
    );
    const f = (l: readonly number[]): number =>
      plainLoss(
        held,
        descend(plain, (t, w) => plainGradient([first, second][t % 2]!, w, l), start, steps),
      );
    expect(reverse.outer).toBeCloseTo(f(lambda), 12);
    expect(relativeDistance(forward.gradient.data(), Array.from(reverse.gradient.data()))).toBeLessThan(1e-12);
    expect(relativeDistance(reverse.gradient.data(), differencesOf(f, lambda))).toBeLessThan(1e-7);
  });
});

describe('Adam where gradients are 0', () => {
  // inner = h/2 Σ mask·(w − λ)²: at w = λ the first gradient is 0, and where the mask is 0 it stays so.
  const h = 1.7;
  const mask = [1, 0, 1];
  const problem: BilevelProblem<Value, Value, Value> = {
    inner: (w, lambda, on) => mul(sum(mul(on, square(add(w, neg(lambda))))), h / 2),
    outer: (w) => sum(mul(w, tensor([2, 3, 5], f64))),
  };
  const options = {
    hyper: vectorOf([0.5, 0.5, -1]),
    batches: { inner: [vectorOf(mask)], outer: [vectorOf(mask)] },
  };

  test.each([
    [0.1, 0.9, 0.999, 0.3],
    [0.05, 0.6, 0.9, 1e-2],
    [0.02, 0, 0.9, 1e-8],
  ])('r = %d, β = %d, %d, ε = %d: dw₁/dλ = r·h/ε, by hand', async (learningRate, beta1, beta2, epsilon) => {
    const optimiser = adamOptimiser({ learningRate, beta1, beta2, epsilon });
    for (const method of [unrolledReverse({ steps: 1, optimiser }), unrolledForward({ steps: 1, optimiser })]) {
      const { gradient, status } = await hypergradient(problem, { ...options, params: vectorOf([0.5, 4, -1]), method });
      const slope = (learningRate * h) / epsilon;
      expect(relativeDistance(gradient.data(), [2 * slope, 0, 5 * slope])).toBeLessThan(1e-13);
      expect(status).toBe('converged');
    }
  });

  test('a weight that no gradient ever reaches leaves the others’ derivative alone', async () => {
    const optimiser = adamOptimiser({ learningRate: 0.05, epsilon: 1e-3 });
    const params = vectorOf([0.7, 4, -0.6]);
    const { gradient } = await hypergradient(problem, {
      ...options,
      params,
      method: unrolledReverse({ steps: 9, optimiser }),
    });
    const plain = adamDescent(0.05, 0.9, 0.999, 1e-3);
    const f = (lambda: readonly number[]): number => {
      const slope = (_: number, w: readonly number[]) => w.map((x, i) => mask[i]! * h * (x - lambda[i]!));
      const w = descend(plain, slope, [0.7, 4, -0.6], 9);
      return 2 * w[0]! + 3 * w[1]! + 5 * w[2]!;
    };
    expect(relativeDistance(gradient.data(), differencesOf(f, [0.5, 0.5, -1]))).toBeLessThan(1e-7);
    expect(gradient.data()[1]).toBe(0);
  });
});

describe('a network, trees for parameters and hyperparameters', () => {
  type Network = { readonly first: Value; readonly second: Value };
  type Hyper = { readonly iota: Value; readonly decay: Value };
  type Batch = { readonly x: Value; readonly y: Value };
  const problem: BilevelProblem<Network, Hyper, Batch> = {
    inner: ({ first, second }, { iota, decay }, { x, y }) =>
      add(
        crossEntropy(add(matmul(softplus(matmul(x, first)), second), iota), y),
        mul(exp(decay), add(sum(square(first)), sum(square(second)))),
      ),
    outer: ({ first, second }, _, { x, y }) => crossEntropy(matmul(softplus(matmul(x, first)), second), y),
    weightDecay: 0.01,
  };
  const batch = (seed: number, count: number, dtype: 'f32' | 'f64'): Batch => ({
    x: tensor(new Float64Array(numbers(seed, 4 * count)), { shape: [count, 4], dtype }),
    y: tensor(
      Array.from({ length: count }, (_, i) => i % 3),
      { dtype: 'i32' },
    ),
  });

  test.each([
    ['f64', 1e-12],
    ['f32', 1e-4],
  ] as const)('%s: forward = reverse', async (dtype, bound) => {
    const matrix = (seed: number, shape: readonly [number, number]): Value =>
      tensor(new Float64Array(numbers(seed, shape[0] * shape[1])), { shape, dtype });
    const options = {
      params: { first: matrix(1, [4, 5]), second: matrix(2, [5, 3]) },
      hyper: { iota: tensor([0.5, 0, -0.3], { dtype }), decay: tensor(-3, { dtype }) },
      batches: { inner: [batch(3, 12, dtype), batch(4, 12, dtype)], outer: [batch(5, 9, dtype)] },
    };
    const optimiser = adamOptimiser({ learningRate: 0.05, epsilon: 1e-3 });
    const [reverse, forward] = [
      await hypergradient(problem, { ...options, method: unrolledReverse({ steps: 15, optimiser }) }),
      await hypergradient(problem, { ...options, method: unrolledForward({ steps: 15, optimiser }) }),
    ];
    const flat = ({ iota, decay }: Hyper): number[] => [...iota.data(), decay.item()];
    expect(relativeDistance(flat(forward.gradient), flat(reverse.gradient))).toBeLessThan(bound);
    expect(Math.hypot(...flat(reverse.gradient))).toBeGreaterThan(1e-3);
    expect(reverse.params!.first.shape).toEqual([4, 5]);
    expect(reverse.gradient.decay.dtype).toBe(dtype);
  });
});

describe('what goes wrong is told', () => {
  const scale = 5;
  const problem = randomQuadratic({ size: SIZE, hyperSize: HYPER, eigenvalues: geometric(SIZE, 10, scale), seed: 2 });
  const options = {
    params: vectorOf(numbers(4, SIZE)),
    hyper: vectorOf(problem.lambda),
    batches: { inner: [problem.batch], outer: [problem.batch] },
  };
  const methodsOf = (learningRate: number, steps: number) => {
    const optimiser = sgdOptimiser({ learningRate, momentum: 0.2 });
    return [
      unrolledReverse({ steps, optimiser, storage: 'stored' }),
      unrolledReverse({ steps, optimiser, storage: 'checkpointed', truncate: 3 }),
      unrolledForward({ steps, optimiser }),
    ];
  };

  test('a learning rate ten times too large diverges: NaN, a status, no state', async () => {
    for (const method of methodsOf(20 / scale, 40)) {
      const { status, gradient, residuals, state } = await hypergradient(quadraticProblem, { ...options, method });
      expect(status).toBe('diverged');
      expect(gradient.data().every(Number.isNaN)).toBe(true);
      expect(residuals.at(-1)).toBeGreaterThan(1000);
      // It is found out at once, not after forty steps.
      expect(residuals.length).toBeLessThan(10);
      expect(state).toEqual({});
    }
  });

  test('enough steps converge, few are truncated', async () => {
    for (const [steps, status] of [
      [250, 'converged'],
      [10, 'truncated'],
    ] as const) {
      for (const method of methodsOf(0.8 / scale, steps)) {
        const result = await hypergradient(quadraticProblem, { ...options, method });
        expect(result.status).toBe(status);
        expect(result.residuals).toHaveLength(steps + 1);
        expect(result.residuals[0]).toBe(1);
      }
    }
  });

  test.each(['a', 'c', 'd', 'e'] as const)('NaN in the data (%s) is diverged, never thrown', async (name) => {
    const data = problem.batch[name];
    const spoilt = { ...problem.batch, [name]: mul(data, Number.NaN) };
    for (const method of methodsOf(0.5 / scale, 12)) {
      const { status, gradient } = await hypergradient(quadraticProblem, {
        ...options,
        batches: { inner: [spoilt], outer: [spoilt] },
        method,
      });
      expect(status).toBe('diverged');
      expect(gradient.data().every(Number.isNaN)).toBe(true);
    }
  });

  test('options out of range are refused, with a remedy', async () => {
    const optimiser = sgdOptimiser({ learningRate: 0.1 });
    expect(() => sgdOptimiser({ learningRate: 0 })).toThrow(ConfigError);
    expect(() => sgdOptimiser({ learningRate: 0.1, momentum: 1 })).toThrow(ConfigError);
    expect(() => adamOptimiser({ learningRate: 0.1, epsilon: 0 })).toThrow(/divides by it/);
    expect(() => adamOptimiser({ learningRate: 0.1, beta2: 1 })).toThrow(ConfigError);
    expect(() => unrolledReverse({ steps: 0, optimiser })).toThrow(ConfigError);
    expect(() => unrolledReverse({ steps: 3, truncate: 0.5, optimiser })).toThrow(ConfigError);
    const method = unrolledForward({ steps: 3, optimiser, maxHyper: 2 });
    await expect(hypergradient(quadraticProblem, { ...options, method })).rejects.toThrow(/use unrolledReverse/);
  });
});
