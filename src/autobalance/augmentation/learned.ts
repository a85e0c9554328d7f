import type { PolicyNumbers } from '../../augment/index.js';
import type { PolicyForm } from './settings.js';

/** Policies that a search has learned, as files hold them: everything that retraining needs. */
export interface LearnedAugmentation extends Required<PolicyForm>, PolicyNumbers {
  /** What the groups are called, if policies are by group. Of policies by class and group those of one class stand together. */
  readonly groups?: readonly string[];
}
