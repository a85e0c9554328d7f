export type { AugmentOperation, OperationContext } from './operation.js';
export { type AugmentOperationName, augmentOperation, augmentOperations } from './operations/index.js';
export { pdaTransform } from './pda-transform.js';
export {
  type AugmentationPolicy,
  augmentationPolicy,
  initPolicy,
  type PolicyNumbers,
  type PolicyOptions,
  type PolicyParams,
  type PolicyStart,
  policyNumbers,
  policyParams,
  policySize,
} from './policy.js';
export { AugmentationNoise, type AugmentationRandomness } from './randomness.js';
export { type RelaxedBernoulliOptions, relaxedBernoulli } from './relaxed-bernoulli.js';
