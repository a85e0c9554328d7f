export { crossEntropy, crossEntropyPerSample, weightedCrossEntropy } from './cross-entropy.js';
