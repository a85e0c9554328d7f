import { expect } from 'vitest';
import {
  type Aval,
  bind,
  checkProgram,
  type Params,
  type Primitive,
  type Program,
  trace,
  type Value,
} from '../../src/ir/index.js';

/** Checks a program and hands it on. */
export function check(program: Program): Program {
  checkProgram(program);
  return program;
}

/** Traces a function that closes over nothing. */
export function programOf(fn: (...inputs: Value[]) => readonly Value[], avals: readonly Aval[]): Program {
  const { program, captured } = trace(fn, avals);
  expect(captured, 'values that the function closes over').toHaveLength(0);
  return check(program);
}

/** The program of one operation. */
export const programOfPrimitive = (primitive: Primitive, avals: readonly Aval[], params: Params = {}): Program =>
  programOf((...inputs) => bind(primitive, inputs, params), avals);
