import { conjugateGradient, contributions, implicit } from 'autobalance';
import { barChart, lineChart } from '../../src/report/chart.js';
import type { Context } from './large.js';
import { number, percent, type Section } from './page.js';

/** Where the indirect part of the hypergradient comes from: three ways to split one sum. */
export async function* contributionSections({ network, damping, timed }: Context): AsyncGenerator<Section> {
  const { problem, params, hyper, pools, examples, counts } = network;
  const parts = await contributions(problem, {
    params,
    hyper,
    batches: pools,
    method: implicit({ solver: conjugateGradient({ iterations: 20 }), damping }),
    examples,
  });
  const axis = 'share of the indirect part';
  yield {
    title: 'Contribution by layer',
    text:
      'The indirect part −Cᵀq as a sum over the leaves of w, each as its component along the whole; negative ones pull the other way. ' +
      `The parts add up to the whole but for ${number(parts.remainder.layers)}.`,
    table: { columns: ['leaf', 'share'], rows: parts.layers.map(({ path, share }) => [path, percent(share)]) },
    charts: [
      await barChart(
        parts.layers.map(({ path, share }) => ({ name: path, value: share })),
        { title: 'Contribution by layer', x: axis, y: 'leaf' },
      ),
    ],
    hessianProducts: parts.hessianProducts,
    seconds: timed(),
  };

  const total = parts.examples.length;
  yield {
    title: 'Contribution by class',
    text:
      `The same sum over the ${total} examples of the mixed batches, gathered by class. The last column is the weight of an example of the class ` +
      'next to the average one: large for the classes whose loss the search is about to reshape.',
    table: {
      columns: ['class', 'training samples', 'in the batches', 'share', 'per example (mean 1)'],
      rows: parts.classes.map(({ label, examples: own, share }) => [
        String(label),
        String(counts[label]),
        String(own),
        percent(share),
        number((share / own) * total),
      ]),
    },
    charts: [
      await barChart(
        parts.classes.map(({ label, share }) => ({ name: `class ${label}`, value: share })),
        { title: 'Contribution by class', x: axis, y: 'class' },
      ),
    ],
    hessianProducts: 0,
    seconds: timed(),
  };

  const ranked = [...parts.examples].sort((x, y) => Math.abs(y.share) - Math.abs(x.share));
  const sums: number[] = [];
  for (const { share } of ranked) sums.push((sums.at(-1) ?? 0) + Math.abs(share));
  const cumulative = sums.map((sum) => sum / sums.at(-1)!);
  const needed = (part: number): number => cumulative.findIndex((value) => value >= part) + 1;
  yield {
    title: 'Contribution by example',
    text:
      `Half of the sum of all magnitudes comes from ${needed(0.5)} of ${total} examples, nine tenths from ${needed(0.9)}. The largest are listed: ` +
      `where a wrong label would be likely to show. Remainder ${number(parts.remainder.examples)}.`,
    table: {
      columns: ['batch, row', 'class', 'share'],
      rows: ranked
        .slice(0, 8)
        .map(({ batch, row, label, share }) => [`${batch}, ${row}`, String(label), percent(share)]),
    },
    charts: [
      await lineChart([{ name: 'examples', x: cumulative.map((_, i) => i + 1), y: cumulative }], {
        title: 'Few examples make the hypergradient',
        x: 'examples, largest first',
        y: 'share of the sum of magnitudes',
      }),
    ],
    hessianProducts: 0,
    seconds: timed(),
  };
}
