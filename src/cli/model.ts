import { trainingSamples } from '../autobalance/index.js';
import { type Dataset, encodeTable, type InputOf } from '../data/index.js';
import { type Model, type ModelInput, namedModel } from '../nn/index.js';
import type { LoadedData } from './data.js';
import type { RunConfig } from './schema.js';

/** A model of the registry for whatever data there is: only it looks into its parameters and state. */
export type AnyModel = Model<unknown, unknown, InputOf<Dataset>>;

/** What a model must know of the data; of a table that is what was met in the training samples. */
function inputOf(config: RunConfig, { train }: Pick<LoadedData, 'train'>): ModelInput {
  if (train.kind !== 'table') return { kind: 'images', imageShape: train.imageShape };
  const { features, vocabularySizes } = encodeTable(train, trainingSamples(train, config));
  return { kind: 'table', numeric: features.length, categories: vocabularySizes };
}

/** The network that the settings name. @throws {ConfigError|ShapeError} if it does not fit the data. */
export function modelFor(config: RunConfig, data: Pick<LoadedData, 'train'>): AnyModel {
  const { name, ...options } = config.model;
  return namedModel(name, inputOf(config, data), { ...options, classes: data.train.classes }) as AnyModel;
}
