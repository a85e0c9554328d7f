import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { currentBackend } from '../../backends/index.js';
import { RunDirectory } from '../../data/index.js';
import { ConfigError, FileError } from '../../ir/index.js';
import { classTable } from '../../report/class-table.js';
import { countsText, MOST_CLASSES, tally } from '../../report/format.js';
import { methodTable } from '../../report/method-table.js';
import { augmentationText } from '../augmentation-text.js';
import { CHECKPOINT, type Checkpoint, decodeCheckpoint, type TrainingCommand } from '../checkpoint.js';
import { type ConfigOptions, configText, parseConfig, readConfigFile, resolveConfig } from '../config.js';
import { loadData } from '../data.js';
import { dryRun } from '../dry-run.js';
import { environment, fallbackNotice } from '../environment.js';
import { EXIT } from '../errors.js';
import { groupText } from '../group-text.js';
import { exitCodeOf, type InterruptSignal } from '../interrupt.js';
import { shellWord } from '../invocation.js';
import type { CommandResult, Io } from '../io.js';
import { serveRun } from '../live.js';
import { lossTables, readLossFile } from '../loss-file.js';
import type { RunConfig, Summary } from '../schema.js';
import { Session, type SessionOptions } from '../session.js';
import { summarise } from '../summary.js';
import { isRecord } from '../validate.js';
import { writeRunReport } from './report.js';

export interface TrainOptions extends Omit<ConfigOptions, 'start'> {
  /** A fixed loss, or a loss.json. */
  readonly start?: string;
  readonly config?: string;
  readonly json?: boolean;
  /** Folder in which run directories are made. */
  readonly runs?: string;
  /** A run directory to go on in. */
  readonly resume?: string;
  /** Seconds. */
  readonly checkpointEvery: number;
  /** Only say what the run would do. */
  readonly dryRun?: boolean;
  /** Serve the page of the run while it goes on. */
  readonly live?: boolean;
  /** Port to serve it on; by default any free one. */
  readonly livePort?: number;
  /** loss.json to retrain under. */
  readonly loss?: string;
}

/** `run`, `search` and `retrain`: they differ in their stages alone. */
export async function train(
  command: TrainingCommand,
  preset: string | undefined,
  options: TrainOptions,
  io: Io,
): Promise<CommandResult> {
  if (options.dryRun) return plan(command, preset, options, io);
  const stopListening = io.interrupt.listen(() => {
    io.err('\nFinishing this step and saving; Ctrl-C once more stops at once.\n');
  });
  try {
    const { session, run, config } =
      options.resume === undefined
        ? await begin(command, preset, options, io)
        : await resume(command, preset, options.resume, options, io);
    const page =
      options.live || options.livePort !== undefined ? await serveRun(run, options.livePort ?? 0) : undefined;
    if (page) session.progress.line(`Live page: ${page.url}`);
    try {
      const signal = await session.work(run);
      if (signal) return interrupted(command, run, signal, io);
      return await finished(command, session, run, config);
    } catch (error) {
      session.progress.line(`The run stopped; what it had saved is in ${run.path}.`);
      throw error;
    } finally {
      await page?.close();
    }
  } finally {
    stopListening();
  }
}

interface Started {
  readonly session: Session;
  readonly run: RunDirectory;
  readonly config: RunConfig;
}

type Asked = Pick<SessionOptions, 'command' | 'config' | 'loss'>;

/** What the command line asks for. */
async function asked(command: TrainingCommand, preset: string | undefined, options: TrainOptions): Promise<Asked> {
  const files = options.config === undefined ? [] : [await readConfigFile(options.config)];
  const config = resolveConfig(preset, files, await withStart(options));
  const { loss: path } = options;
  return { command, config, ...(path !== undefined && { loss: { file: await readLossFile(path), source: path } }) };
}

/** The plan of a run, which is then not begun. */
async function plan(
  command: TrainingCommand,
  preset: string | undefined,
  options: TrainOptions,
  io: Io,
): Promise<CommandResult> {
  if (options.resume !== undefined) {
    throw new ConfigError('command line: --dry-run is for a run that has not begun; leave out --resume');
  }
  const given = await asked(command, preset, options);
  const session = await open(given, options, io);
  return dryRun(session);
}

async function begin(
  command: TrainingCommand,
  preset: string | undefined,
  options: TrainOptions,
  io: Io,
): Promise<Started> {
  const given = await asked(command, preset, options);
  const { config, loss } = given;
  const session = await open(given, options, io);
  const name = command === 'run' ? config.preset : `${config.preset}-${command}`;
  const run = await RunDirectory.create(options.runs ?? 'runs', name);
  session.progress.line(`Writing to ${run.path}; training samples by class: ${countsText(session.experiment.counts)}.`);
  await run.write('config.yaml', configText(config));
  await run.writeJson('env.json', { ...startOf(io), resumed: [] });
  if (loss) await run.writeJson('loss.json', loss.file);
  await session.saveEvaluations(run);
  // From here on there is always something to resume from.
  await session.save(run);
  return { session, run, config };
}

/** Numbers instead of the name of a file: config.yaml then says where the search began, whatever becomes of the file. */
export async function withStart<O extends { readonly start?: string }>({
  start,
  ...options
}: O): Promise<Omit<O, 'start'> & Pick<ConfigOptions, 'start'>> {
  if (start === undefined) return options;
  return { ...options, start: start.endsWith('.json') ? lossTables(await readLossFile(start)) : start };
}

