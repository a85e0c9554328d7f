import { BackendError } from '../ir/index.js';
import type { Backend } from './backend.js';

// Placeholder by the lead so that imports resolve; the executor's author replaces this file. Contract: throws with the reason if absent.
export function loadNative(): Backend {
  throw new BackendError('native: not built yet');
}
