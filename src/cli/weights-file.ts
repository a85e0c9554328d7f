import { z } from 'zod';
import { type MethodName, methodNames, type Stage } from '../autobalance/index.js';
import { readFileOrThrow } from '../data/files.js';
import { decodeSafetensors } from '../data/index.js';
import { DataError } from '../ir/index.js';
import { encodeArrays, type NamedArrays, requireFinite } from './arrays.js';
import type { ConfigFile } from './config.js';
import type { RunConfig } from './schema.js';
import { isRecord, validate } from './validate.js';

export const WEIGHTS = 'weights.safetensors';
const ENTRY = 'autobalance.model';

/** A trained network of a file. */
export interface StoredModel {
  /** The method, or `autobalance-search` for the network that the search itself trained. */
  readonly name: string;
  readonly method: MethodName;
  /** What the names of its arrays begin with. */
  readonly prefix: string;
}

export interface WeightsFile {
  readonly arrays: NamedArrays;
  readonly models: readonly StoredModel[];
  /** The settings that the network and its normalisation depend on; absent if another program wrote the file. */
  readonly config?: ConfigFile;
}

/**
 * The settings without which weights cannot be used: preset, network, what the normalisation was measured on and how, and the scale of LDAM's
 * classifier.
 */
export function encodeWeights(
  arrays: NamedArrays,
  { preset, model, longTail, data, baselines }: RunConfig,
): Uint8Array {
  return encodeArrays(arrays, { [ENTRY]: JSON.stringify({ preset, model, longTail, data, baselines }) });
}

const entrySchema = z.strictObject({
  preset: z.string(),
  model: z.record(z.string(), z.unknown()),
  longTail: z.record(z.string(), z.unknown()).nullable(),
  data: z.record(z.string(), z.unknown()).exactOptional(),
  baselines: z.record(z.string(), z.unknown()).exactOptional(),
});

const kinds: readonly Stage['kind'][] = ['train', 'search', 'retrain', 'adjust', 'classifier'];
const known = methodNames.flatMap((method: MethodName) => kinds.map((kind) => ({ method, kind })));
const prefixOf = ({ method, kind }: Stage): string => `${method}.${kind}`;

/** @throws {FileError} if it cannot be read; {DataError} if it is damaged or holds no networks of this program; {NumericError} on NaN. */
export async function readWeights(path: string): Promise<WeightsFile> {
  const { tensors, metadata } = decodeSafetensors(await readFileOrThrow(path), path);
  const stages = known.filter((stage) => Object.keys(tensors).some((name) => name.startsWith(`${prefixOf(stage)}.`)));
  const foreign = Object.keys(tensors).find((name) => !stages.some((stage) => name.startsWith(`${prefixOf(stage)}.`)));
  if (foreign !== undefined || stages.length === 0) {
    const what = foreign === undefined ? 'holds no arrays' : `holds ${JSON.stringify(foreign)}`;
    throw new DataError(
      `${path}: ${what}, but weights of this program are named METHOD.STAGE.params…, such as cross-entropy.train.params.head.bias; ` +
        'name the weights.safetensors of a run',
    );
  }
  requireFinite(tensors, path);
  const config = storedConfig(metadata[ENTRY], path);
  return {
    arrays: tensors,
    models: stages.map((stage) => ({
      name: stage.kind === 'search' ? `${stage.method}-search` : stage.method,
      method: stage.method,
      prefix: prefixOf(stage),
    })),
    ...(config && { config }),
  };
}

function storedConfig(text: string | undefined, source: string): ConfigFile | undefined {
  if (text === undefined) return undefined;
  const remedy = 'the file is damaged: save it again';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${source}: its entry ${ENTRY} is not valid JSON; ${remedy}`, { cause: error });
  }
  if (!isRecord(value)) throw new DataError(`${source}: its entry ${ENTRY} must be an object; ${remedy}`);
  validate(entrySchema, value, { source, kind: DataError, remedy: () => remedy });
  return { source, value };
}
