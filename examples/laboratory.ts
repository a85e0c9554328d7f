// Every probe of the bilevel laboratory on the AutoBalance problem of long-tailed MNIST (λ = Δ and ι, the neutral loss):
//     node dist/examples/laboratory.js [--seed 1] [--epochs 4] [--out runs/laboratory]
// prints short tables and writes report.html with the plots. docs/laboratory.md says how to read them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadIdxDataset, locateMnist } from 'autobalance';
import { exactSections } from './laboratory/exact.js';
import { networkSections } from './laboratory/large.js';
import { trainNetwork } from './laboratory/network.js';
import { asHtml, asText, type Section } from './laboratory/page.js';
import { reducedProblem } from './laboratory/reduced.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    epochs: { type: 'string', default: '4' },
    out: { type: 'string', default: 'runs/laboratory' },
  },
});
const [seed, epochs] = [Number(values.seed), Number(values.epochs)];
const started = performance.now();
const seconds = (): string => ((performance.now() - started) / 1000).toFixed(0);

const { train } = await loadIdxDataset(locateMnist(), { name: 'mnist-lt' });
const sections: Section[] = [];
const show = (section: Section): void => {
  sections.push(section);
  console.log(asText(section));
};

const network = await trainNetwork(train, seed, epochs);
const large =
  `The network: small CNN, f32, on MNIST-LT (${network.counts.join(', ')} training samples by class) after ${epochs} epochs under the neutral ` +
  `loss; training loss ${network.trainLoss.toFixed(3)}.`;
console.log(`${large} ${seconds()} s`);
for await (const section of networkSections(network, seed)) show(section);

const reduced = await reducedProblem(train, seed);
const small =
  `The reduced problem, for exact answers: ${reduced.samples} images (imbalance 10) of 7×7 pixels, one hidden layer of 8 tanh units, ` +
  `${reduced.size} parameters, weight decay 0.03, f64; its inner problem is solved to a gradient of ${reduced.stationarity.toExponential(0)}.`;
console.log(`\n${small} ${seconds()} s`);
for await (const section of exactSections(reduced, seed)) show(section);

mkdirSync(values.out, { recursive: true });
const file = join(values.out, 'report.html');
writeFileSync(
  file,
  asHtml('The hypergradient of AutoBalance on MNIST-LT', `${large} ${small} Seed ${seed}.`, sections),
);
console.log(`\n${file}, ${seconds()} s`);
