import { describe, expect, test } from 'vitest';
import { type HypergradientMethod, hypergradient, saba, soba } from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import { ConfigError, type Value } from '../../src/ir/index.js';
import { mul, sub } from '../../src/ops/index.js';
import { quadraticProblem, relativeDistance, vectorOf } from '../support/bilevel.js';
import { matVec, solve } from '../support/linear-algebra.js';
import { quadraticBatches } from '../support/quadratic-batches.js';

const SIZE = 6;
const HYPER = 2;
const setting = (count: number, scale: number) => {
  const weightDecay = 0.1 * scale;
  const options = { count, size: SIZE, hyperSize: HYPER, condition: 10, scale, weightDecay, seed: 5 };
  const split = quadraticBatches(options);
  const lambda = split.optimum();
  return {
    split,
    problem: { ...quadraticProblem, weightDecay },
    batches: { inner: split.batches, outer: split.batches },
    solution: { lambda, w: split.minimum(lambda) },
  };
};
type Setting = ReturnType<typeof setting>;

interface Run<S> {
  readonly w: Value;
  readonly lambda: Value;
  readonly state: S | undefined;
  /** Relative distance of λ from the solution after each step. */
  readonly errors: readonly number[];
  readonly last: Awaited<ReturnType<typeof step<S>>> | undefined;
}

const step = <S>({ problem, batches }: Setting, method: HypergradientMethod<S>, w: Value, lambda: Value, state?: S) =>
  hypergradient(problem, { params: w, hyper: lambda, batches, method, state });

/** w, v and λ driven together; λ by a share of Newton's step on its own objective, so that its conditioning is no part of the test. */
async function drive<S>(
  at: Setting,
  method: HypergradientMethod<S>,
  { steps, share = 0.05, until = 0, from }: { steps: number; share?: number; until?: number; from?: Run<S> },
): Promise<Run<S>> {
  const random = new Random(8);
  let w = from?.w ?? vectorOf(Array.from({ length: SIZE }, () => random.normal()));
  let lambda = from?.lambda ?? vectorOf(at.split.lambda);
  let state = from?.state;
  let last: Run<S>['last'];
  const errors: number[] = [];
  for (let k = 0; k < steps && !(errors.at(-1)! < until); k++) {
    last = await step(at, method, w, lambda, state);
    lambda = sub(lambda, vectorOf(solve(at.split.hyperHessian, Array.from(mul(last.gradient, share).data()))));
    w = last.params!;
    state = last.state;
    errors.push(relativeDistance(lambda.data(), at.solution.lambda));
  }
  return { w, lambda, state, errors, last };
}

const meanOf = (values: readonly number[]): number => values.reduce((x, y) => x + y, 0) / values.length;

