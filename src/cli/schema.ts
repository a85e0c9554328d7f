import { z } from 'zod';
import type { BaselineName, ExperimentSettings, ObjectiveSetting, Table } from '../autobalance/index.js';
import { baselineNames, baselines, fixedLosses, methodNames, objectiveNames } from '../autobalance/index.js';
import { type Sampling, samplings } from '../data/index.js';
import { modelNames } from '../nn/index.js';
import { augmentationSearch, learnedAugmentation } from './augmentation-schema.js';
import {
  choice,
  fraction,
  integer,
  list,
  momentum,
  notNegative,
  number,
  orAuto,
  positive,
  section,
  set,
} from './rules.js';

const fixedNames = Object.keys(fixedLosses) as [keyof typeof fixedLosses, ...(keyof typeof fixedLosses)[]];

/** A list by class, or rows by class with a number for each group. @param rule what each number must be */
function table(test: (value: number) => boolean, rule: string): z.ZodType<Table> {
  const item = number(rule, test);
  const sameShape = (rows: readonly unknown[]): boolean => {
    const lengths = rows.map((row) => (Array.isArray(row) ? row.length : 0));
    return lengths.every((length) => length === lengths[0]);
  };
  return z
    .array(z.union([item, z.array(item).min(1)], { error: `must be ${rule}` }), { error: 'must be a list of numbers' })
    .readonly()
    .refine(sameShape, {
      error: 'must be a list of numbers, or of rows of equally many',
    }) as unknown as z.ZodType<Table>;
}
const finite = table(() => true, 'a finite number');
const weights = table((value) => value >= 0, 'a number that is not negative');

const share = number('a number from 0 to 1', (value) => value >= 0 && value <= 1);
const objectiveRule = `must be one of ${list(objectiveNames)}, or {name, temperature, calibrated}, {blend: [A, B], lambda} or {prior, of}`;
const objective: z.ZodType<ObjectiveSetting> = z.lazy(() =>
  z.union(
    [
      z.enum(objectiveNames),
      z.strictObject({
        name: z.enum(objectiveNames),
        temperature: positive.exactOptional(),
        calibrated: z.boolean().exactOptional(),
      }),
      z.strictObject({ blend: z.tuple([objective, objective]).readonly(), lambda: share }),
      z.strictObject({
        prior: z.union([z.literal('uniform'), z.array(notNegative).readonly()]),
        of: objective,
      }),
    ],
    { error: objectiveRule },
  ),
);

const anyNumber = z.number();

const startRule = `must be one of ${list(fixedNames)}, or {loss, tau, gamma}, or {delta, iota, weight}`;
const start = z.union(
  [
    z.enum(fixedNames),
    z.strictObject({ loss: z.enum(fixedNames), tau: anyNumber.exactOptional(), gamma: anyNumber.exactOptional() }),
    z.strictObject({ delta: finite, iota: finite, weight: weights }),
  ],
  { error: startRule },
);

/** Settings of each baseline that has some. */
const baselineSettings = section(
  Object.fromEntries(
    baselineNames.map((name: BaselineName) => {
      const known = Object.keys(baselines[name].settings);
      const value = z.number({ error: 'must be a number' });
      return [name, section(Object.fromEntries(known.map((key) => [key, value.exactOptional()]))).exactOptional()];
    }),
  ) as unknown as { [N in BaselineName]: z.ZodExactOptional<z.ZodType<Readonly<Record<string, number>>>> },
);

const training = section({
  epochs: integer(1),
  batchSize: integer(1),
  learningRate: positive,
  momentum,
  weightDecay: notNegative,
  warmupEpochs: integer(0),
  milestones: z.array(fraction, { error: 'must be a list of numbers' }).readonly(),
  decayFactor: positive,
  schedule: choice(['staircase', 'cosine']).exactOptional(),
});

const method = section({
  solver: choice(['neumann', 'cg', 'minres']),
  curvature: choice(['hessian', 'gauss-newton']).exactOptional(),
  iterations: integer(1),
  damping: orAuto(notNegative, 'a number that is not negative').exactOptional(),
  relativeDamping: notNegative.exactOptional(),
  stepSize: orAuto(positive, 'a positive number').exactOptional(),
  tolerance: notNegative.exactOptional(),
  lanczosSteps: integer(1).exactOptional(),
});

const search = section({
  warmupEpochs: integer(0),
  interval: integer(1),
  innerBatches: integer(1),
  mixedBatches: integer(1).exactOptional(),
  outerBatches: integer(1),
  method,
  spectrumInterval: integer(1),
  learningRate: orAuto(positive, 'a positive number'),
  deltaRate: positive,
  clip: positive,
  objective,
  parametrisation: choice(['identity', 'sigmoid', 'softplus']),
  /** May be empty where augmentation is learned. */
  learn: set(choice(['delta', 'iota', 'weight']), 'delta, iota, weight', 0),
  augmentation: augmentationSearch.exactOptional(),
  by: choice(['class', 'group', 'class-group']).exactOptional(),
  clusters: z
    .union([z.strictObject({ size: integer(1) }), z.strictObject({ of: z.array(integer(0)).readonly() })], {
      error: 'must be {size: CLASSES} or {of: [CLUSTER OF EACH CLASS]}',
    })
    .exactOptional(),
  expansion: choice(['constant', 'interpolated']).exactOptional(),
  folds: integer(2).exactOptional(),
  patience: positive.exactOptional(),
  compat: choice(['reference']).exactOptional(),
});

