import { bind, Subprogram, unflatten } from '../ir/index.js';
import { callPrimitive } from './call.js';
import { traceFunction } from './grad.js';

/**
 * The same function, of which derivatives keep the arguments alone and compute the rest again when they need it (rematerialisation; Griewank
 * and Walther 2000, chapter 12). Of trees to a tree; values it closes over count as arguments. Holds at every order of derivative.
 *
 * Costs one more evaluation of `fn` per derivative pass; a chain of n equal pieces of which every √n-th is checkpointed keeps 2√n instead of n.
 */
export const checkpoint =
  <A extends readonly unknown[], R>(fn: (...args: A) => R): ((...args: A) => R) =>
  (...args) => {
    const { program, captured, leaves, output } = traceFunction(fn as (...args: never[]) => unknown, args);
    return unflatten<R>(output, bind(callPrimitive, [...leaves, ...captured], { body: new Subprogram(program) }));
  };
