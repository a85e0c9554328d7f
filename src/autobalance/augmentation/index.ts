export {
  type AugmentedBatch,
  type BatchTransform,
  frozenAugmentation,
  ImageAugmentation,
} from './image-augmentation.js';
export type { LearnedAugmentation } from './learned.js';
export { type AugmentationSettings, type PolicyForm, type PolicyLayout, policyFor } from './settings.js';
