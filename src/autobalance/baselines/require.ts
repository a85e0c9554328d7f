import { ConfigError } from '../../ir/index.js';
import { isByGroup, type Table } from '../loss/index.js';

/** @throws {ConfigError} naming the first class without samples */
export function requireSamples(counts: readonly number[], name: string): readonly number[] {
  const empty = counts.findIndex((count) => !(count > 0));
  if (empty < 0) return counts;
  throw new ConfigError(
    `${name}: class ${empty} has ${counts[empty]} samples, and a weight from its frequency has no value; leave the class out`,
  );
}

/** @throws {ConfigError} stating the rule that a baseline's setting breaks */
export function requireSetting(holds: boolean, baseline: string, rule: string, value: number): void {
  if (!holds)
    throw new ConfigError(`${baseline}: ${rule}, got ${value}; correct it, or leave it out for the usual value`);
}

/** @throws {ConfigError} if the counts are not by class and group */
export function requireGroups(counts: Table, name: string): readonly (readonly number[])[] {
  if (isByGroup(counts)) return counts;
  throw new ConfigError(`${name}: needs data with groups; name a group column, or leave the method out`);
}
