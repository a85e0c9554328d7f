export {
  type AdamOptimiserOptions,
  adamOptimiser,
  type InnerOptimiser,
  type SgdOptimiserOptions,
  sgdOptimiser,
} from '../inner-optimiser.js';
export type { UnrolledOptions, UnrolledState } from '../inner-steps.js';
export type { SingleLoopOptions, SingleLoopState } from '../single-loop.js';
export { type DartsOptions, darts } from './darts.js';
export { type IdentityOptions, identity } from './identity.js';
export { type ImplicitOptions, type ImplicitState, implicit } from './implicit.js';
export { type SabaState, saba } from './saba.js';
export { type SamaOptions, sama } from './sama.js';
export { soba } from './soba.js';
export { type UnrolledForwardOptions, unrolledForward } from './unrolled-forward.js';
export { type UnrolledReverseOptions, unrolledReverse } from './unrolled-reverse.js';
export { type ValueFunctionOptions, type ValueFunctionState, valueFunction } from './value-function.js';
