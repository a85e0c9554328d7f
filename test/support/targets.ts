import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { backends } from '../../src/backends/index.js';
import { reference, type Target, targetOf } from './reference.js';

export { reference, type Target };

/** The definition, and every backend that can run here. */
export const targets: readonly Target[] = [
  reference,
  ...backends().flatMap(({ name, backend }) => (backend ? [targetOf(name, backend)] : [])),
];

/** Whether the addon has been compiled. */
export const addonExists = existsSync(fileURLToPath(new URL('../../build/Release/autobalance.node', import.meta.url)));