describe('SABA', () => {
  test.each([
    [4, 0.5],
    [3, 12],
  ])(
    '%d batches with data of their own, λ_max = %d: linear convergence to the exact solution',
    async (count, scale) => {
      const at = setting(count, scale);
      const run = await drive(at, saba({ seed: 3 }), { steps: 2000, until: 1e-9 });
      expect(run.errors.at(-1)).toBeLessThan(1e-8);
      expect(relativeDistance(run.w.data(), at.solution.w)).toBeLessThan(1e-8);
      expect(run.last!.status).toBe('converged');
      // Linear: each third of the way to 1e-10 takes about as many steps.
      const reach = (error: number): number => run.errors.findIndex((x) => x < error);
      const [first, second] = [reach(1e-5) - reach(1e-2), reach(1e-8) - reach(1e-5)];
      expect(second / first).toBeGreaterThan(0.5);
      expect(second / first).toBeLessThan(2);
    },
  );

  test('at the solution with full tables every draw moves along 0', async () => {
    const at = setting(4, 2);
    const { w, lambda, v } = {
      w: vectorOf(at.solution.w),
      lambda: vectorOf(at.solution.lambda),
      v: solutionOfSystem(at),
    };
    const method = saba({ seed: 1 });
    const first = await step(at, method, w, lambda);
    // With v at its own solution, the tables are filled once more.
    const filled = { ...first.state!, v: vectorOf(v) };
    let state = filled;
    for (let k = 0; k < 60; k++) state = { ...(await step(at, method, w, lambda, state)).state!, v: vectorOf(v) };
    const typical = Math.hypot(
      ...(await step(at, soba({ seed: 1 }), w, lambda, { ...state, step: 0 })).indirect.data(),
    );
    for (let k = 0; k < 8; k++) {
      const result = await step(at, method, w, lambda, state);
      expect(Math.hypot(...result.gradient.data())).toBeLessThan(1e-12 * typical);
      expect(relativeDistance(result.params!.data(), at.solution.w)).toBeLessThan(1e-13);
      expect(relativeDistance(result.state!.v.data(), v)).toBeLessThan(1e-12);
      state = { ...result.state!, v: vectorOf(v) };
    }
  });

  test('the tables are counted: 8 bytes times n(2p + m) + n′(p + m)', async () => {
    const at = setting(5, 2);
    const [w, lambda] = [vectorOf(at.solution.w), vectorOf(at.solution.lambda)];
    const fixed = { innerRate: 0.1, solverRate: 0.1 };
    const first = await step(at, saba(fixed), w, lambda);
    expect(first.counts).toEqual({ gradients: 5 + 5, hessianProducts: 5, mixedProducts: 5 });
    const second = await step(at, saba(fixed), w, lambda, first.state);
    expect(second.counts).toEqual({ gradients: 1 + 1, hessianProducts: 1, mixedProducts: 1 });
    const plain = await step(at, soba(fixed), w, lambda);
    expect(plain.counts).toEqual(second.counts);
    const bytes = 8 * (5 * (2 * SIZE + HYPER) + 5 * (SIZE + HYPER));
    expect(second.peakBytes - plain.peakBytes).toBeGreaterThanOrEqual(bytes);
    expect(second.peakBytes - plain.peakBytes).toBeLessThan(2 * bytes);
  });

  test('the first directions are means over all batches; the means of the tables stay those of their rows', async () => {
    const at = setting(4, 3);
    const w = Array.from({ length: SIZE }, (_, i) => 0.2 - 0.3 * i);
    const { lambda } = at.split;
    const inner = 0.03;
    const { params, state } = await step(at, saba({ innerRate: inner }), vectorOf(w), vectorOf(lambda));
    const gradients = [0, 1, 2, 3].map((i) => at.split.innerGradient(i, w, lambda));
    const moved = w.map((x, k) => x - inner * meanOf(gradients.map((gradient) => gradient[k]!)));
    expect(relativeDistance(params!.data(), moved)).toBeLessThan(1e-13);
    expect(
      relativeDistance(
        state!.v.data(),
        at.split.outerGradient(w).map((x) => state!.rates.solver * x),
      ),
    ).toBeLessThan(1e-13);
    const run = await drive(at, saba({ innerRate: inner }), { steps: 26 });
    for (const { rows, mean } of Object.values(run.state!.tables)) {
      const expected = Array.from(mean.data(), (_, k) => meanOf(rows.map((row) => row.data()[k]!)));
      expect(relativeDistance(mean.data(), expected)).toBeLessThan(1e-12);
    }
  });

  test('a state of other batches is refused', async () => {
    const [five, three] = [setting(5, 2), setting(3, 2)];
    const [w, lambda] = [vectorOf(five.solution.w), vectorOf(five.solution.lambda)];
    const { state } = await step(five, saba(), w, lambda);
    await expect(step(three, saba(), w, lambda, state)).rejects.toThrow(/same batches/);
  });
});

/** v = H⁻¹ ∂f/∂w at the solution, from the exact hypergradient's parts: λ-part excluded. */
function solutionOfSystem({ split, solution }: Setting): number[] {
  return solve(split.hessian, split.outerGradient(solution.w));
}

describe('SOBA', () => {
  test('constant rates end in a ball of noise that shrinks with them', async () => {
    const at = setting(4, 2);
    const radius = async (share: number): Promise<number> => {
      const rates = { innerRate: share / 3, solverRate: share / 3 };
      const { errors } = await drive(at, soba({ ...rates, seed: 2 }), {
        steps: 1000,
        share: 0.1 * share,
      });
      return meanOf(errors.slice(-500));
    };
    const [large, small] = [await radius(0.4), await radius(0.1)];
    expect(large).toBeLessThan(1);
    // The variance is proportional to the rate, the radius to its root.
    expect(small / large).toBeLessThan(0.7);
    expect(small).toBeGreaterThan(1e-4);
  });
});

