import { ConfigError, type Value } from '../ir/index.js';
import { bottleneckResNet } from './bottleneck-resnet.js';
import { mlp, type TableBatch } from './mlp.js';
import type { Model } from './model.js';
import type { ImageShape } from './require.js';
import { resNet } from './resnet.js';
import { smallCnn } from './small-cnn.js';

/** What a data set consists of, as far as a model must know. */
export type ModelInput =
  | { readonly kind: 'images'; readonly imageShape: ImageShape }
  | {
      readonly kind: 'table';
      /** Numeric columns. */
      readonly numeric: number;
      /** How many categories each categorical column has. */
      readonly categories: readonly number[];
    };
export type InputKind = ModelInput['kind'];

/** What a configuration can say about a model besides its name; which of these a model has, its entry says. */
export interface ModelOptions {
  /** Filters of each block or stage. */
  readonly channels?: readonly number[];
  /** Units of each hidden layer. */
  readonly hidden?: readonly number[];
  /** Dimensions of every embedding, or of each one. */
  readonly embedding?: number | readonly number[];
}

/** What a model of the registry reads: images [N, H, W, C], or the columns of a table. */
type InputOf<K extends InputKind> = K extends 'images' ? Value : TableBatch;
/** Parameters and state are trees that only the model itself looks into. */
export type NamedModel<K extends InputKind> = Model<unknown, unknown, InputOf<K>>;

const reads: Readonly<Record<InputKind, string>> = { images: 'images', table: 'tables' };

interface Entry<K extends InputKind> {
  readonly input: K;
  readonly options: readonly (keyof ModelOptions)[];
  make(input: Extract<ModelInput, { kind: K }>, classes: number, options: ModelOptions): NamedModel<K>;
}

const smallImageResNet = (depth: number): Entry<'images'> => ({
  input: 'images',
  options: ['channels'],
  make: ({ imageShape }, classes, options) => resNet({ ...options, depth, imageShape, classes }),
});

const entries = {
  'small-cnn': {
    input: 'images',
    options: ['channels'],
    make: ({ imageShape }, classes, options) => smallCnn({ ...options, imageShape, classes }),
  } satisfies Entry<'images'>,
  'resnet-20': smallImageResNet(20),
  'resnet-32': smallImageResNet(32),
  'resnet-44': smallImageResNet(44),
  'resnet-56': smallImageResNet(56),
  'resnet-110': smallImageResNet(110),
  'resnet-50': {
    input: 'images',
    options: ['channels'],
    make: ({ imageShape }, classes, options) => bottleneckResNet({ ...options, imageShape, classes }),
  } satisfies Entry<'images'>,
  mlp: {
    input: 'table',
    options: ['hidden', 'embedding'],
    make: ({ numeric, categories }, classes, options) => mlp({ ...options, numeric, categories, classes }),
  } satisfies Entry<'table'>,
} as const;

export type ModelName = keyof typeof entries;

/** Every name that configurations may use. */
export const modelNames = Object.keys(entries) as [ModelName, ...ModelName[]];

/** What a model of that name reads, and the options it has. @throws {ConfigError} if there is none of that name. */
export function modelKind(name: string): {
  readonly input: InputKind;
  readonly options: readonly (keyof ModelOptions)[];
} {
  const entry = Object.hasOwn(entries, name) ? entries[name as ModelName] : undefined;
  if (!entry)
    throw new ConfigError(`model: there is no ${JSON.stringify(name)}; choose one of ${modelNames.join(', ')}`);
  return entry;
}

/**
 * The model that a configuration names, for data of that kind.
 * @throws {ConfigError} if there is none of that name, if it reads another kind of data or has not one of the options, or on options out of
 *   range; {ShapeError} on images that it cannot take.
 */
export function namedModel<I extends ModelInput>(
  name: string,
  input: I,
  { classes, ...options }: ModelOptions & { readonly classes: number },
): NamedModel<I['kind']> {
  const entry = modelKind(name) as Entry<InputKind>;
  if (entry.input !== input.kind) {
    const fitting = modelNames.filter((other) => entries[other].input === input.kind);
    throw new ConfigError(
      `model: ${name} reads ${reads[entry.input]}, not ${reads[input.kind]}; choose one of ${fitting.join(', ')}`,
    );
  }
  const odd = Object.keys(options).find((option) => !(entry.options as readonly string[]).includes(option));
  if (odd !== undefined) {
    throw new ConfigError(`model: ${name} has no option ${odd}; it has ${entry.options.join(', ')}`);
  }
  return entry.make(input, classes, options) as NamedModel<I['kind']>;
}
