import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { currentBackend } from '../backends/index.js';
import { RunDirectory } from '../data/index.js';
import { DataError, NumericError } from '../ir/index.js';
import {
  type CellResult,
  type FigureName,
  type FigureValues,
  figureNames,
  figureValues,
} from '../report/comparison.js';
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

const schema = z.strictObject({
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

/** The result of a cell that is done; `undefined` of one that is not. */
export async function readCell(
  folder: string,
  { scenario, method, seed }: PlannedCell,
): Promise<CellResult | undefined> {
  const run = await RunDirectory.open(folder).catch(() => undefined);
  if (!run || !(await readIfThere(run, RESULT))) return undefined;
  const result = validate(schema, await run.readJson(RESULT), {
    source: join(folder, RESULT),
    kind: DataError,
    remedy: () => 'remove the file, and the cell is trained again',
  });
  return { scenario, method, seed, ...result };
}

/**
 * Trains a cell in its folder, from where it was left if it was begun. A training that diverges is a result too: it does not stop the others.
 * @returns the result, or the signal that interrupted it
 */
export async function runCell(
  folder: string,
  cell: PlannedCell,
  session: Session,
): Promise<CellResult | InterruptSignal> {
  await mkdir(folder, { recursive: true });
  const run = await RunDirectory.open(folder);
  const saved = await readIfThere(run, CHECKPOINT);
  if (saved) {
    const source = join(folder, CHECKPOINT);
    await session.restore(run, decodeCheckpoint(saved, source), source);
  } else {
    await run.write('config.yaml', configText(cell.config));
    await session.saveEvaluations(run);
    await session.save(run);
  }
  const outcome = await workOn(run, cell, session);
  if (typeof outcome === 'string') return outcome;
  await run.writeJson(RESULT, outcome);
  const { scenario, method, seed } = cell;
  return { scenario, method, seed, ...outcome };
}

type Outcome = { figures: FigureValues | null; seconds: number; failure?: string };

async function workOn(
  run: RunDirectory,
  { config, method }: PlannedCell,
  session: Session,
): Promise<Outcome | InterruptSignal> {
  const { experiment } = session;
  try {
    const signal = await session.work(run);
    if (signal) return signal;
  } catch (error) {
    if (!(error instanceof NumericError)) throw error;
    session.progress.line(`${session.progress.label}${method} failed: ${error.message}`);
    return { figures: null, seconds: 0, failure: error.message };
  }
  await run.writeJson('summary.json', summarise(config, experiment, currentBackend().name));
  return { figures: figureValues(session.evaluationOf(method)), seconds: experiment.results.get(method)!.seconds };
}