describe.each([
  ['SOBA', soba],
  ['SABA', saba],
] as const)('%s', (_, make: (options: Parameters<typeof soba>[0]) => HypergradientMethod<unknown>) => {
  test.each([0.4, 15])('with one batch each, λ_max = %d: converges to the exact solution', async (scale) => {
    const at = setting(1, scale);
    for (const [rates, share] of [
      [{}, 0.025],
      [{ innerRate: 0.8 / scale, solverRate: 0.6 / scale }, 0.05],
    ] as const) {
      const run = await drive(at, make(rates), { steps: 1200, share, until: 1e-8 });
      expect(run.errors.at(-1)).toBeLessThan(1e-8);
      expect(relativeDistance(run.w.data(), at.solution.w)).toBeLessThan(1e-6);
      expect(run.last!.status).toBe('converged');
      expect(run.last!.outer / at.split.outer(at.solution.w, at.solution.lambda)).toBeCloseTo(1, 7);
    }
  });

  test('one seed, one run, bit for bit, also when it is taken up in the middle; another seed, another', async () => {
    const at = setting(4, 2);
    const whole = await drive(at, make({ seed: 7 }), { steps: 40 });
    const half = await drive(at, make({ seed: 7 }), { steps: 15 });
    const rest = await drive(at, make({ seed: 7 }), { steps: 25, from: half });
    expect(rest.w.data()).toEqual(whole.w.data());
    expect(rest.lambda.data()).toEqual(whole.lambda.data());
    expect([...half.errors, ...rest.errors]).toEqual(whole.errors);
    const other = await drive(at, make({ seed: 8 }), { steps: 40 });
    expect(other.errors).not.toEqual(whole.errors);
  });

  test('directions by hand at the first step, v = 0, and at the second', async () => {
    const scale = 3;
    const at = setting(1, scale);
    const [inner, solver] = [0.2, 0.07];
    const w = Array.from({ length: SIZE }, (_, i) => 0.3 * i - 0.7);
    const { lambda } = at.split;
    const method = make({ innerRate: inner, solverRate: solver });
    const first = await step(at, method, vectorOf(w), vectorOf(lambda));
    const b = at.split.outerGradient(w);
    expect(relativeDistance(first.gradient.data(), Array.from(first.direct.data()))).toBe(0);
    const moved = at.split.innerGradient(0, w, lambda).map((g, i) => w[i]! - inner * g);
    expect(relativeDistance(first.params!.data(), moved)).toBeLessThan(1e-13);
    const second = await step(at, method, vectorOf(w), vectorOf(lambda), first.state);
    const v = b.map((x) => solver * x);
    const { v: got } = second.state as { readonly v: Value };
    const expected = matVec(at.split.hessian, v).map((x, i) => v[i]! - solver * (x - b[i]!));
    expect(relativeDistance(got.data(), expected)).toBeLessThan(1e-13);
    // ∂g/∂w = … − Bλ, so C = −B and −Cᵀv = Bᵀv.
    expect(relativeDistance(second.indirect.data(), at.split.pullMixed(v))).toBeLessThan(1e-13);
  });

  test('the automatic rate is no larger than 1 over the largest curvature of any batch', async () => {
    for (const scale of [0.2, 9]) {
      const at = setting(3, scale);
      const { stepSize } = await step(at, make({}), vectorOf(at.solution.w), vectorOf(at.solution.lambda));
      expect(stepSize! * 1.1 * scale).toBeLessThan(1.0001);
      expect(stepSize! * 1.1 * scale).toBeGreaterThan(0.3);
    }
  });

  test('what goes wrong is told: too large a rate, NaN in the data', async () => {
    const at = setting(1, 2);
    let w: Value = vectorOf(at.split.lambda.concat(1, 2, 3, 4));
    let state: unknown;
    const statuses: string[] = [];
    for (let k = 0; k < 20; k++) {
      const result = await step(at, make({ innerRate: 10 }), w, vectorOf(at.split.lambda), state);
      statuses.push(result.status);
      w = result.params!;
      state = result.state;
      if (result.status === 'diverged') break;
    }
    expect(statuses.at(-1)).toBe('diverged');
    expect(state).toBeUndefined();
    for (const rates of [{}, { innerRate: 0.1, solverRate: 0.1 }]) {
      for (const name of ['a', 'd', 'e'] as const) {
        const spoilt = { ...at.split.batches[0]!, [name]: mul(at.split.batches[0]![name], Number.NaN) };
        const result = await hypergradient(at.problem, {
          params: vectorOf(at.solution.w),
          hyper: vectorOf(at.solution.lambda),
          batches: { inner: [spoilt], outer: [spoilt] },
          method: make(rates),
        });
        expect(result.status).toBe('diverged');
        expect(result.gradient.data().every(Number.isNaN)).toBe(true);
      }
    }
  });

  test('options out of range are refused', () => {
    expect(() => make({ innerRate: 0 })).toThrow(ConfigError);
    expect(() => make({ solverRate: Number.NaN })).toThrow(ConfigError);
    expect(() => make({ seed: -1 })).toThrow(ConfigError);
  });
});
