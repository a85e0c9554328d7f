import { ConfigError, type Value } from '../../ir/index.js';
import { add, exp, logSumExp, matmul, reshape, sub } from '../../ops/index.js';
import { tensor } from '../../tensor/index.js';
import {
  type Clusters,
  constantExpansion,
  type Expansion,
  type ExpansionMatrix,
  interpolatedExpansion,
} from './clusters.js';
import { type ClassLoss, type ClassLossNumbers, classLoss, classLossNumbers } from './parametric-cross-entropy.js';
import { type Parametrisation, parametrisations, rawDelta } from './parametrisation.js';
import { byClass, isByGroup, mapTable, type Table } from './table.js';

export type LossPart = 'delta' | 'iota' | 'weight';

/** What a value of its own is learned for. */
export type LossLayout = 'class' | 'group' | 'class-group';

/** What the search learns: raw numbers from which {@link ClassLoss} is made. Absent ones stay as they were at the start. */
export type LossParameters = { readonly delta?: Value; readonly iota?: Value; readonly weight?: Value };

export interface LossSpaceOptions {
  readonly learn: readonly LossPart[];
  readonly parametrisation: Parametrisation;
  /** Where α starts, and stays in whatever is not learned. */
  readonly initial: ClassLossNumbers;
  /** Training samples n_k [K], or n_{k,g} [K][G]. */
  readonly counts: Table;
  /** Default `class`. */
  readonly by?: LossLayout;
  /** Classes that share their values. Default: each has its own. */
  readonly clusters?: Clusters;
  /** Default `constant`. */
  readonly expansion?: Expansion;
  /** Takes the initial Δ for the raw numbers, as the published code does: 1 then starts at σ(1) = 0.731. Default false. */
  readonly rawStart?: boolean;
}

/** The losses that a search can reach, and where it starts. */
export interface LossSpace {
  readonly start: LossParameters;
  /** The loss to train under during the search; differentiable in the raw numbers. */
  readonly effective: (raw: LossParameters) => ClassLoss;
  /** The loss to retrain under: the same with `expansion` in place of piecewise constant values. */
  readonly learned: (raw: LossParameters) => ClassLossNumbers;
}

/**
 * The effective loss by class from the learned numbers and, for what is not learned, `fixed`. Without clusters and without w, which needs to be
 * normalised, it is all that a {@link LossSpace} does.
 */
export function effectiveLoss(
  raw: Omit<LossParameters, 'weight'>,
  fixed: ClassLoss,
  parametrisation: Parametrisation,
): ClassLoss {
  return {
    delta: raw.delta ? parametrisations[parametrisation].forward(raw.delta) : fixed.delta,
    iota: raw.iota ?? fixed.iota,
    weight: fixed.weight,
  };
}

/**
 * α lives per cluster and, if asked for, per group: raw tensors are [C], [C, G] or [1, G].
 *
 * w = exp(v − log Σ π e^v), π the share of training samples: its mean over the samples is 1 whatever v is, so it cannot grow in place of the
 * learning rate, nor shrink in place of the weight decay; and w_k = 0 takes infinitely many steps.
 * @throws {ConfigError} if the start cannot be written in the layout or the parametrisation, or the layout is by group and the counts are not;
 *   or if ι is to be learned by group alone: a number added to all logits changes nothing
 */
export function lossSpace(options: LossSpaceOptions): LossSpace {
  const { learn, parametrisation, initial, counts, by = 'class', clusters, expansion = 'constant', rawStart } = options;
  requireLayout(options);
  const layout = { by, classes: counts.length, groups: isByGroup(counts) ? counts[0]!.length : 0 };
  const ofClasses = by === 'group' ? undefined : clusters;
  const matrices = ofClasses && expansions(ofClasses, byClass(counts), expansion);
  const raw = (table: Table, name: LossPart, inverse: (t: Table) => Table): Value =>
    tensor(clusterMeans(inTable(table, layout, name), ofClasses, inverse));
  const fixed = classLoss(initial);
  const logShares = mapTable(sharesOf(counts, by), (share) => (share > 0 ? Math.log(share) : NEVER));
  const loss = (from: LossParameters, matrix: ExpansionMatrix | undefined): ClassLoss => {
    const spread = (value: Value): Value => (matrix ? expand(value, matrix) : value);
    const { forward } = parametrisations[parametrisation];
    return {
      delta: from.delta ? spread(forward(from.delta)) : fixed.delta,
      iota: from.iota ? spread(from.iota) : fixed.iota,
      weight: from.weight ? normalised(spread(from.weight), logShares) : fixed.weight,
    };
  };
  const inverseDelta = (table: Table): Table => (rawStart ? table : rawDelta(table, parametrisation));
  return {
    start: {
      ...(learn.includes('delta') && { delta: raw(initial.delta, 'delta', inverseDelta) }),
      ...(learn.includes('iota') && { iota: raw(initial.iota, 'iota', (table) => table) }),
      ...(learn.includes('weight') && { weight: raw(initial.weight, 'weight', logWeights) }),
    },
    effective: (from) => loss(from, matrices?.constant),
    learned: (from) => classLossNumbers(loss(from, matrices?.chosen)),
  };
}

