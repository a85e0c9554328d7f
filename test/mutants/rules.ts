import { elementwise } from './elementwise.js';
import { linear } from './linear.js';
import type { Mutant } from './mutant.js';
import { products } from './products.js';

/** Faults in the rules of primitives, which the matrix must find. */
export const ruleMutants: readonly Mutant[] = [...elementwise, ...linear, ...products];
