import { ConfigError } from '../../ir/index.js';
import type { ClassLossNumbers } from './parametric-cross-entropy.js';
import { byClass, flatTable, isByGroup, mapTable, type Table } from './table.js';

/** What a fixed loss can be told. */
export interface FixedLossSettings {
  /** τ of logit adjustment and VS. Default 1. */
  readonly tau?: number;
  /** γ of CDT and VS. Defaults 0.2 and 0.15. */
  readonly gamma?: number;
}

/** By class if the counts are. */
type NumbersFrom<T extends Table> = ClassLossNumbers<T extends readonly number[] ? readonly number[] : Table>;

/** A loss from the samples n_k [K], or n_{k,g} [K][G] by class and group. */
export type FixedLoss = <T extends Table>(counts: T, settings?: FixedLossSettings) => NumbersFrom<T>;

const neutral = (counts: Table) => ({
  delta: counts.map(() => 1),
  iota: counts.map(() => 0),
  weight: counts.map(() => 1),
});

/**
 * Samples of each class or cell, for functions that have no value at 0. An empty cell of a class that has samples elsewhere counts as half a
 * sample: no training sample asks for its value, and −∞ would only forbid the class to the whole group.
 */
function positive(counts: Table, name: string): Table {
  const empty = byClass(counts).findIndex((count) => !(count > 0));
  if (empty >= 0) {
    throw new ConfigError(
      `${name}: class ${empty} has ${byClass(counts)[empty]} samples, and a loss from its frequency has no value; leave the class out`,
    );
  }
  return isByGroup(counts) ? mapTable(counts, (count) => Math.max(count, 0.5)) : counts;
}

/** τ log π, π = n / Σn. */
function adjustment(counts: Table, tau: number): Table {
  const total = flatTable(counts).reduce((sum, count) => sum + count, 0);
  return mapTable(counts, (count) => tau * Math.log(count / total));
}

/** (n / n_max)^γ */
function temperatures(counts: Table, gamma: number): Table {
  const largest = Math.max(...flatTable(counts));
  return mapTable(counts, (count) => (count / largest) ** gamma);
}

/** Ties the type of the numbers to that of the counts. */
const fixedLoss = (make: (counts: Table, settings: FixedLossSettings) => ClassLossNumbers): FixedLoss =>
  ((counts, settings = {}) => make(counts, settings)) as FixedLoss;

/** The losses that need no search: {@link parametricCrossEntropy} with numbers from the class counts, or from the counts by class and group. */
export const fixedLosses = {
  /** Plain cross-entropy. */
  'cross-entropy': fixedLoss(neutral),
  /** Logit adjustment (Menon et al. 2021): ι_k = τ log π_k; balanced softmax (Ren et al. 2020) is τ = 1. */
  'logit-adjustment': fixedLoss((counts, { tau = 1 }) => ({
    ...neutral(counts),
    iota: adjustment(positive(counts, 'logit adjustment'), tau),
  })),
  /** Class-dependent temperatures (Ye et al. 2020): Δ_k = (n_k / n_max)^γ. */
  cdt: fixedLoss((counts, { gamma = 0.2 }) => ({
    ...neutral(counts),
    delta: temperatures(positive(counts, 'CDT'), gamma),
  })),
  /** Vector scaling (Kini et al. 2021): both; by class and group it is their group-VS loss. */
  vs: fixedLoss((counts, { tau = 1, gamma = 0.15 }) => {
    const samples = positive(counts, 'VS');
    return { ...neutral(counts), delta: temperatures(samples, gamma), iota: adjustment(samples, tau) };
  }),
} as const;

export type FixedLossName = keyof typeof fixedLosses;
