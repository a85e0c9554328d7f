import {
  comparison,
  conjugateGradient,
  darts,
  directionalCheck,
  errorBudget,
  exactHypergradient,
  type HypergradientMethod,
  hypergradient,
  identity,
  implicit,
  minres,
  neumann,
  nystrom,
  sgdOptimiser,
  unrolledReverse,
} from 'autobalance';
import { barChart } from '../../src/report/chart.js';
import { cosine, number, precise, type Section, stopwatch } from './page.js';
import type { ReducedProblem } from './reduced.js';

/** H is formed and eliminated, without damping. */
const exact = exactHypergradient({ maxDense: 1000 });
const named = (name: string, method: HypergradientMethod<unknown>): HypergradientMethod<unknown> => ({
  ...method,
  name,
});

const methods: readonly HypergradientMethod<unknown>[] = [
  identity(),
  darts({ stepSize: 0.2 }),
  named('neumann 5', implicit({ solver: neumann({ terms: 5 }), damping: 0 })),
  named('neumann 50', implicit({ solver: neumann({ terms: 50 }), damping: 0 })),
  named('nystrom 100', implicit({ solver: nystrom({ rank: 100 }) })),
  named(
    'unrolled 50, momentum',
    unrolledReverse({ steps: 50, optimiser: sgdOptimiser({ learningRate: 0.2, momentum: 0.9 }) }),
  ),
  named('cg 10', implicit({ solver: conjugateGradient({ iterations: 10 }), damping: 0 })),
  named('minres 10', implicit({ solver: minres({ iterations: 10 }), damping: 0 })),
  named('cg 50', implicit({ solver: conjugateGradient({ iterations: 50 }), damping: 0 })),
  named('minres 50', implicit({ solver: minres({ iterations: 50 }), damping: 0 })),
  named(
    'gauss-newton, cg 200',
    implicit({ solver: conjugateGradient({ iterations: 200 }), damping: 0, curvature: 'gauss-newton' }),
  ),
];

/** What is asked of the reduced problem, where answers are exact. */
export async function* exactSections(reduced: ReducedProblem, seed: number): AsyncGenerator<Section> {
  const timed = stopwatch();
  yield await directionSection(reduced, seed, timed);
  yield await methodSection(reduced, timed);
  yield await budgetSection(reduced, timed);
}

async function directionSection(
  { problem, hyper, batches, solve }: ReducedProblem,
  seed: number,
  timed: () => number,
): Promise<Section> {
  const checks = [];
  for (const epsilon of [1e-1, 1e-2, 1e-3]) {
    checks.push({
      epsilon,
      ...(await directionalCheck(problem, { hyper, batches, solve, method: exact, epsilon, seed })),
    });
  }
  return {
    title: 'Directional check',
    text:
      'The inner problem is solved again at λ ± εd along a random direction d, and the central difference of the outer objective stands beside ' +
      '⟨hypergradient, d⟩. The error falls with ε² until the accuracy of the solves is reached.',
    table: {
      columns: ['ε', '⟨hypergradient, d⟩', 'difference', 'relative error'],
      rows: checks.map((one) => [
        number(one.epsilon),
        precise(one.analytic),
        precise(one.numeric),
        number(one.relativeError),
      ]),
    },
    hessianProducts: checks.reduce((total, one) => total + one.hessianProducts, 0),
    seconds: timed(),
  };
}

async function methodSection(
  { problem, params, hyper, batches }: ReducedProblem,
  timed: () => number,
): Promise<Section> {
  const at = { params, hyper, batches };
  const reference = await hypergradient(problem, { ...at, method: exact });
  const rows = [];
  for (const method of methods) rows.push(comparison(await hypergradient(problem, { ...at, method }), reference));
  return {
    title: 'Methods against the exact hypergradient',
    text:
      'At the minimum of the inner problem, without damping, all data. Cosine and relative error against a dense solve; the cosine is what a ' +
      'descent direction needs, the error tells whether its length means anything.',
    table: {
      columns: ['method', 'cosine', 'relative error', 'status', 'products'],
      rows: rows.map((one) => [
        one.method,
        cosine(one.cosine),
        number(one.relativeError),
        one.status,
        String(one.hessianProducts),
      ]),
    },
    charts: [
      await barChart(
        rows.map(({ method, cosine: value }) => ({ name: method, value })),
        { title: 'Cosine with the exact hypergradient', x: 'cosine', y: 'method' },
      ),
      await barChart(
        rows.map(({ method, relativeError }) => ({ name: method, value: relativeError })),
        { title: 'Relative error of each method', x: 'relative error', y: 'method', log: true },
      ),
    ],
    hessianProducts: rows.reduce((total, one) => total + one.hessianProducts, reference.counts.hessianProducts),
    seconds: timed(),
  };
}

async function budgetSection(
  { problem, params, hyper, batches, early, subsets, samples }: ReducedProblem,
  timed: () => number,
): Promise<Section> {
  const part = (size: number) => ({
    name: `${size} of ${samples} samples`,
    draws: subsets(3, size).map((data) => ({ ...batches, inner: [data] })),
  });
  const { entries, hessianProducts } = await errorBudget(problem, {
    params,
    hyper,
    batches,
    exact,
    compromises: {
      inner: early,
      solver: methods.filter(({ name }) => ['neumann 5', 'neumann 50', 'cg 10', 'cg 50'].includes(name)),
      batch: [part(64), part(256)],
      precision: true,
    },
  });
  return {
    title: 'Error budget',
    text:
      'One thing is given up at a time: the solution of the inner problem, the exact solve, the full batch (root mean square of three draws), ' +
      'double precision. The largest says where effort is worth it.',
    table: {
      columns: ['given up', 'for', 'cosine', 'relative error', 'status'],
      rows: entries.map((one) => [one.source, one.name, cosine(one.cosine), number(one.relativeError), one.status]),
    },
    charts: [
      await barChart(
        entries.map(({ source, name, relativeError }) => ({ name, value: relativeError, group: source })),
        { title: 'Error budget', x: 'relative error of the hypergradient', y: 'given up for', log: true },
      ),
    ],
    hessianProducts,
    seconds: timed(),
  };
}
