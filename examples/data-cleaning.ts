import { parseArgs } from 'node:util';
import { ConfigError, loadIdxDataset, locateMnist } from 'autobalance';
import { clean, type Round } from './data-cleaning/clean.js';
import { drawSamples } from './data-cleaning/samples.js';
import { FULL, networks, QUICK } from './data-cleaning/settings.js';

// docs/data-cleaning.md says what this is. The table goes to standard output, progress to standard error.
const { values: options } = parseArgs({
  options: {
    network: { type: 'string', multiple: true, default: Object.keys(networks) },
    seed: { type: 'string', multiple: true, default: ['0'] },
    quick: { type: 'boolean', default: false },
  },
});

const mnist = await loadIdxDataset(locateMnist(), { name: 'MNIST' });
const amounts = options.quick ? QUICK : FULL;
const line = (cells: readonly (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`);

line(['network', 'seed', 'AUC', 'all, noisy', 'learned weights', 'clean half', 'validation only', 'both', 'seconds']);
line(['---', ...Array.from({ length: 8 }, () => '---:')]);
for (const network of options.network) {
  const settings = networks[network];
  if (!settings) throw new ConfigError(`network: one of ${Object.keys(networks).join(', ')}, got ${network}`);
  for (const seed of options.seed.map(Number)) {
    const started = performance.now();
    const { auc, accuracy } = await clean(drawSamples(mnist, { ...amounts, seed }), settings, seed, show);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const percents = [accuracy.all, accuracy.learned, accuracy.cleanHalf, accuracy.validation, accuracy.both];
    line([network, seed, auc.toFixed(4), ...percents.map((percent) => `${percent.toFixed(2)} %`), seconds]);
  }
}

function show({ round, result }: Round): void {
  if (round % 10 !== 0) return;
  const { outer, status, residuals, damping = 0 } = result;
  const solve = `${status}, residual ${residuals.at(-1)?.toExponential(1)}, damping ${damping.toExponential(1)}`;
  console.error(`round ${round}: validation loss ${outer.toFixed(4)} (${solve})`);
}
