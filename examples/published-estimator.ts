import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadIdxDataset, locateMnist } from 'autobalance';
import { lineChart, type Series } from '../src/report/chart.js';
import { type Checkpoint, measure } from './published-estimator/measure.js';
import { train } from './published-estimator/training.js';

// docs/published-estimator.md says what this is and shows what it printed.
const { values } = parseArgs({
  options: {
    channels: { type: 'string', default: '16,32,64' },
    epochs: { type: 'string', default: '12' },
    at: { type: 'string', default: '1,2,3,4,6,8,10,12' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'runs/published-estimator' },
  },
});
const numbers = (text: string): number[] => text.split(',').map(Number);
const channels = numbers(values.channels);
const mnist = await loadIdxDataset(locateMnist(), { name: 'MNIST' });
const options = { channels, epochs: Number(values.epochs), seed: Number(values.seed), at: new Set(numbers(values.at)) };

const checkpoints: Checkpoint[] = [];
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);
for await (const { epoch, trainLoss, problem, options: at } of train(mnist, options)) {
  const found = { epoch, trainLoss, ...(await measure(problem, at)) };
  if (checkpoints.length === 0) {
    row(['epoch', 'loss', 'λ_max', 'λ_min', 'reference residual', ...found.verdicts.map(({ name }) => name)]);
    row(Array.from({ length: 5 + found.verdicts.length }, () => '---:'));
  }
  checkpoints.push(found);
  row([
    String(epoch),
    trainLoss.toFixed(4),
    found.largest.toFixed(2),
    found.smallest.toFixed(3),
    found.exact.residual.toExponential(1),
    ...found.verdicts.map(
      ({ cosine, dampedCosine, norm, status }) =>
        `${cosine.toFixed(2)} / ${dampedCosine.toFixed(2)}, ×${(norm / found.damped.norm).toPrecision(2)}, ${status}`,
    ),
  ]);
}

const epochs = checkpoints.map(({ epoch }) => epoch);
const perEstimator = (value: (verdict: Checkpoint['verdicts'][number], at: Checkpoint) => number): Series[] =>
  checkpoints[0]!.verdicts.map(({ name }, i) => ({
    name,
    x: epochs,
    y: checkpoints.map((at) => value(at.verdicts[i]!, at)),
  }));
const charts: { readonly [name: string]: Promise<string> } = {
  curvature: lineChart(
    [
      { name: 'λ_max(H)', x: epochs, y: checkpoints.map(({ largest }) => largest) },
      { name: '2/η, the most that η = 1 allows', x: epochs, y: epochs.map(() => 2) },
    ],
    { title: 'Largest eigenvalue of the batch Hessian', x: 'epoch', y: 'λ_max' },
  ),
  cosine: lineChart(
    perEstimator(({ dampedCosine }) => dampedCosine),
    {
      title: 'Cosine with the hypergradient of the damped system',
      x: 'epoch',
      y: 'cosine',
    },
  ),
  norm: lineChart(
    perEstimator(({ norm }, { damped }) => norm / damped.norm),
    {
      title: 'Length relative to the hypergradient of the damped system',
      x: 'epoch',
      y: 'ratio of norms',
      log: true,
    },
  ),
};
mkdirSync(values.out, { recursive: true });
for (const [name, chart] of Object.entries(charts)) {
  writeFileSync(join(values.out, `${name}-${channels.join('-')}.svg`), await chart);
}
writeFileSync(join(values.out, `checkpoints-${channels.join('-')}.json`), `${JSON.stringify(checkpoints, null, 2)}\n`);
