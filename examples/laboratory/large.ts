import {
  type Batches,
  batchStatistics,
  conjugateGradient,
  gaussNewtonGap,
  type HypergradientResiduals,
  type IterateSolver,
  implicit,
  minres,
  neumann,
  Point,
  residualHistory,
  spectrum,
} from 'autobalance';
import { barChart, densityChart, lineChart } from '../../src/report/chart.js';
import type { NetworkBatch, TrainedNetwork } from './network.js';
import { cosine, number, percent, type Section, stopwatch } from './page.js';
import { contributionSections } from './shares.js';

/** What is asked of the whole network, in f32: nothing here needs an exact answer. */
export async function* networkSections(network: TrainedNetwork, seed: number): AsyncGenerator<Section> {
  const timed = stopwatch();
  const { section, largest, damping } = await spectrumSection(network, seed, timed);
  yield section;
  const context = { network, seed, timed, largest, damping };
  yield await residualSection(context);
  yield await gapSection(context);
  yield await batchSection(context);
  yield* contributionSections(context);
}

/** What the sections share. */
export interface Context {
  readonly network: TrainedNetwork;
  readonly seed: number;
  /** Seconds since it was last asked. */
  readonly timed: () => number;
  /** Largest eigenvalue of H. */
  readonly largest: number;
  /** One for all: what `implicit` would choose, so that the smallest curvature becomes a hundredth of the largest. */
  readonly damping: number;
}

/** Two batches of training samples for H, as the search takes. */
const batchesOf = ({ pools }: TrainedNetwork): Batches<NetworkBatch> => ({ ...pools, inner: pools.inner.slice(0, 2) });

async function spectrumSection(network: TrainedNetwork, seed: number, timed: () => number) {
  const { problem, params, hyper } = network;
  const batches = batchesOf(network);
  const point = new Point(problem, { params, hyper, batches });
  const density = await spectrum(point.hessian(), { steps: 30, vectors: 2, seed });
  const { largest, smallest, nodes, weights } = density;
  const share = (test: (node: number) => boolean): string[] => {
    const part = nodes.reduce((total, node, i) => total + (test(node) ? weights[i]! : 0), 0);
    return [percent(part), `about ${number(part * point.w.size)} of ${point.w.size}`];
  };
  const bound = largest.value / 100;
  const section: Section = {
    title: 'Spectrum of H',
    text:
      'Stochastic Lanczos quadrature. Nearly all eigenvalues lie about zero, few are large: what a solve costs is decided by the ratio of the ' +
      'two, and negative ones must be damped away before Neumann or conjugate gradients may be trusted.',
    table: {
      columns: ['', 'value', ''],
      rows: [
        ['largest eigenvalue', number(largest.value), `± ${number(largest.uncertainty)}`],
        ['smallest eigenvalue', number(smallest.value), `± ${number(smallest.uncertainty)}`],
        ['below −1 % of the largest', ...share((node) => node < -bound)],
        ['within ±1 % of it', ...share((node) => Math.abs(node) <= bound)],
        ['above 10 % of it', ...share((node) => node > 10 * bound)],
      ],
    },
    charts: [
      await densityChart(density, {
        title: 'Density of the eigenvalues of H',
        x: 'eigenvalue',
        y: 'density',
        log: true,
      }),
    ],
    hessianProducts: point.counts.hessianProducts,
    seconds: timed(),
  };
  return { section, largest: largest.value, damping: Math.max(0, 0.01 * largest.value - smallest.value) };
}

