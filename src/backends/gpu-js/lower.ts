import type { Params, Shape } from '../../ir/index.js';
import { Body } from './body.js';
import type { Launch, Limits, Place } from './launch.js';

/** An input or the output of an instruction. */
export interface Operand {
  readonly place: Place;
  readonly shape: Shape;
}

interface Lowering<P extends Params> {
  run(inputs: readonly Operand[], params: P, output: Operand, limits: Limits): Launch[];
}

/** Turns one instruction into launches. The type of a method, so that one with narrow params is usable as `Lower`. */
export type Lower<P extends Params = Params> = Lowering<P>['run'];

/** A thread for each element of the output, which computes the expression that `write` gives it from its index. */
export function gather(
  output: Operand,
  limits: Limits,
  write: (body: Body, index: readonly string[]) => string,
): Launch {
  const body = new Body(limits);
  const { digits, grid } = body.threads(output.shape);
  body.add(`return ${write(body, digits)};`);
  return body.launch(output.place, grid);
}
