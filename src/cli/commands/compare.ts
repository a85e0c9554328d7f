import { join } from 'node:path';
import { stagesOfAll } from '../../autobalance/index.js';
import { RunDirectory } from '../../data/index.js';
import { ConfigError, DataError } from '../../ir/index.js';
import {
  type CellResult,
  cellTable,
  compareMethods,
  comparisonTable,
  type FigureName,
  figureNames,
} from '../../report/comparison.js';
import { serveLive } from '../../report/live-server.js';
import { comparisonPage } from '../../report/page/comparison-page.js';
import { LIVE_SCRIPT } from '../../report/page/live-script.js';
import { csvTable, markdownTable, textTable } from '../../report/table.js';
import { readCell, runCell } from '../comparison-cell.js';
import {
  type ComparisonPlan,
  cellsOf,
  methodsOf,
  type PlannedCell,
  parseVariation,
  readPlan,
  scenariosOf,
  writePlan,
} from '../comparison-plan.js';
import { type ConfigOptions, configText, readConfigFile } from '../config.js';
import { type LoadedData, loadData } from '../data.js';
import { environment, fallbackNotice } from '../environment.js';
import { EXIT } from '../errors.js';
import { plainJson } from '../evaluation-file.js';
import { exitCodeOf, type InterruptSignal } from '../interrupt.js';
import { shellWord } from '../invocation.js';
import type { CommandResult, Io } from '../io.js';
import { packageVersion } from '../package.js';
import { planOf } from '../plan.js';
import { colorIn, Progress } from '../progress.js';
import type { RunConfig } from '../schema.js';
import { Session } from '../session.js';
import { suggestion } from '../suggest.js';
import { REPORT } from './report.js';

export interface CompareOptions extends Omit<ConfigOptions, 'methods'> {
  readonly methods?: readonly string[];
  /** How many seeds, counted up from `seed`. */
  readonly seeds?: number;
  readonly preset?: string;
  readonly config?: string;
  /** `key=value,value`: a setting to compare the methods under each value of. */
  readonly vary?: string;
  readonly figure?: string;
  readonly against?: string;
  readonly runs?: string;
  readonly resume?: string;
  readonly json?: boolean;
  readonly live?: boolean;
  readonly livePort?: number;
  readonly checkpointEvery: number;
}

const DEFAULT_PRESET = 'mnist-lt';
const DEFAULT_SEEDS = 5;

/** Trains every method with every seed, and compares them in pairs; what is trained already is not trained again. */
export async function compare(preset: string | undefined, options: CompareOptions, io: Io): Promise<CommandResult> {
  const stopListening = io.interrupt.listen(() => {
    io.err('\nFinishing this step and saving; Ctrl-C once more stops at once.\n');
  });
  try {
    const notice = fallbackNotice();
    if (notice !== undefined) io.err(`${notice}\n`);
    const started =
      options.resume === undefined ? await begin(preset, options, io) : await resume(preset, options.resume, options);
    return await work(started, options, io);
  } finally {
    stopListening();
  }
}

interface Started {
  readonly run: RunDirectory;
  readonly plan: ComparisonPlan;
  readonly data: LoadedData;
}

async function begin(positional: string | undefined, options: CompareOptions, io: Io): Promise<Started> {
  const preset = positional ?? options.preset;
  if (positional !== undefined && options.preset !== undefined && positional !== options.preset) {
    throw new ConfigError(`command line: names two presets, ${positional} and ${options.preset}; leave one out`);
  }
  const methods = methodsOf(options.methods);
  const figure = figureNamed(options.figure);
  const { against } = options;
  if (against !== undefined && !(methods as readonly string[]).includes(against)) {
    throw new ConfigError(`--against: must be one of the methods compared; ${suggestion(against, methods)}`);
  }
  const files = options.config === undefined ? [] : [await readConfigFile(options.config)];
  const variation = options.vary === undefined ? undefined : parseVariation(options.vary);
  const { methods: _, ...rest } = options;
  const scenarios = scenariosOf(preset, files, rest, variation, DEFAULT_PRESET);
  const { config } = scenarios[0]!;
  const data = await loadData(config);
  const seeds = Array.from({ length: options.seeds ?? DEFAULT_SEEDS }, (_, i) => config.seed + i);
  const plan = { scenarios, methods, seeds, figure, against: against ?? null, data: data.fingerprint };
  const run = await RunDirectory.create(options.runs ?? 'runs', `${config.preset}-compare`);
  await run.write('config.yaml', configText(config));
  await run.writeJson('env.json', {
    ...environment(),
    commandLine: [io.invocation, ...io.args.map(shellWord)].join(' '),
  });
  await writePlan(run, plan);
  return { run, plan, data };
}

