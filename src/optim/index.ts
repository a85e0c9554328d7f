export { type AdamOptions, type AdamState, adam, initAdam } from './adam.js';
export { cosine, type ScheduleOptions, staircase } from './schedule.js';
export { initVelocity, type SgdOptions, sgd } from './sgd.js';
export { initSharedAdam, type SharedAdamOptions, type SharedAdamState, sharedAdam } from './shared-adam.js';
