import { z } from 'zod';
import type { Snapshot } from '../autobalance/index.js';
import { decodeSafetensors } from '../data/index.js';
import { AutobalanceError, DataError } from '../ir/index.js';
import { encodeArrays } from './arrays.js';
import { learnedAugmentation } from './augmentation-schema.js';
import { type RunConfig, runConfigSchema } from './schema.js';
import { validate } from './validate.js';

export const CHECKPOINT = 'checkpoint.safetensors';
const ENTRY = 'autobalance.checkpoint';
const VERSION = 1;

export const trainingCommands = ['run', 'search', 'retrain'] as const;
export type TrainingCommand = (typeof trainingCommands)[number];

/** Everything a run needs to go on. */
export interface Checkpoint {
  readonly command: TrainingCommand;
  readonly config: RunConfig;
  /** Fingerprint of the data. */
  readonly data: string;
  /** What it was computed on: another backend or instruction set rounds differently. */
  readonly device: string;
  /** Lines of metrics.ndjson that were written before. */
  readonly metrics: number;
  readonly snapshot: Snapshot;
}

const record = z.record(z.string(), z.unknown());
const numbers = z.array(z.number());
const table = z.union([numbers, z.array(numbers)]);

const entrySchema = z.strictObject({
  version: z.literal(VERSION, { error: `must be ${VERSION}` }),
  command: z.enum(trainingCommands),
  config: runConfigSchema,
  data: z.string(),
  device: z.string(),
  metrics: z.number().int().min(0),
  state: z.strictObject({
    stageIndex: z.number().int().min(0),
    phase: record.nullable(),
    learned: z.strictObject({ delta: table, iota: table, weight: table }).nullable(),
    augmentation: learnedAugmentation.exactOptional(),
    results: z.record(z.string(), record),
    hypergradients: z.array(record),
    seconds: z.record(z.string(), z.number()),
  }),
});

/** Numbers that JSON has no notation for. */
const special = new Map<string, number>([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/** JSON that gives back every number exactly as it was; a bit-identical resumption must not turn NaN into null or −0 into 0. */
export const toExactJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'number') return item;
    if (Object.is(item, -0)) return { $number: '-0' };
    return Number.isFinite(item) ? item : { $number: String(item) };
  });

export const fromExactJson = (text: string): unknown =>
  JSON.parse(text, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || !('$number' in item)) return item;
    return special.get(String(item.$number)) ?? item;
  });

/** A checkpoint as one file, so that no crash can leave half of it. */
export const encodeCheckpoint = ({ snapshot, ...rest }: Checkpoint): Uint8Array =>
  encodeArrays(snapshot.arrays, { [ENTRY]: toExactJson({ version: VERSION, ...rest, state: snapshot.json }) });

const REMEDY = 'the run cannot be resumed from it: start a new one';

/** @throws {DataError} if the bytes are no checkpoint of this program. */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  const text = metadata[ENTRY];
  if (text === undefined) throw new DataError(`${source}: is no checkpoint (it has no entry ${ENTRY}); ${REMEDY}`);
  let entry: unknown;
  try {
    entry = fromExactJson(text);
  } catch (error) {
    throw new DataError(`${source}: its entry ${ENTRY} is not valid JSON; ${REMEDY}`, { cause: error });
  }
  const {
    state,
    version: _,
    ...rest
  } = validate(entrySchema, entry, { source, kind: DataError, remedy: () => REMEDY });
  return { ...rest, snapshot: { arrays: tensors, json: state } };
}

/** Runs `restore`; whatever a damaged state makes it trip over becomes one clear error. */
export function restoring(source: string, restore: () => void): void {
  try {
    restore();
  } catch (error) {
    if (error instanceof AutobalanceError) throw error;
    throw new DataError(`${source}: its state is not one of this experiment; ${REMEDY}`, { cause: error });
  }
}
