import { ConfigError, DataError, type DType, ShapeError, type Value } from '../ir/index.js';
import { filled, tensor } from '../tensor/index.js';
import type { AugmentOperation } from './operation.js';
import { augmentOperations } from './operations/index.js';
import type { RelaxedBernoulliOptions } from './relaxed-bernoulli.js';

/** What every class (or group) does to its images, but for the learned numbers. */
export interface AugmentationPolicy extends RelaxedBernoulliOptions {
  /** Done one after another, each or not. */
  readonly operations: readonly AugmentOperation[];
  /** How many policies there are: one for each class, group, or class and group. */
  readonly cells: number;
  /** Each image's magnitude is its cell's times a number uniform in [1 − spread, 1]. */
  readonly spread: number;
}

/** The learned numbers of a policy. */
export type PolicyParams = {
  /** log p − log(1 − p) for the probability p of each operation, [cells, operations]. */
  readonly logit: Value;
  /** r of magnitude = least + (most − least)·σ(r), [cells, operations whose magnitude is learned]. */
  readonly strength: Value;
};

export interface PolicyOptions extends Partial<Omit<AugmentationPolicy, 'cells'>> {
  readonly cells: number;
}

/**
 * A policy of all operations, with temperature ½ and straight through, and every image of a cell with the same magnitude, as far as nothing else
 * is said.
 * @throws {ConfigError} without operations, with one twice, or on numbers out of range.
 */
export function augmentationPolicy({
  operations = Object.values(augmentOperations),
  cells,
  temperature = 0.5,
  straightThrough = true,
  spread = 0,
}: PolicyOptions): AugmentationPolicy {
  const fail = (rule: string): never => {
    throw new ConfigError(`augmentationPolicy: ${rule}`);
  };
  if (operations.length === 0) fail('needs at least one operation, got none');
  const names = operations.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) fail(`every operation needs a name of its own, got ${twice} twice`);
  if (!Number.isSafeInteger(cells) || cells < 1) fail(`cells must be a whole number from 1, got ${cells}`);
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
    fail(`temperature must be a positive number, got ${temperature}`);
  }
  if (!(spread >= 0 && spread <= 1)) fail(`spread must be a number from 0 to 1, got ${spread}`);
  return { operations, cells, temperature, straightThrough, spread };
}

/** The operations whose magnitude is learned, in order: the columns of {@link PolicyParams.strength}. */
export const learnedMagnitudes = ({ operations }: Pick<AugmentationPolicy, 'operations'>): AugmentOperation[] =>
  operations.filter(({ differentiable }) => differentiable);

/** How many numbers the search learns. */
export const policySize = (policy: AugmentationPolicy): number =>
  policy.cells * (policy.operations.length + learnedMagnitudes(policy).length);

export interface PolicyStart {
  /** Of every operation, strictly between 0 and 1. Default 0.1: rarely, but often enough to tell what it would do. */
  readonly probability?: number;
  /** Share of its range that every magnitude starts at, strictly between 0 and 1. Default ½; near 0 nothing could be told of an operation. */
  readonly strength?: number;
  readonly dtype?: DType;
}

/** Where the search starts. @throws {ConfigError} on numbers out of range. */
export function initPolicy(
  policy: AugmentationPolicy,
  { probability = 0.1, strength = 0.5, dtype = 'f32' }: PolicyStart = {},
): PolicyParams {
  return {
    logit: filled([policy.cells, policy.operations.length], logit('probability', probability), dtype),
    strength: filled([policy.cells, learnedMagnitudes(policy).length], logit('strength', strength), dtype),
  };
}

function logit(what: string, p: number): number {
  if (!(p > 0 && p < 1)) throw new ConfigError(`initPolicy: ${what} must lie strictly between 0 and 1, got ${p}`);
  return Math.log(p / (1 - p));
}

