import { expect } from 'vitest';
import { jvpProgram, linearizeProgram, transposeProgram } from '../../src/ad/index.js';
import type { Random } from '../../src/data/random.js';
import { allocateArray, callProgram, isFloat, type Program, type Tensor } from '../../src/ir/index.js';
import { relativeError } from './compare.js';
import { check, programOf } from './programs.js';
import { reference, type Target } from './targets.js';
import { combine, directionLike, inner, norm, tensorOf } from './tensors.js';

/** A function, a point, and which of its inputs move. */
export interface Point {
  readonly program: Program;
  readonly inputs: readonly Tensor[];
  readonly active: readonly boolean[];
}

/** Largest error of a tangent against central differences of fourth order, relative to its norm. */
const DIFFERENCE = 1e-7;
/** Largest violation of ⟨u, Jv⟩ = ⟨Jᵀu, v⟩, relative to the norms. */
const ADJOINT = 1e-12;

const activeOf = <T>(values: readonly T[], { active }: Point): T[] => values.filter((_, i) => active[i]);
const floats = (tensors: readonly Tensor[]): Tensor[] => tensors.filter((tensor) => isFloat(tensor.dtype));
const directions = (random: Random, like: readonly Tensor[]): Tensor[] => like.map((x) => directionLike(random, x));
const zeroLike = ({ shape, dtype, size }: Tensor): Tensor => tensorOf(allocateArray(dtype, size), shape, dtype);

/** J·v of every float output, zeros written out. */
export function tangentsAt(target: Target, point: Point, v: readonly Tensor[]): Tensor[] {
  const { program, moving } = jvpProgram(point.program, point.active);
  const results = target.run(check(program), [...point.inputs, ...v]);
  const values = results.slice(0, moving.length);
  let next = moving.length;
  const all = values.map((value, i) => (moving[i] ? results[next++]! : zeroLike(value)));
  return all.filter((_, i) => isFloat(values[i]!.dtype));
}

/** The program of (x, u) ↦ Jᵀu: a cotangent for each active input from one for each output that moves. */
export function vjpProgram({ program, active }: Pick<Point, 'program' | 'active'>): Program {
  const { primal, tangent, residuals, moving } = linearizeProgram(program, active);
  const pull = check(transposeProgram(check(tangent), residuals));
  const cotangents = program.outputs.filter((_, i) => moving[i]);
  return programOf(
    (...values) => {
      const results = callProgram(check(primal), values.slice(0, program.inputs.length));
      const kept = results.slice(program.outputs.length);
      return callProgram(pull, [...kept, ...values.slice(program.inputs.length)]);
    },
    [...program.inputs, ...cotangents].map((atom) => atom.aval),
  );
}

/** The function (x, u) ↦ Jᵀu at this point and a random u. */
export function reverseOf(point: Point, random: Random): Point {
  const { moving } = linearizeProgram(point.program, point.active);
  const values = reference.run(point.program, point.inputs);
  const u = directions(
    random,
    values.filter((_, i) => moving[i]),
  );
  return {
    program: vjpProgram(point),
    inputs: [...point.inputs, ...u],
    active: [...point.active, ...u.map(() => true)],
  };
}

/** The function (x, v) ↦ (f(x), Jv) at this point and a random v. */
export function forwardOf(point: Point, random: Random): Point {
  const v = directions(random, activeOf(point.inputs, point));
  return {
    program: check(jvpProgram(point.program, point.active).program),
    inputs: [...point.inputs, ...v],
    active: [...point.active, ...v.map(() => true)],
  };
}

/** d/dt f(x + t·v) at t = 0 by differences of the definition: error of order h⁴. */
function differences(point: Point, v: readonly Tensor[], h = 1e-4): Tensor[] {
  const at = (t: number): Tensor[] => {
    let next = 0;
    const inputs = point.inputs.map((x, i) => (point.active[i] ? combine([1, t], [x, v[next++]!]) : x));
    return floats(reference.run(point.program, inputs));
  };
  const samples = [at(h), at(-h), at(2 * h), at(-2 * h)];
  const weights = [8, -8, -1, 1].map((weight) => weight / (12 * h));
  return samples[0]!.map((_, i) =>
    combine(
      weights,
      samples.map((sample) => sample[i]!),
    ),
  );
}

/** Forward mode against differences, the linearization against forward mode, and reverse mode as its adjoint. All in f64. */
export function expectFirstOrder(target: Target, point: Point, random: Random): void {
  const v = directions(random, activeOf(point.inputs, point));
  const tangents = tangentsAt(target, point, v);
  const values = floats(reference.run(point.program, point.inputs));
  const scale = 1e-4 * (1 + norm(values));
  expect(relativeError(tangents, differences(point, v), scale), 'jvp against differences').toBeLessThan(DIFFERENCE);

  const { primal, tangent, residuals, moving } = linearizeProgram(point.program, point.active);
  const count = point.program.outputs.length;
  const kept = target.run(check(primal), point.inputs).slice(count);
  const linear = target.run(check(tangent), [...kept, ...v]);
  const floatOutputs = point.program.outputs.flatMap(({ aval }, i) => (isFloat(aval.dtype) ? [moving[i]] : []));
  const joint = tangents.filter((_, i) => floatOutputs[i]);
  expect(relativeError(linear, joint, 1e-300), 'linearize against jvp').toBeLessThan(ADJOINT);

  const u = directions(random, linear);
  const pulled = target.run(check(transposeProgram(tangent, residuals)), [...kept, ...u]);
  const difference = Math.abs(inner(u, linear) - inner(pulled, v));
  const size = norm(u) * norm(linear) + norm(pulled) * norm(v);
  expect(difference, 'adjoint identity').toBeLessThanOrEqual(ADJOINT * size);
}

/** vᵀHw = wᵀHv for H = ∂/∂x of Jᵀu. */
export function expectSymmetry(target: Target, point: Point, random: Random): void {
  const reverse = reverseOf(point, random);
  const second = { ...reverse, active: reverse.inputs.map((_, i) => point.active[i] ?? false) };
  const [v, w] = [directions(random, activeOf(point.inputs, point)), directions(random, activeOf(point.inputs, point))];
  const hv = tangentsAt(target, second, v);
  const hw = tangentsAt(target, second, w);
  const size = norm(v) * norm(hw) + norm(w) * norm(hv);
  expect(Math.abs(inner(w, hv) - inner(v, hw)), 'symmetry').toBeLessThanOrEqual(ADJOINT * size);
}

/**
 * Every mixture of modes up to `order`: (x, u) ↦ Jᵀu and (x, v) ↦ (f, Jv) are functions like any other, so what is asserted of f is
 * asserted of them; and at second order, that Hessians are symmetric.
 */
export function expectDerivatives(target: Target, point: Point, order: number, random: Random): void {
  expectFirstOrder(target, point, random);
  if (order === 1) return;
  expectSymmetry(target, point, random);
  expectDerivatives(target, reverseOf(point, random), order - 1, random);
  expectDerivatives(target, forwardOf(point, random), order - 1, random);
}
