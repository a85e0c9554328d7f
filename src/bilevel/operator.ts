import { compile } from '../backends/index.js';
import { ConfigError, type Value } from '../ir/index.js';
import { add, mul, sum } from '../ops/index.js';
import { tensor } from '../tensor/index.js';

/** A linear map on vectors [size], known by its products. Asynchronous, so that a long solve leaves the event loop alive. */
export interface LinearOperator {
  readonly size: number;
  apply(vector: Value): Promise<Value>;
}

/** Lets timers, signals and progress run before the next product. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An operator from a synchronous product. */
export const operator = (size: number, product: (vector: Value) => Value): LinearOperator => ({
  size,
  async apply(vector) {
    await breathe();
    return product(vector);
  },
});

/** The mean of operators of one size: the Hessian of the mean of batch losses. The mean is taken before anything is inverted. */
export function averageOperator(parts: readonly LinearOperator[]): LinearOperator {
  const first = parts[0];
  if (!first) throw new ConfigError('operator: the mean of no operators is not defined; give at least one batch');
  return {
    size: first.size,
    async apply(vector) {
      let total = await first.apply(vector);
      for (const part of parts.slice(1)) total = axpy(1, await part.apply(vector), total);
      return parts.length === 1 ? total : scale(1 / parts.length, total);
    },
  };
}

/** A + c·I: damping, or the Hessian of a weight-decay term. */
export const shiftOperator = (inner: LinearOperator, shift: number): LinearOperator =>
  shift === 0 ? inner : { size: inner.size, apply: async (vector) => axpy(shift, vector, await inner.apply(vector)) };

const axpyProgram = compile((a: Value, x: Value, y: Value) => add(mul(a, x), y));
const scaleProgram = compile((a: Value, x: Value) => mul(a, x));
const dotProgram = compile((x: Value, y: Value) => sum(mul(x, y)));

/** a·x + y */
export const axpy = (a: number, x: Value, y: Value): Value => axpyProgram(number(a, x), x, y);
/** a·x */
export const scale = (a: number, x: Value): Value => scaleProgram(number(a, x), x);
/** ⟨x, y⟩ */
export const dot = (x: Value, y: Value): number => dotProgram(x, y).item();
export const norm = (x: Value): number => Math.sqrt(dot(x, x));

const number = (value: number, like: Value): Value => tensor(value, { dtype: like.dtype });
