import { expect } from 'vitest';
import { jvpProgram, linearizeProgram, transposeProgram } from '../../src/ad/index.js';
import type { JvpProgram } from '../../src/ad/jvp.js';
import type { Random } from '../../src/data/random.js';
import { allocateArray, callProgram, isFloat, type Program, type Tensor } from '../../src/ir/index.js';
import { relativeError } from './compare.js';
import { check, programOf } from './programs.js';
import { reference, type Target } from './reference.js';
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

export const activeOf = <T>(values: readonly T[], { active }: Pick<Point, 'active'>): T[] =>
  values.filter((_, i) => active[i]);
const floats = (tensors: readonly Tensor[]): Tensor[] => tensors.filter((tensor) => isFloat(tensor.dtype));
const directions = (random: Random, like: readonly Tensor['aval'][]): Tensor[] =>
  like.map((aval) => directionLike(random, aval));
const avalsOf = (tensors: readonly Tensor[]): Tensor['aval'][] => tensors.map(({ aval }) => aval);

/** J·v of every float output, zeros written out. */
export function tangentsAt(target: Target, point: Point, v: readonly Tensor[]): Tensor[] {
  return runTangents(target, jvpProgram(point.program, point.active), point, v);
}

function runTangents(target: Target, { program, moving }: JvpProgram, point: Point, v: readonly Tensor[]): Tensor[] {
  const results = target.run(check(program), [...point.inputs, ...v]);
  let next = moving.length;
  return moving.flatMap((moves, i) => {
    const { shape, dtype, size } = results[i]!;
    if (moves) return [results[next++]!];
    return isFloat(dtype) ? [tensorOf(allocateArray(dtype, size), shape, dtype)] : [];
  });
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

/** The function (x, u) ↦ Jᵀu at this point and a given u. */
export const pulledBack = (point: Point, u: readonly Tensor[]): Point => ({
  program: vjpProgram(point),
  inputs: [...point.inputs, ...u],
  active: [...point.active, ...u.map(() => true)],
});

/** The function (x, u) ↦ Jᵀu at this point and a random u. */
export function reverseOf(point: Point, random: Random): Point {
  const { moving } = linearizeProgram(point.program, point.active);
  const outputs = point.program.outputs.filter((_, i) => moving[i]);
  return pulledBack(
    point,
    directions(
      random,
      outputs.map(({ aval }) => aval),
    ),
  );
}

/** The function (x, v) ↦ (f(x), Jv) at this point and a random v. */
export function forwardOf(point: Point, random: Random): Point {
  const v = directions(random, avalsOf(activeOf(point.inputs, point)));
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

export interface FirstOrderOptions {
  /** Whether the function is smooth at the point, so that differences tell its derivative. */
  readonly smooth?: boolean;
  /** Of which derivative this is one, for messages: ` over reverse`. */
  readonly over?: string;
}

/** A check of derivatives with everything made that does not depend on who runs it. */
export type Prepared = (target: Target) => void;

/** Forward mode against differences, the linearization against forward mode, and reverse mode as its adjoint. All in f64. */
export function prepareFirstOrder(point: Point, random: Random, options: FirstOrderOptions = {}): Prepared {
  const { smooth = true, over = '' } = options;
  const v = directions(random, avalsOf(activeOf(point.inputs, point)));
  const forward = jvpProgram(point.program, point.active);
  const scale = smooth ? 1e-4 * (1 + norm(floats(reference.run(point.program, point.inputs)))) : 0;
  const slopes = smooth ? differences(point, v) : [];

  const linearized = linearizeProgram(point.program, point.active);
  const { primal, tangent, residuals } = linearized;
  const transposed = check(transposeProgram(check(tangent), residuals));
  const floatOutputs = point.program.outputs.flatMap(({ aval }, i) => (isFloat(aval.dtype) ? [forward.moving[i]] : []));
  const u = directions(
    random,
    tangent.outputs.map(({ aval }) => aval),
  );
  return (target) => {
    const tangents = runTangents(target, forward, point, v);
    if (smooth) {
      expect(relativeError(tangents, slopes, scale), `jvp${over} against differences`).toBeLessThan(DIFFERENCE);
    }
    const kept = target.run(check(primal), point.inputs).slice(point.program.outputs.length);
    const linear = target.run(tangent, [...kept, ...v]);
    const joint = tangents.filter((_, i) => floatOutputs[i]);
    expect(linearized.moving, `what moves${over}`).toEqual(forward.moving);
    expect(relativeError(linear, joint, 1e-300), `linearize${over} against jvp`).toBeLessThan(ADJOINT);

    const pulled = target.run(transposed, [...kept, ...u]);
    const difference = Math.abs(inner(u, linear) - inner(pulled, v));
    const size = norm(u) * norm(linear) + norm(pulled) * norm(v);
    expect(difference, `adjoint identity${over}`).toBeLessThanOrEqual(ADJOINT * size);
  };
}

/** vᵀHw = wᵀHv for H = ∂/∂x of Jᵀu. */
function prepareSymmetry(point: Point, random: Random): Prepared {
  const reverse = reverseOf(point, random);
  const second = { ...reverse, active: reverse.inputs.map((_, i) => point.active[i] ?? false) };
  const like = avalsOf(activeOf(point.inputs, point));
  const [v, w] = [directions(random, like), directions(random, like)];
  const forward = jvpProgram(second.program, second.active);
  return (target) => {
    const hv = runTangents(target, forward, second, v);
    const hw = runTangents(target, forward, second, w);
    const size = norm(v) * norm(hw) + norm(w) * norm(hv);
    expect(Math.abs(inner(w, hv) - inner(v, hw)), 'symmetry').toBeLessThanOrEqual(ADJOINT * size);
  };
}

/**
 * Every mixture of modes up to `order`: (x, u) ↦ Jᵀu and (x, v) ↦ (f, Jv) are functions like any other, so what is asserted of f is
 * asserted of them; and at second order, that Hessians are symmetric.
 */
export function prepareDerivatives(
  point: Point,
  order: number,
  random: Random,
  options: FirstOrderOptions = {},
): Prepared {
  const parts = [prepareFirstOrder(point, random, options)];
  const deeper = (next: Point, mode: string): Prepared =>
    prepareDerivatives(next, order - 1, random, { ...options, over: ` over ${mode}${options.over ?? ''}` });
  if (order > 1) {
    parts.push(
      prepareSymmetry(point, random),
      deeper(reverseOf(point, random), 'reverse'),
      deeper(forwardOf(point, random), 'forward'),
    );
  }
  return (target) => {
    for (const part of parts) part(target);
  };
}

/** {@link prepareFirstOrder}, for one target. */
export const expectFirstOrder = (target: Target, point: Point, random: Random): void =>
  prepareFirstOrder(point, random)(target);

/** {@link prepareDerivatives}, for one target. */
export const expectDerivatives = (target: Target, point: Point, order: number, random: Random): void =>
  prepareDerivatives(point, order, random)(target);