function figureNamed(name: string | undefined): FigureName {
  if (name === undefined) return 'balancedError';
  const found = figureNames.find((figure) => figure === name);
  if (found) return found;
  throw new ConfigError(`--figure: there is no figure ${JSON.stringify(name)}; ${suggestion(name, figureNames)}`);
}

async function resume(positional: string | undefined, folder: string, options: CompareOptions): Promise<Started> {
  const own = [
    'preset',
    'quick',
    'config',
    'seed',
    'seeds',
    'methods',
    'epochs',
    'start',
    'vary',
    'figure',
    'against',
    'runs',
  ] as const;
  const given = positional === undefined ? own.find((name) => options[name] !== undefined) : 'preset';
  if (given !== undefined) {
    throw new ConfigError(`command line: --resume goes on with the settings of its comparison; leave out --${given}`);
  }
  const run = await RunDirectory.open(folder);
  const plan = await readPlan(run);
  const { dataDir } = options;
  const { config } = plan.scenarios[0]!;
  const data = await loadData(dataDir === undefined ? config : { ...config, dataDir });
  if (data.fingerprint !== plan.data) {
    throw new DataError(
      `${folder}: the comparison began with other data than this; give the same --data-dir, or start a new one`,
    );
  }
  return { run, plan, data };
}

async function work({ run, plan, data }: Started, options: CompareOptions, io: Io): Promise<CommandResult> {
  const { json, checkpointEvery } = options;
  const live = io.columns !== undefined && !json;
  const cells = cellsOf(plan);
  const sessionFor = (config: RunConfig, part?: { progress: Progress; firstStage: number }): Session =>
    new Session({ command: 'run', config, data, io, live, checkpointEvery, ...(part && { part }) });
  // Every scenario is held against the data before hours go into the first one.
  const counts = new Map(plan.scenarios.map(({ name, config }) => [name, sessionFor(config).experiment.counts]));

  const done: CellResult[] = [];
  const todo: PlannedCell[] = [];
  for (const cell of cells) {
    const results = await readCell(join(run.path, cell.folder), cell);
    if (results) done.push(...results);
    else todo.push(cell);
  }
  const progress = new Progress(io, {
    live,
    color: colorIn(live),
    epochLines: false,
    plan: todo.flatMap(({ methods, config, scenarios: [name] }) =>
      planOf(stagesOfAll(methods), config, counts.get(name!)!),
    ),
  });
  progress.line(
    `Writing to ${run.path}: ${plan.methods.length} methods, ${plan.seeds.length} seeds, ${plan.scenarios.length} scenarios; ` +
      `${methodsIn(todo)} of ${methodsIn(cells)} trainings to do.`,
  );
  const page =
    options.live || options.livePort !== undefined ? await servePage(run, plan, done, options.livePort) : undefined;
  if (page) progress.line(`Live page: ${page.url}`);
  try {
    let firstStage = 0;
    for (const [i, cell] of todo.entries()) {
      progress.label = `${i + 1}/${todo.length} ${scenarioText(cell)}seed ${cell.seed}, `;
      const results =
        io.interrupt.requested ??
        (await runCell(join(run.path, cell.folder), cell, sessionFor(cell.config, { progress, firstStage })));
      if (typeof results === 'string') {
        await writePage(run, plan, done);
        return interrupted(run, results, io);
      }
      done.push(...results);
      firstStage += stagesOfAll(cell.methods).length;
      await writeResults(run, plan, done);
    }
    await writeResults(run, plan, done);
    await writePage(run, plan, done);
  } finally {
    progress.clear();
    await page?.close();
  }
  return finished(run, plan, done);
}

const methodsIn = (cells: readonly PlannedCell[]): number =>
  cells.reduce((sum, { methods }) => sum + methods.length, 0);

