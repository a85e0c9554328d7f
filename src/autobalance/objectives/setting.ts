import { ConfigError } from '../../ir/index.js';
import { balanced, meanCrossEntropy, softError, worstGroup } from './balanced.js';
import { blend, calibrated, underPrior, withGroupsAsIn } from './combine.js';
import { demographicParity, differenceOfOpportunity, equalisedOdds } from './fairness.js';
import type { Objective } from './objective.js';

/** What objectives know of the validation data. */
export interface ObjectiveContext {
  readonly classes: number;
  /** 1 where the data has no groups. */
  readonly groups: number;
  /** Validation samples by class and group, [K][G]. */
  readonly counts: readonly (readonly number[])[];
  /** Prior over the classes that batches are drawn by. Default uniform, as class- and cell-balanced batches are. */
  readonly prior?: readonly number[];
  /** Whether batches hold every cell of class and group equally often; objectives about classes then weigh the groups as they are. */
  readonly byCell?: boolean;
}

interface ObjectiveKind {
  /** Whether it compares groups, so that batches must show every cell. */
  readonly byGroup: boolean;
  /** Whether it is smooth by a temperature. */
  readonly smooth?: boolean;
  readonly make: (context: ObjectiveContext, options: { readonly temperature?: number }) => Objective;
}

const kinds = {
  'cross-entropy': { byGroup: false, make: () => meanCrossEntropy },
  calibrated: { byGroup: false, make: () => calibrated(meanCrossEntropy) },
  balanced: { byGroup: false, make: () => balanced() },
  'soft-error': { byGroup: false, make: () => softError() },
  'group-balanced': { byGroup: true, make: ({ groups }) => balanced({ groups }) },
  'worst-group': { byGroup: true, smooth: true, make: ({ groups }, options) => worstGroup({ groups, ...options }) },
  deo: { byGroup: true, smooth: true, make: ({ groups }, options) => differenceOfOpportunity({ groups, ...options }) },
  'equalised-odds': {
    byGroup: true,
    smooth: true,
    make: ({ groups }, options) => equalisedOdds({ groups, ...options }),
  },
  'demographic-parity': {
    byGroup: true,
    smooth: true,
    make: ({ groups, counts }, options) => demographicParity({ groups, counts, ...options }),
  },
} as const satisfies { readonly [name: string]: ObjectiveKind };

/**
 * Objectives by name.
 * - `cross-entropy`: plain mean; balanced on batches that hold every class equally often, as in the paper;
 * - `calibrated`: the same after temperature scaling, see {@link calibrated};
 * - `balanced`, `group-balanced`: mean over classes, or cells of class and group;
 * - `soft-error`: mean over the classes of 1 − p_y;
 * - `worst-group`: smooth maximum over the cells; without groups, over the classes;
 * - `deo`, `equalised-odds`, `demographic-parity`: smooth differences between groups, usually one side of a blend.
 */
export type ObjectiveName = keyof typeof kinds;

export const objectiveNames = Object.keys(kinds) as [ObjectiveName, ...ObjectiveName[]];

/** An objective as configuration files say it. */
export type ObjectiveSetting =
  | ObjectiveName
  | { readonly name: ObjectiveName; readonly temperature?: number; readonly calibrated?: boolean }
  /** λ·first + (1 − λ)·second. */
  | { readonly blend: readonly [ObjectiveSetting, ObjectiveSetting]; readonly lambda: number }
  /** The objective under another class prior. */
  | { readonly prior: 'uniform' | readonly number[]; readonly of: ObjectiveSetting };

/** The objective that a setting describes. @throws {ConfigError} if it compares groups and the data has none, or numbers are out of range */
export function objectiveOf(setting: ObjectiveSetting, context: ObjectiveContext): Objective {
  if (typeof setting === 'string') return objectiveOf({ name: setting }, context);
  if ('blend' in setting) {
    const [first, second] = setting.blend;
    return blend(objectiveOf(first, context), objectiveOf(second, context), setting.lambda);
  }
  if ('prior' in setting) {
    const uniform = new Array<number>(context.classes).fill(1);
    const target = setting.prior === 'uniform' ? uniform : setting.prior;
    return underPrior(objectiveOf(setting.of, context), target, context.prior ?? uniform);
  }
  const { name, temperature, calibrated: scaled } = setting;
  const kind: ObjectiveKind = kinds[name];
  if (temperature !== undefined && !(kind.smooth && temperature > 0)) {
    const rule = kind.smooth ? 'must be a positive number' : `means nothing to ${name}`;
    throw new ConfigError(`objective: the temperature ${rule}, got ${temperature}; leave it out`);
  }
  if (kind.byGroup && name !== 'worst-group' && context.groups < 2) {
    throw new ConfigError(
      `objective: ${name} compares groups, and the data has none; name a group column, or choose balanced`,
    );
  }
  const objective = kind.make(context, temperature === undefined ? {} : { temperature });
  const whole = scaled ? calibrated(objective) : objective;
  return context.byCell && !kind.byGroup ? withGroupsAsIn(whole, context.counts) : whole;
}

/** Whether validation batches should hold every cell of class and group equally often, not only every class. */
export function comparesGroups(setting: ObjectiveSetting): boolean {
  if (typeof setting === 'string') return kinds[setting].byGroup;
  if ('blend' in setting) return setting.blend.some(comparesGroups);
  return 'prior' in setting ? comparesGroups(setting.of) : kinds[setting.name].byGroup;
}

/** The objectives that need nothing but logits and labels. */
export const objectives = {
  'cross-entropy': meanCrossEntropy,
  calibrated: calibrated(meanCrossEntropy),
  balanced: balanced(),
} as const;