/** exp of it is 0 in every precision, and it is finite: ∞ would make NaN in a derivative. */
const NEVER = -1e30;

function requireLayout({ learn, by = 'class', counts, clusters }: LossSpaceOptions): void {
  if (by !== 'class' && !isByGroup(counts)) {
    throw new ConfigError(
      `loss: learning by ${by} needs data with groups, and counts by class and group; learn by class instead`,
    );
  }
  if (by === 'group' && learn.includes('iota')) {
    throw new ConfigError(
      'loss: ι by group alone adds one number to all logits, which softmax does not see; learn it by class or by class-group',
    );
  }
  if (clusters && clusters.length !== counts.length) {
    throw new ConfigError(`loss: ${clusters.length} classes have a cluster, the data has ${counts.length} classes`);
  }
}

interface Layout {
  readonly by: LossLayout;
  readonly classes: number;
  readonly groups: number;
}

/** The same numbers as [K], [K][G] or [1][G]. */
function inTable(table: Table, { by, classes, groups }: Layout, name: LossPart): Table {
  const fail = (): never => {
    const shape = isByGroup(table) ? `${table.length}×${table[0]!.length}` : `${table.length}`;
    throw new ConfigError(
      `loss: the start's ${name} is by ${shape}, which cannot be learned by ${by}; start at another`,
    );
  };
  if (!isByGroup(table)) {
    if (table.length !== classes) return fail();
    if (by === 'class') return table;
    if (by === 'class-group') return table.map((value) => new Array<number>(groups).fill(value));
    return table.every((value) => value === table[0]) ? [new Array<number>(groups).fill(table[0]!)] : fail();
  }
  const fits = (table.length === 1 || table.length === classes) && table[0]!.length === groups;
  if (by === 'class' || !fits || (by === 'group' && table.length !== 1)) return fail();
  return by === 'class-group' && table.length === 1 ? Array.from({ length: classes }, () => table[0]!) : table;
}

/** Raw numbers of each cluster: the means over its classes. */
function clusterMeans(table: Table, clusters: Clusters | undefined, inverse: (t: Table) => Table): Table {
  const raw = inverse(table);
  if (!clusters) return raw;
  const members = Array.from({ length: Math.max(...clusters) + 1 }, (_, c) =>
    clusters.flatMap((cluster, k) => (cluster === c ? [k] : [])),
  );
  const mean = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0) / values.length;
  if (!isByGroup(raw)) return members.map((classes) => mean(classes.map((k) => raw[k]!)));
  return members.map((classes) => raw[0]!.map((_, g) => mean(classes.map((k) => raw[k]![g]!))));
}

function logWeights(table: Table): Table {
  return mapTable(table, (weight) => {
    if (weight > 0) return Math.log(weight);
    throw new ConfigError(`loss: a weight of ${weight} cannot be learned on from; start at positive ones`);
  });
}

function expansions(clusters: Clusters, counts: readonly number[], expansion: Expansion) {
  const constant = constantExpansion(clusters);
  return { constant, chosen: expansion === 'constant' ? constant : interpolatedExpansion(clusters, counts) };
}

/** [C] → [K], or [C, G] → [K, G]. */
function expand(value: Value, matrix: ExpansionMatrix): Value {
  const m = tensor(matrix, { dtype: value.dtype });
  if (value.rank === 2) return matmul(m, value);
  return reshape(matmul(m, reshape(value, [value.size, 1])), [matrix.length]);
}

/** Share of the training samples that each number of a layout speaks for: [K], [K][G] or [1][G]. */
function sharesOf(counts: Table, by: LossLayout): Table {
  const total = byClass(counts).reduce((sum, count) => sum + count, 0);
  const share = (count: number): number => count / total;
  if (by === 'class' || !isByGroup(counts)) return byClass(counts).map(share);
  if (by === 'class-group') return mapTable(counts, share);
  return [counts[0]!.map((_, g) => share(counts.reduce((sum, row) => sum + row[g]!, 0)))];
}

const normalised = (v: Value, logShares: Table): Value =>
  exp(sub(v, logSumExp(add(v, tensor(logShares, { dtype: v.dtype })))));
