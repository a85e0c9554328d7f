import { describe, expect, test } from 'vitest';
import {
  type BilevelProblem,
  conjugateGradient,
  darts,
  denseSolver,
  type HypergradientMethod,
  hypergradient,
  identity,
  implicit,
  minres,
  neumann,
  nystrom,
  sama,
  symmetricOperator,
} from '../../src/bilevel/index.js';
import type { Value } from '../../src/ir/index.js';
import { matmul, mul, sub, sum } from '../../src/ops/index.js';
import { initAdam } from '../../src/optim/index.js';
import { tensor } from '../../src/tensor/index.js';

/** Whatever goes wrong is told by the status, and the gradient of a failure cannot pass for one. */

const f64 = { dtype: 'f64' } as const;
type Data = { readonly curvature: Value; readonly pull: Value };

/** g = ½ Σ hᵢ wᵢ² − ⟨w, λ⟩, f = ⟨pull, w⟩. */
const problem: BilevelProblem<Value, Value, Data> = {
  inner: (w, lambda, { curvature }) => sub(mul(sum(mul(curvature, mul(w, w))), 0.5), sum(mul(w, lambda))),
  outer: (w, _, { pull }) => sum(mul(w, pull)),
};
const at = (curvature: readonly number[], pull: readonly number[]) => {
  const data = { curvature: tensor([...curvature], f64), pull: tensor([...pull], f64) };
  const like = tensor(
    curvature.map(() => 0.5),
    f64,
  );
  return { params: like, hyper: like, batches: { inner: [data], outer: [data] } };
};

const expectFailure = (gradient: Value): void => {
  expect(gradient.data().every((x) => Number.isNaN(x))).toBe(true);
};

describe('a step size beyond 2 / λ_max', () => {
  test.each([2.1, 3, 50])('η·λ_max = %d is reported whatever the number of terms', async (ratio) => {
    for (const scale of [0.01, 1, 300]) {
      for (const terms of [0, 1, 2, 5, 40]) {
        // b has but a hundred-thousandth along the largest eigenvector: the terms themselves shrink for long.
        const result = await hypergradient(problem, {
          ...at([scale, 0.3 * scale, 0.1 * scale], [1e-5, 1, 1]),
          method: implicit({ solver: neumann({ terms, stepSize: ratio / scale }), damping: 0 }),
        });
        expect(result.status).toBe('diverged');
        expectFailure(result.gradient);
        expectFailure(result.indirect);
      }
    }
  });

  test.each([0.3, 1, 1.9])('η·λ_max = %d is not', async (ratio) => {
    for (const scale of [0.01, 1, 300]) {
      const result = await hypergradient(problem, {
        ...at([scale, 0.3 * scale, 0.1 * scale], [0.5, 1, 1]),
        method: implicit({ solver: neumann({ terms: 5, stepSize: ratio / scale }), damping: 0 }),
      });
      expect(result.status).toBe('truncated');
    }
  });

  test('the series itself finds out without an estimate once b excites the eigenvector', async () => {
    // All of b shrinks but the part along 1, which grows by a half each time and is still small.
    const a = symmetricOperator(3, (v) => mul(v, tensor([1, 0.3, 0.5], f64)));
    const b = tensor([0.1, 1, 1], f64);
    const result = await neumann({ terms: 3, stepSize: 2.5, verify: false }).solve({ operator: a, b });
    expect(Math.max(...result.residuals)).toBeLessThanOrEqual(1);
    expect(result.status).toBe('diverged');
  });
});

