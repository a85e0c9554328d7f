import { z } from 'zod';
import type { ExperimentSettings, MethodName } from '../autobalance/index.js';
import { fixedLosses, objectives } from '../autobalance/index.js';
import { type Sampling, samplings } from '../data/index.js';

const list = (names: readonly string[]): string => names.join(', ');

/** The message of every rule completes "KEY …". */
const number = (rule: string, test: (value: number) => boolean) =>
  z.number({ error: `must be ${rule}` }).refine((value) => test(value), { error: `must be ${rule}` });
const integer = (least: number) =>
  number(`an integer of at least ${least}`, (value) => Number.isSafeInteger(value) && value >= least);
const positive = number('a positive number', (value) => value > 0);
const notNegative = number('a number that is not negative', (value) => value >= 0);
const fraction = number('a number between 0 and 1, both excluded', (value) => value > 0 && value < 1);
const momentum = number('a number from 0 to below 1', (value) => value >= 0 && value < 1);
const choice = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `must be one of ${list(names)}` });
const set = <S extends z.ZodType>(item: S, what: string) =>
  z
    .array(item, { error: `must be a list of ${what}` })
    .min(1, { error: `must name at least one of ${what}` })
    .refine((items) => new Set(items).size === items.length, { error: 'must not name anything twice' })
    .readonly();
const orAuto = (schema: z.ZodType<number>, rule: string) =>
  z.union([schema, z.literal('auto')], { error: `must be ${rule} or auto` });
const section = <S extends z.core.$ZodLooseShape>(shape: S) =>
  z.strictObject(shape, { error: 'must be a section with keys of its own' });

const fixedNames = Object.keys(fixedLosses) as [keyof typeof fixedLosses, ...(keyof typeof fixedLosses)[]];
const objectiveNames = Object.keys(objectives) as [keyof typeof objectives, ...(keyof typeof objectives)[]];
export const methodNames = [...fixedNames, 'autobalance'] as [MethodName, ...MethodName[]];

const training = section({
  epochs: integer(1),
  batchSize: integer(1),
  learningRate: positive,
  momentum,
  weightDecay: notNegative,
  warmupEpochs: integer(0),
  milestones: z.array(fraction, { error: 'must be a list of numbers' }).readonly(),
  decayFactor: positive,
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
  outerBatches: integer(1),
  method,
  spectrumInterval: integer(1),
  learningRate: positive,
  deltaRate: positive,
  clip: positive,
  objective: choice(objectiveNames),
  parametrisation: choice(['identity', 'sigmoid', 'softplus']),
  learn: set(choice(['delta', 'iota']), 'delta, iota'),
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
  workers: integer(0).exactOptional(),
  sampling: choice(samplingNames).exactOptional(),
});

/** A whole run as config.yaml holds it: the preset with everything that was changed. */
export const runConfigSchema = section({
  preset: z.string({ error: 'must be the name of a preset' }),
  dataDir: z.union([z.string().min(1), z.null()], {
    error: 'must be a folder, or null for the data that comes with npm',
  }),
  seed: integer(0),
  methods: set(choice(methodNames), list(methodNames)),
  model: section({
    channels: z
      .array(integer(1), { error: 'must be a list of integers' })
      .min(1, { error: 'must not be empty' })
      .readonly(),
  }),
  longTail: section({
    n0: integer(1),
    imbalance: number('a number of at least 1', (value) => value >= 1),
  }).nullable(),
  data: data.exactOptional(),
  training,
  search,
  searchEpochs: integer(1),
  validationFraction: fraction,
  start: choice(fixedNames),
}) satisfies z.ZodType<ExperimentSettings>;
export type RunConfig = z.infer<typeof runConfigSchema>;

const numbers = z.array(z.number({ error: 'must be a finite number' }), { error: 'must be a list of numbers' });

/** What loss.json holds. */
export const lossFileSchema = section({
  parametrisation: choice(['identity', 'sigmoid', 'softplus']),
  classCounts: z.array(integer(1), { error: 'must be a list of integers' }).min(1, { error: 'must not be empty' }),
  delta: numbers,
  iota: numbers,
  weight: z.array(notNegative, { error: 'must be a list of numbers' }),
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
  learned: section({ delta: numbers, iota: numbers }).nullable(),
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
