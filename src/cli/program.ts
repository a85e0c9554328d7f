import { Command, CommanderError } from 'commander';
import { classMethods, fixedLosses, presets } from '../autobalance/index.js';
import { formats } from '../data/index.js';
import { ConfigError } from '../ir/index.js';
import { figureNames } from '../report/comparison.js';
import type { TrainingCommand } from './checkpoint.js';
import { type CompareOptions, compare } from './commands/compare.js';
import { type DescribeDataOptions, describeData } from './commands/data.js';
import { type EvaluateOptions, evaluateWeights } from './commands/evaluate.js';
import { type ExportOptions, exportLoss, exportTargets } from './commands/export.js';
import { type InfoOptions, info } from './commands/info.js';
import { type ReportOptions, report } from './commands/report.js';
import { type TrainOptions, train } from './commands/train.js';
import { reportError } from './errors.js';
import type { CommandResult, Io } from './io.js';
import { packageVersion } from './package.js';

type Finish = (result: Promise<CommandResult>) => Promise<void>;

/** An option's whole number. */
const integer =
  (option: string, least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new ConfigError(`--${option}: must be an integer of at least ${least}, got ${JSON.stringify(text)}`);
  };

const seconds = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new ConfigError(
    `--checkpoint-every: must be a number of seconds that is not negative, got ${JSON.stringify(text)}`,
  );
};

const names = (text: string): string[] => text.split(',').map((name) => name.trim());

/** What every command takes. */
const withCommon = (command: Command): Command =>
  command
    .option('--seed <n>', 'fixes initial weights, order of samples and split', integer('seed', 0))
    .option('--config <file>', 'YAML with settings to change; unknown keys are errors')
    .option('--json', 'print exactly one JSON object on standard output, progress on standard error');

const withData = (command: Command): Command =>
  command.option('--data-dir <dir>', 'folder of the data; `data describe --help` says what each format holds');

const withTraining = (command: Command): Command =>
  withData(command)
    .option('--quick', 'settings of the preset for a small machine: less data, a smaller network, fewer epochs')
    .option('--runs <dir>', 'folder in which the run directory is made (default: runs)')
    .option('--epochs <n>', 'epochs of training; scales the whole schedule, the search included', integer('epochs', 1))
    .option('--start <loss>', `where the search starts: ${Object.keys(fixedLosses).join(', ')}, or a loss.json`)
    .option('--resume <rundir>', 'go on with an interrupted run, with its own settings')
    .option('--checkpoint-every <seconds>', 'time between two checkpoints', seconds, 30)
    .option('--live', 'serve the page of the run on this machine while it goes on')
    .option('--live-port <n>', 'port of the live page (default: any free one)', integer('live-port', 1));

const withPlan = (command: Command): Command =>
  command.option('--dry-run', 'print the plan, with an estimate of memory and time from a short probe, and stop');

const presetText = (): string =>
  `\nPresets:\n${Object.values(presets)
    .map(({ name, description }) => `  ${name.padEnd(18)}${description}\n`)
    .join('')}`;

const formatText = (): string =>
  `\nFormats, and what the folder holds:\n${Object.entries(formats)
    .map(([name, { holds }]) => `  ${name.padEnd(18)}${holds}\n`)
    .join('')}`;

