import type { PolicyNumbers } from '../augment/index.js';
import type { NamedArray } from '../nn/index.js';
import type { Table } from './loss/index.js';

/** A phase's whole state: arrays and plain JSON. Restoring it and going on gives bit-identical results. */
export interface Snapshot {
  readonly arrays: Readonly<Record<string, NamedArray>>;
  readonly json: { readonly [key: string]: unknown };
}

/** What one step tells whoever watches. */
export interface StepReport {
  /** Training loss of the step; NaN of one that trains nothing. */
  readonly loss: number;
  /** Set on the last step of an epoch. */
  readonly epoch?: EpochReport;
  /** Set on a step that took a hypergradient. */
  readonly hypergradient?: HypergradientReport;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  readonly trainLoss: number;
  readonly learningRate: number;
  /** Balanced error, in percent, on the held-out samples the phase was given to watch; absent if it was given none. */
  readonly balancedError?: number;
}

export interface HypergradientReport {
  readonly step: number;
  /** Validation objective. */
  readonly outer: number;
  readonly norm: number;
  readonly status: string;
  readonly residuals: readonly number[];
  readonly stepSize: number | null;
  readonly damping: number;
  readonly largestEigenvalue: number | null;
  readonly smallestEigenvalue: number | null;
  readonly delta: Table;
  readonly iota: Table;
  readonly weight: Table;
  /** The augmentation policies, if some are learned. */
  readonly augmentation?: PolicyNumbers['operations'];
}

/** A piece of work that goes on in steps and can be interrupted between any two. */
export interface Phase {
  readonly totalSteps: number;
  readonly completedSteps: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** @throws {NumericError} if the loss is no longer finite. */
  step(): Promise<StepReport>;
  snapshot(): Snapshot;
  /** @throws {DataError} if the snapshot is of another model or phase. */
  restore(snapshot: Snapshot): void;
}
