import type { LearnedAugmentation } from '../../autobalance/index.js';
import type { Evaluation } from '../../metrics/index.js';

/** Numbers by class, or by class and group: [K], or K (or 1) rows of G. */
export type Table = readonly number[] | readonly (readonly number[])[];

export interface Classes {
  readonly names: readonly string[];
  /** Training samples of each. */
  readonly counts: readonly number[];
}

export interface LossTables {
  readonly delta: Table;
  readonly iota: Table;
  readonly weight: Table;
}

/** Augmentation policies that were learned. */
export type Policies = Pick<LearnedAugmentation, 'by' | 'groups' | 'operations'>;

export interface Method {
  readonly name: string;
  readonly evaluation: Evaluation;
  readonly seconds?: number;
}

export interface EpochPoint {
  readonly method: string;
  readonly stage: string;
  readonly epoch: number;
  readonly trainLoss: number;
  readonly balancedError?: number;
}

export interface HypergradientPoint {
  readonly step: number;
  readonly outer: number;
  readonly norm: number;
  readonly status: string;
  /** Relative, of the solver's last step. */
  readonly residual: number;
  readonly largestEigenvalue: number | null;
  readonly delta: Table;
  readonly iota: Table;
  readonly weight?: Table;
}

/** A file to download from the page. */
export interface RawFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

/** What the page of a run shows. Whatever is not there yet is left out. */
export interface RunContent {
  readonly title: string;
  /** Settings in a sentence or two. */
  readonly lead: string;
  readonly finished: boolean;
  readonly classes: Classes;
  readonly groupNames?: readonly string[];
  readonly methods: readonly Method[];
  readonly epochs: readonly EpochPoint[];
  readonly hypergradients: readonly HypergradientPoint[];
  readonly learned?: LossTables & { readonly augmentation?: Policies };
  readonly files: readonly RawFile[];
  readonly footer: string;
}

/** A column for each group, K long each, or the only one. */
export function columnsOf(table: Table, classes: number): number[][] {
  const rows = table as readonly (number | readonly number[])[];
  const groups = typeof rows[0] === 'object' ? rows[0].length : 1;
  const at = (k: number, g: number): number => {
    // One row is by group alone.
    const row = rows[rows.length === 1 && typeof rows[0] === 'object' ? 0 : k]!;
    return typeof row === 'number' ? row : row[g]!;
  };
  return Array.from({ length: groups }, (_, g) => Array.from({ length: classes }, (_, k) => at(k, g)));
}

/** Classes from the most frequent to the rarest. */
export const byFrequency = ({ counts }: Classes): number[] =>
  counts.map((_, k) => k).sort((a, b) => counts[b]! - counts[a]! || a - b);

/**
 * The methods to put into a chart that cannot hold all: plain cross-entropy and what was learned come first.
 * Each keeps the place it has among all, for its colour.
 */
export function chosenMethods(methods: readonly Method[], most: number): { method: Method; place: number }[] {
  const rank = ({ name }: Method): number => ['cross-entropy', 'autobalance'].indexOf(name) & 0xff;
  return methods
    .map((method, place) => ({ method, place }))
    .sort((a, b) => rank(a.method) - rank(b.method) || a.place - b.place)
    .slice(0, most)
    .sort((a, b) => a.place - b.place);
}
