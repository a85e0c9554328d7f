import { parseArgs } from 'node:util';
import { loadIdxDataset, type PolicyNumbers } from 'autobalance';
import { compare, kinds, trainedOnBoth } from './personalised-augmentation/compare.js';
import { drawSamples, fateOf } from './personalised-augmentation/samples.js';
import type { Round } from './personalised-augmentation/search.js';
import { FULL, QUICK, settings } from './personalised-augmentation/settings.js';
import { meanOf } from './personalised-augmentation/training.js';

// docs/augmentation.md says what this is. The tables go to standard output, progress to standard error.
const { values: options } = parseArgs({
  options: {
    'data-dir': { type: 'string', default: '/usr/share/datasets/fashion-mnist' },
    seed: { type: 'string', multiple: true, default: ['0'] },
    quick: { type: 'boolean', default: false },
  },
});

const data = await loadIdxDataset(options['data-dir'], { name: 'Fashion-MNIST', classes: 10 });
const line = (cells: readonly (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`);
const percents = (values: readonly number[]): string[] => values.map((value) => value.toFixed(1));

for (const seed of options.seed.map(Number)) {
  const samples = drawSamples(data, options.quick ? QUICK : FULL, seed);
  const classes = Array.from({ length: samples.classes }, (_, label) => `${label} ${fateOf(label)}`);
  console.log(`\nSeed ${seed}: error on the test images, in percent\n`);
  line(['', 'balanced', ...classes, 'seconds']);
  line(['---', ...new Array(classes.length + 2).fill('---:')]);
  const learned: [string, PolicyNumbers][] = [];
  for (const kind of kinds) {
    const started = performance.now();
    const { errors, policy } = await compare(kind, samples, settings, seed, show);
    line([kind, meanOf(errors).toFixed(2), ...percents(errors), ((performance.now() - started) / 1000).toFixed(0)]);
    if (policy) learned.push([kind, policy]);
  }
  const errors = await trainedOnBoth(samples, settings, seed);
  line(['none, validation images trained on too', meanOf(errors).toFixed(2), ...percents(errors), '']);
  for (const [kind, policy] of learned) tell(kind, policy, classes);
}

/** Probability and magnitude of every operation. */
function tell(kind: string, { operations }: PolicyNumbers, classes: readonly string[]): void {
  const columns = operations[0]!.probability.length === 1 ? ['all'] : classes;
  console.log(`\nLearned, ${kind}: probability × magnitude\n`);
  line(['', ...columns, 'magnitude in']);
  line(['---', ...columns.map(() => '---:'), '---']);
  for (const { name, unit, probability, magnitude } of operations) {
    line([name, ...columns.map((_, i) => `${probability[i]!.toFixed(2)} × ${magnitude[i]!.toPrecision(2)}`), unit]);
  }
}

function show({ step, result }: Round): void {
  const { outer, status, residuals, damping = 0 } = result;
  const solve = `${status}, residual ${residuals.at(-1)?.toExponential(1)}, damping ${damping.toExponential(1)}`;
  console.error(`step ${step}: validation loss ${outer.toFixed(4)} (${solve})`);
}
