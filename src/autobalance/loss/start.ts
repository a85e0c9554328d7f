import { ConfigError } from '../../ir/index.js';
import { type FixedLossName, type FixedLossSettings, fixedLosses } from './fixed.js';
import type { ClassLossNumbers } from './parametric-cross-entropy.js';
import { byClass, isByGroup, type Table } from './table.js';

/** Where α starts: at a fixed loss, told its τ and γ if wanted, or at given numbers. `cross-entropy` is neutral. */
export type StartSetting = FixedLossName | ({ readonly loss: FixedLossName } & FixedLossSettings) | ClassLossNumbers;

/** The numbers of a start. @param counts training samples n_k [K], or n_{k,g} [K][G] @throws {ConfigError} if they do not fit the classes */
export function startingLoss(start: StartSetting, counts: Table): ClassLossNumbers {
  if (typeof start === 'string') return fixedLosses[start](counts);
  if ('loss' in start) {
    const { loss, ...settings } = start;
    return fixedLosses[loss](counts, settings);
  }
  for (const key of ['delta', 'iota', 'weight'] as const) {
    const table = start[key];
    if (table.length === counts.length || (isByGroup(table) && table.length === 1)) continue;
    throw new ConfigError(
      `start: ${key} must have a number for each of the ${byClass(counts).length} classes, got ${table.length}; ` +
        'start at a loss that was learned on this data',
    );
  }
  return start;
}
