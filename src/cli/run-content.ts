import { join } from 'node:path';
import { z } from 'zod';
import { RunDirectory } from '../data/index.js';
import { DataError } from '../ir/index.js';
import type { EpochPoint, HypergradientPoint, RawFile, RunContent } from '../report/page/content.js';
import { parseConfig, resolveConfig } from './config.js';
import { EVALUATION, readEvaluations } from './evaluation-file.js';
import { parseLearnedLoss } from './learned-loss.js';
import { packageVersion } from './package.js';
import { readIfThere } from './run-files.js';
import type { RunConfig } from './schema.js';
import { summarySchema } from './schema.js';
import { validate } from './validate.js';

/** A number as metrics.ndjson holds it: "NaN" and "Infinity" are texts. */
const figure = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)], {
  error: 'must be a number',
});
const numbers = z.union([z.array(figure), z.array(z.array(figure))]);

const epochLine = z.looseObject({
  kind: z.literal('epoch'),
  method: z.string(),
  stage: z.string(),
  epoch: figure,
  trainLoss: figure,
  balancedError: figure.exactOptional(),
});
const hypergradientLine = z.looseObject({
  kind: z.literal('hypergradient'),
  step: figure,
  outer: figure,
  norm: figure,
  status: z.string(),
  residuals: z.array(figure),
  largestEigenvalue: figure.nullable(),
  delta: numbers,
  iota: numbers,
  weight: numbers.exactOptional(),
});

const REMEDY = 'the file is damaged or was edited by hand';

interface Metrics {
  readonly epochs: EpochPoint[];
  readonly hypergradients: HypergradientPoint[];
}

function metricsOf(lines: readonly Record<string, unknown>[], source: string): Metrics {
  const epochs: EpochPoint[] = [];
  const hypergradients: HypergradientPoint[] = [];
  lines.forEach((line, i) => {
    const options = { source: `${source}: line ${i + 1}`, kind: DataError, remedy: () => REMEDY };
    if (line.kind === 'epoch') epochs.push(validate(epochLine, line, options));
    if (line.kind === 'hypergradient') {
      const { residuals, ...rest } = validate(hypergradientLine, line, options);
      hypergradients.push({ ...rest, residual: residuals.at(-1) ?? Number.NaN });
    }
  });
  return { epochs, hypergradients };
}

async function textOf(run: RunDirectory, name: string): Promise<string | undefined> {
  const bytes = await readIfThere(run, name);
  return bytes && new TextDecoder().decode(bytes);
}

/** An objective in words. */
export function objectiveText(objective: RunConfig['search']['objective']): string {
  if (typeof objective === 'string') return objective;
  if ('name' in objective) return objective.name;
  if ('blend' in objective) {
    const { lambda } = objective;
    const [first, second] = objective.blend.map(objectiveText);
    return `${lambda}·(${first}) + ${Number((1 - lambda).toPrecision(12))}·(${second})`;
  }
  return `${objectiveText(objective.of)} under ${objective.prior === 'uniform' ? 'a uniform prior' : 'a prior of its own'}`;
}

function leadOf(config: RunConfig, samples: number): string {
  const { longTail, training, searchEpochs, search } = config;
  return (
    `${samples} training samples${longTail ? `, imbalance ${longTail.imbalance}` : ''}; ${training.epochs} epochs of SGD at ${training.learningRate} in batches of ` +
    `${training.batchSize}; search: ${searchEpochs} epochs, a hypergradient every ${search.interval} steps, objective ${objectiveText(search.objective)}, Δ by ${search.parametrisation}` +
    `${search.augmentation ? `, augmentation learned (${search.augmentation.by})` : ''}.`
  );
}

/**
 * What the page of a run shows, from its folder; works while the run goes on, and after it was interrupted.
 * @throws {FileError} if the folder is none or lacks its first files; {DataError} if one is damaged
 */
export async function readRunContent(path: string): Promise<RunContent> {
  const run = await RunDirectory.open(path);
  const evaluations = await readEvaluations(run);
  const configText = (await textOf(run, 'config.yaml')) ?? '';
  const config = resolveConfig(
    undefined,
    [parseConfig(configText, join(path, 'config.yaml'))],
    {},
    evaluations.dataset,
  );
  const metricsSource = join(path, 'metrics.ndjson');
  const [lossText, summaryText, metricsText = ''] = await Promise.all(
    ['loss.json', 'summary.json', 'metrics.ndjson'].map((name) => textOf(run, name)),
  );
  const summary =
    summaryText === undefined
      ? undefined
      : validate(summarySchema, await run.readJson('summary.json'), {
          source: join(path, 'summary.json'),
          kind: DataError,
          remedy: () => REMEDY,
        });
  const learned = lossText === undefined ? undefined : parseLearnedLoss(lossText, join(path, 'loss.json'));
  const { classCounts, classNames } = evaluations;
  const samples = classCounts.reduce((sum, count) => sum + count, 0);
  const file = (name: string, type: string, text: string | undefined): RawFile[] =>
    text === undefined || text === '' ? [] : [{ name, type, text }];
  return {
    title: `${evaluations.dataset}, seed ${evaluations.seed}`,
    lead: leadOf(config, samples),
    finished: summary !== undefined,
    classes: { names: classNames, counts: classCounts },
    ...(learned?.groups && { groupNames: learned.groups }),
    methods: Object.entries(evaluations.evaluations).map(([name, evaluation]) => ({
      name,
      evaluation,
      ...(summary?.methods[name] && { seconds: summary.methods[name].seconds }),
    })),
    ...metricsOf(await run.readMetrics(), metricsSource),
    ...(learned && { learned }),
    files: [
      ...file(EVALUATION, 'application/json', await textOf(run, EVALUATION)),
      ...file('summary.json', 'application/json', summaryText),
      ...file('loss.json', 'application/json', lossText),
      ...file('metrics.ndjson', 'application/x-ndjson', metricsText),
      ...file('config.yaml', 'application/yaml', configText),
    ],
    footer: `Written by autobalance ${packageVersion()} from ${path}.`,
  };
}
