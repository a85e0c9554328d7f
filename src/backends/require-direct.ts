import type { Convolution } from '../compile/convolution.js';
import { ConfigError } from '../ir/index.js';

/** @throws {ConfigError} unless convolutions are to be computed directly, for a backend that does nothing else */
export function requireDirect(backend: string, convolution: Convolution = 'direct'): void {
  if (convolution === 'direct') return;
  throw new ConfigError(
    `backend: ${backend} computes convolutions directly, not by ${convolution}; choose native or wasm`,
  );
}
