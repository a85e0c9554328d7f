import { z } from 'zod';
import type { RunDirectory, Source } from '../data/index.js';
import { DataError } from '../ir/index.js';
import { type Evaluation, evaluateLogits } from '../metrics/index.js';
import { validate } from './validate.js';

export const EVALUATION = 'evaluation.json';

// What is NaN in memory is null in the file.
const figure = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const count = z.number().int().min(0);
const names = z.array(z.string());

const calibration = z.strictObject({
  expectedError: figure,
  bins: z.array(z.strictObject({ low: figure, high: figure, count: figure, confidence: figure, accuracy: figure })),
});
const probabilityScores = { logLoss: figure, brier: figure, calibration };
const shot = z.strictObject({ classes: z.array(count), accuracy: figure });
const cell = z.strictObject({
  class: count,
  group: count,
  samples: figure,
  error: figure,
  tooFew: z.boolean(),
});

// Keys in the order in which they are written, so that what is read and written again is the same file.
const figures = {
  classError: z.array(figure),
  balancedError: figure,
  error: figure,
  areaUnderCurve: figure,
  ...probabilityScores,
  shots: z.strictObject({ many: shot, medium: shot, few: shot }).exactOptional(),
  groups: z
    .strictObject({
      names,
      cells: z.array(cell),
      groupError: z.array(figure),
      groupBalancedError: figure,
      worst: cell,
      deo: figure,
      equalizedOdds: figure,
      demographicParity: figure,
    })
    .exactOptional(),
};

const evaluation = z.strictObject({
  samples: count,
  classes: count,
  classCounts: z.array(count),
  ...figures,
  classInterval: z.array(z.tuple([figure, figure])),
  tooFew: z.array(count),
  confusion: z.array(z.array(figure)).exactOptional(),
  adjusted: z.strictObject(figures).exactOptional(),
  scaled: z.strictObject({ temperatures: z.tuple([figure, figure]), ...probabilityScores }),
  intervals: z.record(
    z.string(),
    z.strictObject({
      estimate: figure,
      low: figure,
      high: figure,
      standardError: figure,
      kind: z.enum(['bca', 'percentile', 'constant']),
    }),
  ),
}) satisfies z.ZodType<Evaluation>;

/** What evaluation.json holds: everything that is known of each method on the test set. */
export interface EvaluationFile {
  readonly dataset: string;
  readonly seed: number;
  /** Training samples of each class. */
  readonly classCounts: readonly number[];
  readonly classNames: readonly string[];
  /** By method. */
  readonly evaluations: Readonly<Record<string, Evaluation>>;
}

const schema = z.strictObject({
  dataset: z.string(),
  seed: count,
  classCounts: z.array(count),
  classNames: names,
  evaluations: z.record(z.string(), evaluation),
}) satisfies z.ZodType<EvaluationFile>;

/** As files and programs get it: `null` for what JSON has no number for. */
export const plainJson = (value: object): object => JSON.parse(JSON.stringify(value)) as object;

export const writeEvaluations = (run: RunDirectory, file: EvaluationFile): Promise<void> =>
  run.writeJson(EVALUATION, plainJson(file));

/** @throws {FileError} if it cannot be read; {DataError} if it is not what {@link writeEvaluations} writes. */
export async function readEvaluations(run: RunDirectory): Promise<EvaluationFile> {
  return validate(schema, await run.readJson(EVALUATION), {
    source: `${run.path}/${EVALUATION}`,
    kind: DataError,
    remedy: () => 'the file is damaged or of another version: run the method again',
  });
}

/**
 * The evaluation of a method on the test set, also by groups if there is more than one.
 * @param logits f32 [N, K]
 */
export const evaluateOn = (
  { dataset: { labels, classes }, group: { names, values } }: Pick<Source, 'dataset' | 'group'>,
  logits: Float32Array,
  { counts, seed }: { readonly counts: readonly number[]; readonly seed: number },
): Evaluation =>
  evaluateLogits(logits, labels, classes, {
    trainCounts: counts,
    seed,
    ...(names.length > 1 && { groups: { names, values } }),
  });
