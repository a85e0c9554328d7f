export { type ClassificationErrors, classificationErrors } from './classification.js';
