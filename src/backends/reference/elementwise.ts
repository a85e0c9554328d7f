import { BackendError, type DType, type Primitive, type TypedArray } from '../../ir/index.js';
import { primitives } from '../../ops/index.js';
import type { Kernel } from './kernel.js';

type Scalar = (...elements: number[]) => number;

/**
 * The function of one element for this dtype. Storing into a typed array does the rest of the arithmetic's definition: f32 rounds once,
 * i32 and u8 truncate towards zero and wrap, and what is not finite (a division by zero) becomes 0.
 */
function scalarFunction(primitive: Primitive, dtype: DType): Scalar {
  const { evaluate } = primitive;
  if (!evaluate)
    throw new BackendError(`typescript: ${primitive.name} has neither a kernel nor a function of one element`);
  // A product of two i32 needs more bits than an f64 holds.
  if (primitive === primitives.mul && dtype === 'i32') return (x, y) => Math.imul(x!, y!);
  if (primitive === primitives.convert && dtype === 'bool') return (x) => Number(x !== 0);
  return evaluate;
}

/** A kernel that applies the primitive's own function to every element. */
export const elementwise =
  (primitive: Primitive): Kernel =>
  (inputs, _, output) => {
    const f = scalarFunction(primitive, output.dtype);
    const [x, y, z] = inputs.map((input) => input.data);
    if (z) ternary(f, x!, y!, z, output.data);
    else if (y) binary(f, x!, y, output.data);
    else unary(f, x!, output.data);
  };

function unary(f: Scalar, x: TypedArray, out: TypedArray): void {
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]!);
}

function binary(f: Scalar, x: TypedArray, y: TypedArray, out: TypedArray): void {
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]!, y[i]!);
}

function ternary(f: Scalar, x: TypedArray, y: TypedArray, z: TypedArray, out: TypedArray): void {
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]!, y[i]!, z[i]!);
}
