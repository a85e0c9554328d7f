import type { Tensor, Value } from '../../src/ir/index.js';
import { programOf } from './programs.js';
import { reference, type Target } from './reference.js';

/** fn of tensors that exist, as one program on `target`. */
export function evaluate(
  fn: (...inputs: Value[]) => Value,
  inputs: readonly Tensor[],
  target: Target = reference,
): Tensor {
  const program = programOf(
    (...values) => [fn(...values)],
    inputs.map((x) => x.aval),
  );
  return target.run(program, inputs)[0]!;
}
