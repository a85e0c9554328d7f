import { ConfigError } from '../ir/index.js';

/** @throws {ConfigError} unless `count` is a positive integer. */
export function requireCount(name: string, what: string, count: number): void {
  if (Number.isSafeInteger(count) && count >= 1) return;
  throw new ConfigError(`${name}: ${what} must be a whole number from 1, got ${count}`);
}
