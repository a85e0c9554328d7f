import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { backends, getBackend } from '../../src/backends/index.js';
import { reference, type Target, targetOf } from './reference.js';

export { reference, type Target, targetOf };

const wish = process.env.AUTOBALANCE_BACKEND;
// What was asked for must not be passed over.
if (wish) getBackend(wish);

/** The definition, and every backend that can run here. */
export const targets: readonly Target[] = [
  reference,
  ...backends().flatMap(({ name, backend }) => (backend ? [targetOf(name, backend)] : [])),
];

/** Whether the addon has been compiled. */
export const addonExists = existsSync(fileURLToPath(new URL('../../build/Release/autobalance.node', import.meta.url)));