/** What a policy has learned, as people and files read it. */
export interface PolicyNumbers {
  readonly operations: readonly {
    readonly name: string;
    readonly unit: string;
    /** One for each cell. */
    readonly probability: readonly number[];
    /** One for each cell, in `unit`. */
    readonly magnitude: readonly number[];
  }[];
}

/** @throws {ShapeError} if the parameters are of another policy. */
export function policyNumbers(policy: AugmentationPolicy, params: PolicyParams): PolicyNumbers {
  requireParams(policy, params);
  const { operations, cells } = policy;
  const learned = learnedMagnitudes(policy);
  const column = (table: Value, i: number): number[] =>
    Array.from({ length: cells }, (_, cell) => sigmoid(table.data()[cell * table.shape[1]! + i]!));
  return {
    operations: operations.map((operation, i) => {
      const [least, most] = operation.range;
      const shares = operation.differentiable
        ? column(params.strength, learned.indexOf(operation))
        : new Array<number>(cells).fill(1);
      return {
        name: operation.name,
        unit: operation.unit,
        probability: column(params.logit, i),
        magnitude: shares.map((share) => Math.min(least + (most - least) * share, most)),
      };
    }),
  };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Beyond ±40 σ is 0 or 1 in every precision: what a probability of 0 or 1 is made of, whose logarithm would be infinite. */
const SURE = 40;

/**
 * The parameters whose {@link policyNumbers} these are. Probabilities may be 0 and 1, magnitudes the ends of their ranges.
 * @throws {DataError} if an operation is another, has not a number for each cell, or a number lies out of its range
 */
export function policyParams(
  policy: AugmentationPolicy,
  { operations }: Pick<PolicyNumbers, 'operations'>,
): PolicyParams {
  const fail = (rule: string): never => {
    throw new DataError(`augmentation: ${rule}; learn the policy on this data`);
  };
  const names = policy.operations.map(({ name }) => name).join(', ');
  if (operations.map(({ name }) => name).join(', ') !== names) {
    fail(`the operations must be ${names}, got ${operations.map(({ name }) => name).join(', ')}`);
  }
  const logits = (name: string, numbers: readonly number[], [least, most]: AugmentOperation['range']): number[] => {
    if (numbers.length !== policy.cells) {
      fail(`${name} must have ${policy.cells} numbers, one for each policy, got ${numbers.length}`);
    }
    const wrong = numbers.find((value) => !(value >= least && value <= most));
    if (wrong !== undefined) fail(`${name} must lie between ${least} and ${most}, got ${wrong}`);
    return numbers.map((value) => {
      const logit = Math.log((value - least) / (most - value));
      return Math.min(Math.max(logit, -SURE), SURE);
    });
  };
  const chances = operations.map(({ name, probability }) => logits(`the probability of ${name}`, probability, [0, 1]));
  const strengths = learnedMagnitudes(policy).map(({ name, range }) =>
    logits(`the magnitude of ${name}`, operations.find((operation) => operation.name === name)!.magnitude, range),
  );
  const table = (columns: readonly (readonly number[])[]): Value => {
    const rows = Array.from({ length: policy.cells }, (_, cell) => columns.map((column) => column[cell]!));
    return tensor(Float32Array.from(rows.flat()), { shape: [policy.cells, columns.length] });
  };
  return { logit: table(chances), strength: table(strengths) };
}

/** @throws {ShapeError} unless the parameters are of this policy. */
export function requireParams(policy: AugmentationPolicy, { logit, strength }: PolicyParams): void {
  const expected = {
    logit: [policy.cells, policy.operations.length],
    strength: [policy.cells, learnedMagnitudes(policy).length],
  };
  for (const [name, { shape }] of Object.entries({ logit, strength })) {
    const wanted = expected[name as keyof PolicyParams];
    if (shape.join() === wanted.join()) continue;
    throw new ShapeError(
      `augmentation: ${name} must be [${wanted.join(', ')}] for this policy, got [${shape.join(', ')}]; make it with initPolicy`,
    );
  }
}