/** The commands. A finished one hands its result to `finish`. */
export function buildProgram(io: Io, finish: Finish): Command {
  const program = new Command('autobalance')
    .description('Learn the training loss for imbalanced data, and compare it with fixed ones.')
    .version(packageVersion());
  const trains =
    (command: TrainingCommand) =>
    (preset: string | undefined, options: TrainOptions): Promise<void> =>
      finish(train(command, preset, options, io));

  withCommon(
    withPlan(
      withTraining(
        program
          .command('run')
          .description('train by every method, learning a loss on the way, and compare them on the test set')
          .argument('[preset]', 'what to run; not needed with --resume')
          .option('--methods <list>', `separated by commas, or all: ${classMethods.join(',')}`, names),
      ),
    ),
  )
    .addHelpText('after', presetText)
    .action(trains('run'));

  withCommon(
    withPlan(
      withTraining(
        program
          .command('search')
          .description('only learn a loss: writes loss.json')
          .argument('[preset]', 'what to learn it on; not needed with --resume'),
      ),
    ),
  )
    .addHelpText('after', presetText)
    .action(trains('search'));

  withCommon(
    withPlan(
      withTraining(
        program
          .command('retrain')
          .description('train under a learned loss and evaluate on the test set')
          .argument('[preset]', 'what to train on; not needed with --resume')
          .option('--loss <file>', 'loss.json of a search; needed unless --resume is given'),
      ),
    ),
  )
    .addHelpText('after', presetText)
    .action((preset: string | undefined, options: TrainOptions) => {
      if (options.loss === undefined && options.resume === undefined) {
        throw new ConfigError('retrain: needs a learned loss; name the loss.json of a search with --loss FILE');
      }
      return trains('retrain')(preset, options);
    });

  withCommon(
    withTraining(
      program
        .command('compare')
        .description('train every method with several seeds and compare them in pairs: one table, one page')
        .argument('[preset]', 'what to compare them on (default: mnist-lt); not needed with --resume')
        .option('--preset <name>', 'the same')
        .option('--methods <list>', `separated by commas: all,${classMethods.join(',')} (default: all)`, names)
        .option('--seeds <n>', 'how many seeds, counted up from --seed (default: 5)', integer('seeds', 1))
        .option('--vary <key=values>', 'compare under each value of a setting, e.g. longTail.imbalance=10,100,200')
        .option('--figure <name>', `what to compare by: ${figureNames.join(', ')} (default: balancedError)`)
        .option('--against <method>', 'what the others are held against (default: autobalance)'),
    ),
  )
    .addHelpText('after', presetText)
    .action((preset: string | undefined, options: CompareOptions) => finish(compare(preset, options, io)));

  withCommon(
    withData(
      program
        .command('evaluate')
        .description('errors of saved weights on the test set')
        .argument('[preset]', 'whose test set; by default that of the weights')
        .requiredOption('--weights <file>', 'weights.safetensors of a run')
        .option('--method <name>', 'only this one of the networks in the file'),
    ),
  )
    .addHelpText('after', presetText)
    .action((preset: string | undefined, options: EvaluateOptions) => finish(evaluateWeights(preset, options, io)));

  program
    .command('report')
    .description('write the page of a run: one HTML file, which needs no network')
    .argument('<rundir>', 'a run directory; the run may still go on')
    .option('--out <file>', 'where to write it (default: report.html in the run directory)')
    .option('--json', 'print exactly one JSON object on standard output')
    .action((folder: string, options: ReportOptions) => finish(report(folder, options)));

  const data = program.command('data').description('look at a data set');
  data
    .command('describe')
    .description('counts by class and by group, imbalance, missing values, and warnings')
    .argument('<what>', 'a preset, whose long tail is cut, or a format, read as it is')
    .option('--data-dir <dir>', 'folder of the data')
    .option('--schema <file>', 'what the columns of a table are (default: schema.yaml in the folder)')
    .option('--group <columns>', 'also count by a product of group columns, such as sex×race or sex*race')
    .option('--config <file>', 'YAML with settings of the preset to change')
    .option('--json', 'print exactly one JSON object on standard output')
    .addHelpText('after', `${presetText()}${formatText()}`)
    .action((what: string, options: DescribeDataOptions) => finish(describeData(what, options)));

  program
    .command('export')
    .description('write a learned loss as code, or a model, that needs nothing of this package')
    .argument('<loss>', 'loss.json of a search')
    .requiredOption('--to <target>', `one of ${exportTargets.join(', ')}`)
    .requiredOption('--out <file>', 'where to write it')
    .option('--json', 'print exactly one JSON object on standard output')
    .action((path: string, options: ExportOptions) => finish(exportLoss(path, options)));

  withCommon(
    program
      .command('info')
      .description('backends, which one runs and why the others do not, instruction set, versions'),
  ).action((options: InfoOptions) => finish(info(options)));

  const output = {
    writeOut: (text: string) => io.out(text),
    writeErr: (text: string) => io.err(text),
    outputError: () => {},
  };
  for (const command of [program, ...program.commands, ...data.commands])
    command.exitOverride().configureOutput(output);
  return program;
}

/** Runs the program and writes its result or error. @returns the exit code */
export async function runCli(io: Io): Promise<number> {
  // The command line itself may be what is wrong, so this cannot be left to its parser.
  const json = io.args.includes('--json');
  let exitCode = 0;
  const finish: Finish = async (promise) => {
    const result = await promise;
    exitCode = result.exitCode;
    io.out(json ? `${JSON.stringify(result.json)}\n` : result.text);
  };
  try {
    await buildProgram(io, finish).parseAsync(io.args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // --help and --version have written what they were asked for.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const report = reportError(error);
    // Commander has written the help instead of running nothing.
    if (!(error instanceof CommanderError && error.code === 'commander.help')) {
      io.err(`${report.code}: ${report.message}\n`);
    }
    if (json) io.out(`${JSON.stringify({ error: { code: report.code, message: report.message } })}\n`);
    if (process.env.AUTOBALANCE_DEBUG && error instanceof Error) io.err(`${error.stack}\n`);
    return report.exitCode;
  }
}