const samplingNames = Object.keys(samplings) as [Sampling, ...Sampling[]];
const range = (what: string) => z.tuple([positive, positive], { error: `must be two numbers, ${what}` }).readonly();
const perChannel = z.array(z.number({ error: 'must be a number' }), { error: 'must be a list of numbers' }).readonly();

/** How the data is seen. */
const data = section({
  group: z.string({ error: 'must be the name of a group column, or a product such as sex×race' }).exactOptional(),
  augmentation: section({
    cropPadding: integer(0),
    flip: z.boolean({ error: 'must be true or false' }),
    resizedCrop: section({
      scale: range('the least and the largest share of the area'),
      ratio: range('the least and the largest width over height'),
    }).exactOptional(),
  }).exactOptional(),
  normalise: z
    .union([choice(['pixel', 'channel']), section({ mean: perChannel, std: perChannel })], {
      error: 'must be pixel, channel, or a section with mean and std',
    })
    .exactOptional(),
  side: number(
    'an integer from 1 to 4096',
    (value) => Number.isSafeInteger(value) && value >= 1 && value <= 4096,
  ).exactOptional(),
  share: number('a number above 0, at most 1', (value) => value > 0 && value <= 1).exactOptional(),
  workers: integer(0).exactOptional(),
  sampling: choice(samplingNames).exactOptional(),
});

/** Widths beyond this are mistakes, whose weights fit no memory. */
const width = number(
  'an integer from 1 to 65536',
  (value) => Number.isSafeInteger(value) && value >= 1 && value <= 65_536,
);
const sizes = z.array(width, { error: 'must be a list of integers' }).readonly();
const someSizes = z
  .array(width, { error: 'must be a list of integers' })
  .min(1, { error: 'must not be empty' })
  .readonly();

/** A model of the registry; which of the settings it has, its entry says. */
const model = section({
  name: choice(modelNames),
  channels: someSizes.exactOptional(),
  hidden: sizes.exactOptional(),
  embedding: z
    .union([width, sizes], { error: 'must be an integer from 1 to 65536, or a list of such' })
    .exactOptional(),
});

/** A whole run as config.yaml holds it: the preset with everything that was changed. */
export const runConfigSchema = section({
  preset: z.string({ error: 'must be the name of a preset' }),
  dataDir: z.union([z.string().min(1), z.null()], {
    error: 'must be a folder, or null for the data that comes with npm',
  }),
  seed: integer(0),
  methods: set(choice(methodNames), list(methodNames)),
  model,
  longTail: section({
    n0: integer(1),
    imbalance: number('a number of at least 1', (value) => value >= 1),
  }).nullable(),
  data: data.exactOptional(),
  training,
  search,
  searchEpochs: integer(1),
  validationFraction: fraction,
  start,
  baselines: baselineSettings.exactOptional(),
}) satisfies z.ZodType<ExperimentSettings>;
export type RunConfig = z.infer<typeof runConfigSchema>;

/**
 * What loss.json holds. Δ, ι and w are lists by class; where they differ between groups, a row for each class with a number for each group, or one
 * row if they differ between groups alone.
 */
export const lossFileSchema = section({
  parametrisation: choice(['identity', 'sigmoid', 'softplus']),
  classCounts: z.array(integer(1), { error: 'must be a list of integers' }).min(1, { error: 'must not be empty' }),
  /** What the groups are called, if a table has groups. */
  groups: z.array(z.string()).min(1).exactOptional(),
  /** For each class the number of the cluster whose values it shares. */
  clusters: z.array(integer(0)).exactOptional(),
  delta: finite,
  iota: finite,
  weight: weights,
  /** The augmentation that was learned with it. */
  augmentation: learnedAugmentation.exactOptional(),
});
export type LossFile = z.infer<typeof lossFileSchema>;

const errors = section({
  balancedError: z.number(),
  /** Share of wrong predictions over all test samples. */
  error: z.number(),
  /** `null` for a class without test samples. */
  classError: z.array(z.number().nullable()),
});

/** What summary.json holds; errors in percent. */
export const summarySchema = section({
  dataset: z.string(),
  seed: z.number(),
  backend: z.string(),
  classCounts: z.array(z.number()),
  methods: z.record(z.string(), errors.extend({ seconds: z.number() })),
  /** `null` if the run learned and was given no loss. */
  learned: section({
    delta: finite,
    iota: finite,
    weight: weights.exactOptional(),
    augmentation: learnedAugmentation.exactOptional(),
  }).nullable(),
  hypergradient: section({
    /** The worst that was met; `null` if none was taken. */
    status: z.enum(['converged', 'truncated', 'negative-curvature', 'diverged']).nullable(),
    /** How many ended in each. */
    counts: z.record(z.string(), z.number()),
    /** Relative residuals of the last one; `null` where not finite. */
    residuals: z.array(z.number().nullable()),
  }),
});
export type Summary = z.infer<typeof summarySchema>;

export const evaluationSchema = section({ dataset: z.string(), methods: z.record(z.string(), errors) });
export type Evaluation = z.infer<typeof evaluationSchema>;