async function residualSection({ network, damping, timed }: Context): Promise<Section> {
  const { problem, params, hyper } = network;
  const batches = batchesOf(network);
  const solvers: { readonly [name: string]: IterateSolver } = {
    neumann: (k) => neumann({ terms: k - 1 }),
    cg: (iterations) => conjugateGradient({ iterations, tolerance: 0 }),
    minres: (iterations) => minres({ iterations, tolerance: 0 }),
  };
  const iterates = 20;
  const histories: (HypergradientResiduals & { readonly name: string })[] = [];
  for (const [name, solver] of Object.entries(solvers)) {
    histories.push({
      name,
      ...(await residualHistory(problem, { params, hyper, batches, solver, iterates, damping })),
    });
  }
  const gap = (one: HypergradientResiduals): number =>
    Math.max(...one.actual.map((actual, k) => Math.abs(actual - (one.claimed[k] ?? actual)) / actual));
  return {
    title: 'Residual after every term',
    text:
      `‖b − (H + cI)q‖ / ‖b‖ of each iterate, from a product of its own and not from the solver’s recursion; damping c = ${number(damping)} for ` +
      'all. The last column is the largest relative difference to what the solver claims: rounding, or a fault.',
    table: {
      columns: ['solver', 'after 5', 'after 10', `after ${iterates}`, 'status', 'claims off by'],
      rows: histories.map((one) => [
        one.name,
        number(one.actual[5]),
        number(one.actual[10]),
        number(one.actual[iterates]),
        one.status,
        number(gap(one)),
      ]),
    },
    charts: [
      await lineChart(
        histories.map(({ name, actual }) => ({ name, y: actual })),
        { title: 'True residual of each iterate', x: 'terms or iterations', y: '‖b − (H + cI)q‖ / ‖b‖', log: true },
      ),
    ],
    hessianProducts: histories.reduce((total, one) => total + one.hessianProducts, 0),
    seconds: timed(),
  };
}

async function gapSection({ network, damping, seed, timed }: Context): Promise<Section> {
  const { problem, params, hyper } = network;
  const gap = await gaussNewtonGap(problem, {
    params,
    hyper,
    batches: batchesOf(network),
    solver: conjugateGradient({ iterations: 40, tolerance: 1e-4 }),
    damping,
    vectors: 3,
    seed,
  });
  const random = gap.alongRandom;
  return {
    title: 'H against the Gauss–Newton matrix',
    text:
      'How much of H·v is curvature of the network itself, which the Gauss–Newton matrix G leaves out: along b, where the solve begins, and along ' +
      'random vectors. What counts is the last row but one, the angle between the hypergradients that the two lead to.',
    table: {
      columns: ['', 'value'],
      rows: [
        ['‖(H − G)b‖ / ‖Hb‖', number(gap.alongOuterGradient)],
        ['the same along random vectors', `${number(Math.min(...random))} … ${number(Math.max(...random))}`],
        ['cosine of the hypergradients', cosine(gap.hypergradients.cosine)],
        ['relative difference of the hypergradients', number(gap.hypergradients.relativeError)],
      ],
    },
    hessianProducts: gap.hessianProducts,
    seconds: timed(),
  };
}

async function batchSection({ network, damping, largest, seed, timed }: Context): Promise<Section> {
  const { problem, params, hyper, pools } = network;
  const solver = neumann({ terms: 5, stepSize: 1 / (1.2 * largest + damping), verify: false });
  const triples = 10;
  const { draws, hessianProducts } = await batchStatistics(problem, {
    params,
    hyper,
    pools,
    method: implicit({ solver, damping }),
    triples,
    seed,
  });
  const cases = Object.entries(draws);
  return {
    title: 'Bias and variance over minibatches',
    text:
      `${triples} triples of one inner, one mixed and one outer batch, from pools of ${pools.inner.length}, ${pools.inner.length} and ` +
      `${pools.outer.length}; Neumann, five products. In units of the norm of the hypergradient over the whole pools. A bias is real only where it ` +
      'is well above its error.',
    table: {
      columns: ['varied', 'bias', '± by chance', 'deviation', 'mean cosine'],
      rows: cases.map(([name, one]) => [
        name,
        number(one.bias),
        number(one.biasError),
        number(one.deviation),
        cosine(one.cosine),
      ]),
    },
    charts: [
      await barChart(
        cases.flatMap(([name, one]) => [
          { name, value: one.deviation, group: 'deviation' },
          { name, value: one.bias, group: 'bias' },
        ]),
        { title: 'What drawing one batch costs', x: 'relative to the whole hypergradient', y: 'varied' },
      ),
    ],
    hessianProducts,
    seconds: timed(),
  };
}