/** What is shared by scenarios is of none. */
const scenarioText = ({ scenarios: [name, ...others] }: PlannedCell): string =>
  name === '' || others.length > 0 ? '' : `${name}, `;

/** In the order of the plan, however they came about. */
const ordered = ({ scenarios, seeds, methods }: ComparisonPlan, done: readonly CellResult[]): CellResult[] =>
  scenarios.flatMap(({ name }) =>
    seeds.flatMap((seed) =>
      methods.flatMap(
        (method) => done.find((cell) => cell.scenario === name && cell.method === method && cell.seed === seed) ?? [],
      ),
    ),
  );

const comparing = ({ figure, against }: ComparisonPlan) => ({ figure, ...(against !== null && { against }) });

const resultsJson = (plan: ComparisonPlan, cells: readonly CellResult[]): object =>
  plainJson({
    preset: plan.scenarios[0]!.config.preset,
    seeds: plan.seeds,
    figure: plan.figure,
    comparisons: compareMethods(cells, comparing(plan)),
    cells,
  });

function pageOf(
  run: RunDirectory,
  plan: ComparisonPlan,
  cells: readonly CellResult[],
  script?: string,
): Promise<string> {
  const { preset } = plan.scenarios[0]!.config;
  return comparisonPage(
    {
      title: `${preset}: ${plan.methods.length} methods compared`,
      lead: `Seeds ${plan.seeds.join(', ')}; methods ${plan.methods.join(', ')}.`,
      missing: plan.scenarios.length * plan.seeds.length * plan.methods.length - cells.length,
      cells,
      ...comparing(plan),
      files: [
        {
          name: 'comparison.json',
          type: 'application/json',
          text: `${JSON.stringify(resultsJson(plan, cells), null, 2)}\n`,
        },
      ],
      footer: `Written by autobalance ${packageVersion()} from ${run.path}.`,
    },
    script,
  );
}

const servePage = (run: RunDirectory, plan: ComparisonPlan, done: readonly CellResult[], port = 0) =>
  serveLive(
    {
      version: async () => String(done.length),
      render: () => pageOf(run, plan, ordered(plan, done), LIVE_SCRIPT),
    },
    { port },
  );

async function writeResults(run: RunDirectory, plan: ComparisonPlan, done: readonly CellResult[]): Promise<void> {
  const cells = ordered(plan, done);
  const markdown = compareMethods(cells, comparing(plan)).map(
    (comparison) =>
      `${comparison.scenario === '' ? '' : `## ${comparison.scenario}\n\n`}${markdownTable(comparisonTable(comparison))}`,
  );
  await run.writeJson('comparison.json', resultsJson(plan, cells));
  await run.write('comparison.md', markdown.join('\n'));
  await run.write('trainings.csv', csvTable(cellTable(cells)));
}

/** Takes a second or two, so not after every training. */
const writePage = async (run: RunDirectory, plan: ComparisonPlan, done: readonly CellResult[]): Promise<void> =>
  run.write(REPORT, await pageOf(run, plan, ordered(plan, done)));

function interrupted(run: RunDirectory, signal: InterruptSignal, io: Io): CommandResult {
  const again = `${io.invocation} compare --resume ${shellWord(run.path)}`;
  return {
    exitCode: exitCodeOf(signal),
    text: `Interrupted and saved. To go on:\n  ${again}\n`,
    json: { interrupted: signal, runDirectory: run.path, resume: again },
  };
}

function finished(run: RunDirectory, plan: ComparisonPlan, done: readonly CellResult[]): CommandResult {
  const cells = ordered(plan, done);
  const tables = compareMethods(cells, comparing(plan)).map((comparison) => {
    const { scenario, failures } = comparison;
    return [
      ...(scenario === '' ? [] : [scenario]),
      textTable(comparisonTable(comparison)),
      ...failures.map(({ method, seed, failure }) => `${method}, seed ${seed}, failed: ${failure}`),
    ].join('\n');
  });
  return {
    exitCode: EXIT.ok,
    text: `\n${tables.join('\n\n')}\nEverything is in ${run.path}; the page is ${join(run.path, REPORT)}.\n`,
    json: { ...resultsJson(plan, cells), runDirectory: run.path },
  };
}