async function resume(
  command: TrainingCommand,
  preset: string | undefined,
  folder: string,
  options: TrainOptions,
  io: Io,
): Promise<Started> {
  const own = ['quick', 'config', 'seed', 'methods', 'epochs', 'start', 'loss', 'runs'] as const;
  const given = own.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw new ConfigError(`command line: --resume goes on with the settings of its run; leave out --${given}`);
  }
  const run = await RunDirectory.open(folder);
  const source = join(folder, CHECKPOINT);
  const checkpoint = await readCheckpoint(run, source);
  if (checkpoint.command !== command) {
    throw new ConfigError(
      `command line: ${folder} is a run of "${checkpoint.command}", not of "${command}"; ` +
        `use ${io.invocation} ${checkpoint.command} --resume ${shellWord(folder)}`,
    );
  }
  await requireUnchanged(run, folder, checkpoint.config);
  const saved = { source, value: { ...checkpoint.config } };
  const { dataDir } = options;
  const config = resolveConfig(preset, [saved], dataDir === undefined ? {} : { dataDir });
  const session = await open({ command, config }, options, io);
  await session.restore(run, checkpoint, source);
  await run.removeLeftovers();
  await noteResumption(run, io);
  session.progress.line(`Going on in ${run.path}.`);
  return { session, run, config };
}

async function readCheckpoint(run: RunDirectory, source: string): Promise<Checkpoint> {
  try {
    return decodeCheckpoint(await run.read(CHECKPOINT), source);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new FileError(`${error.message} A run directory to resume holds ${CHECKPOINT}.`, { cause: error });
  }
}

/** config.yaml is what people read; if it no longer says what the run does, someone expects something else of it. */
async function requireUnchanged(run: RunDirectory, folder: string, config: RunConfig): Promise<void> {
  const source = join(folder, 'config.yaml');
  const file = parseConfig(new TextDecoder().decode(await run.read('config.yaml')), source);
  // The data may have moved; the fingerprint tells whether it is the same.
  const { dataDir } = config;
  if (isDeepStrictEqual({ ...resolveConfig(undefined, [file]), dataDir }, config)) return;
  throw new ConfigError(
    `${source}: was changed after the run began; undo the change to resume, or start a new run with --config ${shellWord(source)}`,
  );
}

const startOf = (io: Io) => ({
  ...environment(),
  commandLine: [io.invocation, ...io.args.map(shellWord)].join(' '),
  startedAt: new Date().toISOString(),
});

async function noteResumption(run: RunDirectory, io: Io): Promise<void> {
  // Only a record: a run goes on without it.
  const before = await run.readJson('env.json').catch(() => undefined);
  const first = isRecord(before) ? before : {};
  const resumed = Array.isArray(first.resumed) ? first.resumed : [];
  await run.writeJson('env.json', { ...first, resumed: [...resumed, startOf(io)] });
}

async function open(given: Asked, { json, checkpointEvery }: TrainOptions, io: Io): Promise<Session> {
  const notice = fallbackNotice();
  if (notice !== undefined) io.err(`${notice}\n`);
  const data = await loadData(given.config);
  return new Session({ ...given, data, io, live: io.columns !== undefined && !json, checkpointEvery });
}

function interrupted(command: TrainingCommand, run: RunDirectory, signal: InterruptSignal, io: Io): CommandResult {
  const resume = `${io.invocation} ${command} --resume ${shellWord(run.path)}`;
  return {
    exitCode: exitCodeOf(signal),
    text: `Interrupted and saved. To go on:\n  ${resume}\n`,
    json: { interrupted: signal, runDirectory: run.path, resume },
  };
}

async function finished(
  command: TrainingCommand,
  { experiment, evaluations }: Session,
  run: RunDirectory,
  config: RunConfig,
): Promise<CommandResult> {
  const summary = summarise(config, experiment, currentBackend().name);
  await run.writeJson('summary.json', summary);
  await writeRunReport(run);
  const groups = groupText(evaluations, experiment.test.dataset.classNames);
  return {
    exitCode: EXIT.ok,
    text: `\n${summaryText(command, summary)}\n${groups}\nEverything is in ${run.path}.\n`,
    json: { ...summary, runDirectory: run.path },
  };
}

/** Methods that are shown class by class. */
const MOST_COLUMNS = 4;

export function summaryText(
  command: TrainingCommand,
  { dataset, seed, classCounts, methods, learned, hypergradient }: Summary,
): string {
  const rows = Object.entries(methods).map(([name, errors]) => ({ name, ...errors }));
  // Side by side, more would not fit into a terminal: then only the last is shown by class, and all by their sums.
  const tooManyClasses = classCounts.length > MOST_CLASSES;
  const many = rows.length > MOST_COLUMNS || (tooManyClasses && rows.length > 0);
  const byClass = many ? rows.slice(-1) : rows;
  const table = tooManyClasses
    ? `${countsText(classCounts)}: report.html has them one by one.`
    : classTable({ counts: classCounts, methods: byClass, ...(learned && { learned }) });
  const title = command === 'search' ? 'learned loss by class' : 'test error by class in percent';
  const solves = Object.entries(hypergradient.counts).flatMap(([status, count]) => Array<string>(count).fill(status));
  return [
    `${dataset}, seed ${seed}: ${title}`,
    ...(many ? [methodTable(rows)] : []),
    table,
    ...(learned?.augmentation ? [augmentationText(learned.augmentation)] : []),
    ...(solves.length > 0 ? [`${solves.length} hypergradients: ${tally(solves)}.`] : []),
  ].join('\n');
}