describe('an indefinite Hessian', () => {
  test.each([
    ['neumann, few terms', implicit({ solver: neumann({ terms: 2, stepSize: 0.1 }), damping: 0 })],
    ['neumann, many terms', implicit({ solver: neumann({ terms: 100, stepSize: 0.1 }), damping: 0 })],
    ['cg', implicit({ solver: conjugateGradient({ iterations: 20 }), damping: 0 })],
  ] as const)('%s: the status is negative curvature or divergence', async (_, method) => {
    const { status, gradient } = await hypergradient(problem, { ...at([4, 1, -0.5], [0.1, 0.2, 1]), method });
    expect(['negative-curvature', 'diverged']).toContain(status);
    if (status === 'diverged') expectFailure(gradient);
  });

  test('the default damps it and converges to the damped solution', async () => {
    const { status, damping, gradient } = await hypergradient(problem, {
      ...at([4, 1, -0.5], [0.1, 0.2, 1]),
      method: implicit({ solver: conjugateGradient({ iterations: 20, tolerance: 1e-12 }) }),
    });
    expect(status).toBe('converged');
    expect(damping).toBeCloseTo(0.54, 10);
    [0.1, 0.2, 1].forEach((b, i) => {
      expect(gradient.data()[i]).toBeCloseTo(b / ([4, 1, -0.5][i]! + damping!), 9);
    });
  });

  test('a singular one: the oracle does not pretend', async () => {
    const { status, gradient } = await hypergradient(problem, {
      ...at([4, 1, 0], [1, 1, 1]),
      method: implicit({ solver: denseSolver() }),
    });
    expect(status).toBe('diverged');
    expectFailure(gradient);
  });
});

describe('NaN and infinity, anywhere', () => {
  const adam = initAdam(tensor([0, 0], f64));
  const methods: readonly HypergradientMethod<unknown>[] = [
    implicit({ solver: neumann({ terms: 3 }) }),
    implicit({ solver: neumann({ terms: 3, stepSize: 0.1, verify: false }), damping: 0 }),
    implicit({ solver: conjugateGradient({ iterations: 5 }) }),
    implicit({ solver: conjugateGradient({ iterations: 5 }), damping: 0 }),
    implicit({ solver: minres({ iterations: 5 }) }),
    implicit({ solver: nystrom({ rank: 2 }) }),
    implicit({ solver: nystrom({ rank: 2 }), damping: 0.3 }),
    implicit({ solver: denseSolver() }),
    identity(),
    darts({ stepSize: 0.1 }),
    sama({ adam: { ...adam, second: tensor([0.4, 0.2], f64) }, learningRate: 0.01 }),
  ];
  const poisons: readonly (readonly [string, readonly number[], readonly number[]])[] = [
    ['NaN in the outer gradient', [2, 1], [Number.NaN, 1]],
    ['infinity in the outer gradient', [2, 1], [Number.POSITIVE_INFINITY, 1]],
    ['NaN in the Hessian', [Number.NaN, 1], [1, 1]],
    ['infinity in the Hessian', [Number.POSITIVE_INFINITY, 1], [1, 1]],
  ];
  const cases = methods.flatMap((method) => poisons.map((poison) => [method.name, ...poison, method] as const));
  test.each(cases)('%s: %s', async (name, where, curvature, pull, method) => {
    const { status, gradient } = await hypergradient(problem, { ...at(curvature, pull), method });
    // Methods that take no second derivative of this problem have nothing to do with its Hessian.
    if (where.endsWith('Hessian') && ['darts', 'identity'].includes(name) && Number.isFinite(gradient.data()[0]!)) {
      expect(status).toBe('truncated');
      return;
    }
    expect(status).toBe('diverged');
    expectFailure(gradient);
  });

  test('NaN in the mixed derivative alone', async () => {
    const poisoned: typeof problem = {
      ...problem,
      inner: (w, lambda, data) => sub(problem.inner(w, lambda, data), sum(mul(matmul(mul(lambda, Number.NaN), w), 1))),
    };
    const { status } = await hypergradient(poisoned, {
      ...at([2, 1], [1, 1]),
      method: implicit({ solver: conjugateGradient({ iterations: 5 }), damping: 0 }),
    });
    expect(status).toBe('diverged');
  });
});
