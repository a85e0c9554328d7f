import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { currentBackend } from '../backends/index.js';
import { RunDirectory } from '../data/index.js';
import { DataError, NumericError } from '../ir/index.js';
import { type CellResult, type FigureName, figureNames, figureValues } from '../report/comparison.js';
import { CHECKPOINT, decodeCheckpoint } from './checkpoint.js';
import type { PlannedCell } from './comparison-plan.js';
import { configText } from './config.js';
import type { InterruptSignal } from './interrupt.js';
import { readIfThere } from './run-files.js';
import type { Session } from './session.js';
import { summarise } from './summary.js';
import { validate } from './validate.js';

/** Written last: a cell that has it is done. */
const RESULT = 'result.json';

const outcome = z.strictObject({
  figures: z
    .strictObject(
      Object.fromEntries(figureNames.map((name) => [name, z.number().nullable()])) as {
        [F in FigureName]: z.ZodNullable<z.ZodNumber>;
      },
    )
    .nullable(),
  seconds: z.number(),
  failure: z.string().exactOptional(),
});

/** By method. */
const schema = z.record(z.string(), outcome);
type Outcomes = z.infer<typeof schema>;

const resultsOf = ({ scenarios, methods, seed }: PlannedCell, outcomes: Outcomes): CellResult[] =>
  scenarios.flatMap((scenario) =>
    methods.flatMap((method) => (outcomes[method] ? [{ scenario, method, seed, ...outcomes[method] }] : [])),
  );

/** The results of a cell that is done; `undefined` of one that is not. */
export async function readCell(folder: string, cell: PlannedCell): Promise<CellResult[] | undefined> {
  const run = await RunDirectory.open(folder).catch(() => undefined);
  if (!run || !(await readIfThere(run, RESULT))) return undefined;
  const outcomes = validate(schema, await run.readJson(RESULT), {
    source: join(folder, RESULT),
    kind: DataError,
    remedy: () => 'remove the file, and the cell is trained again',
  });
  return resultsOf(cell, outcomes);
}

/**
 * Trains a cell in its folder, from where it was left if it was begun. A training that diverges is a result too: it does not stop the others.
 * @returns the results of its methods, or the signal that interrupted it
 */
export async function runCell(
  folder: string,
  cell: PlannedCell,
  session: Session,
): Promise<CellResult[] | InterruptSignal> {
  await mkdir(folder, { recursive: true });
  const run = await RunDirectory.open(folder);
  const saved = await readIfThere(run, CHECKPOINT);
  if (saved) {
    const source = join(folder, CHECKPOINT);
    await session.restore(run, decodeCheckpoint(saved, source), source);
    await run.removeLeftovers();
  } else {
    await run.write('config.yaml', configText(cell.config));
    await session.saveEvaluations(run);
    await session.save(run);
  }
  const outcomes = await workOn(run, cell, session);
  if (typeof outcomes === 'string') return outcomes;
  await run.writeJson(RESULT, outcomes);
  return resultsOf(cell, outcomes);
}

async function workOn(
  run: RunDirectory,
  { config, methods }: PlannedCell,
  session: Session,
): Promise<Outcomes | InterruptSignal> {
  const { experiment, progress } = session;
  let failure: string | undefined;
  try {
    const signal = await session.work(run);
    if (signal) return signal;
    await run.writeJson('summary.json', summarise(config, experiment, currentBackend().name));
  } catch (error) {
    if (!(error instanceof NumericError)) throw error;
    failure = error.message;
    progress.line(`${progress.label}failed: ${failure}`);
  }
  const entries = methods.map((method) => {
    const result = experiment.results.get(method);
    return [
      method,
      result
        ? { figures: figureValues(session.evaluationOf(method)), seconds: result.seconds }
        : { figures: null, seconds: 0, failure: failure ?? 'it gave no result' },
    ] as const;
  });
  return Object.fromEntries(entries);
}
