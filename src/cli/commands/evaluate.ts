import { Experiment } from '../../autobalance/index.js';
import type { Dataset } from '../../data/index.js';
import { ConfigError } from '../../ir/index.js';
import type { Evaluation as EvaluationFigures } from '../../metrics/index.js';
import { classTable } from '../../report/class-table.js';
import { countsText, MOST_CLASSES } from '../../report/format.js';
import { errorsTable, probabilitiesTable } from '../../report/page/results.js';
import { textTable } from '../../report/table.js';
import { readConfigFile, resolveConfig } from '../config.js';
import { loadData } from '../data.js';
import { fallbackNotice } from '../environment.js';
import { EXIT } from '../errors.js';
import { evaluateOn, plainJson } from '../evaluation-file.js';
import { cellsText } from '../group-text.js';
import type { CommandResult, Io } from '../io.js';
import { modelFor } from '../model.js';
import type { Evaluation } from '../schema.js';
import { suggestion } from '../suggest.js';
import { errorsJson } from '../summary.js';
import { readWeights, type StoredModel } from '../weights-file.js';

export interface EvaluateOptions {
  readonly weights: string;
  readonly method?: string;
  readonly config?: string;
  readonly seed?: number;
  readonly dataDir?: string;
}

/** Errors of saved networks on the test set. */
export async function evaluateWeights(
  preset: string | undefined,
  options: EvaluateOptions,
  io: Io,
): Promise<CommandResult> {
  const { weights: path, method, dataDir, seed } = options;
  const weights = await readWeights(path);
  const chosen = choose(weights.models, method, path);
  const files = [
    ...(weights.config ? [weights.config] : []),
    ...(options.config ? [await readConfigFile(options.config)] : []),
  ];
  const config = resolveConfig(preset, files, {
    ...(dataDir !== undefined && { dataDir }),
    ...(seed !== undefined && { seed }),
  });
  const notice = fallbackNotice();
  if (notice !== undefined) io.err(`${notice}\n`);
  const data = await loadData(config);
  // No stages: only what it knows of model, normalisation and test set is wanted.
  const experiment = new Experiment<unknown, unknown, Dataset>(modelFor(config, data), data, [], config);
  const methods: Evaluation['methods'] = {};
  const evaluations: Record<string, EvaluationFigures> = {};
  for (const { name, method: trainedBy, prefix } of chosen) {
    io.err(`Evaluating ${name} on ${data.test.labels.length} test samples.\n`);
    const logits = await experiment.testLogits(experiment.modelFrom(weights.arrays, path, prefix), trainedBy);
    const evaluation = evaluateOn(experiment.test, logits, { counts: experiment.counts, seed: config.seed });
    methods[name] = errorsJson(evaluation);
    evaluations[name] = evaluation;
  }
  await experiment.close();
  const { counts } = experiment;
  const rows = Object.entries(methods).map(([name, errors]) => ({ name, ...errors }));
  const table = counts.length > MOST_CLASSES ? countsText(counts) : classTable({ counts, methods: rows });
  return {
    exitCode: EXIT.ok,
    text: `${config.preset}: test error by class in percent\n${table}\n${figuresText(evaluations)}${cellsText(evaluations, data.test.classNames)}`,
    json: { dataset: config.preset, methods, evaluations: plainJson(evaluations) },
  };
}

function figuresText(evaluations: Readonly<Record<string, EvaluationFigures>>): string {
  const methods = Object.entries(evaluations).map(([name, evaluation]) => ({ name, evaluation }));
  return `\nErrors in percent, 95 % intervals by bootstrap\n${textTable(errorsTable(methods))}\n\nProbabilities\n${textTable(probabilitiesTable(methods))}\n`;
}

function choose(models: readonly StoredModel[], method: string | undefined, path: string): readonly StoredModel[] {
  if (method === undefined) return models;
  const found = models.filter(({ name }) => name === method);
  if (found.length > 0) return found;
  const names = models.map(({ name }) => name);
  throw new ConfigError(`--method: ${path} has no ${JSON.stringify(method)}; ${suggestion(method, names)}`);
}
