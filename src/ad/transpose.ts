import {
  type Atom,
  bind,
  Literal,
  type MaybeZero,
  type Program,
  scalar,
  simplify,
  TraceError,
  trace,
  type Value,
  type Var,
} from '../ir/index.js';
import { instantiate, sumOf } from '../ops/calculus.js';

/**
 * Pulls cotangents back through a program that is linear in its inputs after the first `known.length` ones.
 * @returns the cotangent of each linear input, `null` where it is zero.
 * @throws {TraceError} if an equation on the way is not linear.
 */
export function pullBack(program: Program, known: readonly Value[], cotangents: readonly MaybeZero[]): MaybeZero[] {
  const values = new Map<Var, Value>();
  known.forEach((value, i) => {
    values.set(program.inputs[i]!, value);
  });
  const linear = new Set<Atom>(program.inputs.slice(known.length));
  const read = (atom: Atom): Value =>
    atom instanceof Literal ? scalar(atom.value, atom.aval.dtype) : values.get(atom)!;
  const linearEquations = program.equations.filter((equation) => {
    if (equation.inputs.some((atom) => linear.has(atom))) {
      for (const variable of equation.outputs) linear.add(variable);
      return true;
    }
    const results = bind(equation.primitive, equation.inputs.map(read), equation.params);
    equation.outputs.forEach((variable, i) => {
      values.set(variable, results[i]!);
    });
    return false;
  });

  const cotangentOf = new Map<Atom, MaybeZero>();
  const accumulate = (atom: Atom, cotangent: MaybeZero): void => {
    if (linear.has(atom)) cotangentOf.set(atom, sumOf([cotangentOf.get(atom) ?? null, cotangent]));
  };
  program.outputs.forEach((atom, i) => {
    accumulate(atom, cotangents[i]!);
  });
  for (const { primitive, params, inputs, outputs } of linearEquations.toReversed()) {
    const incoming = outputs.map((variable) => cotangentOf.get(variable) ?? null);
    if (incoming.every((cotangent) => cotangent === null)) continue;
    if (!primitive.transpose) {
      throw new TraceError(
        `transpose: ${primitive.name} has no adjoint; only linear operations may depend on a tangent`,
      );
    }
    const outgoing = primitive.transpose({
      params,
      cotangents: incoming,
      inputs: inputs.map((atom) => (linear.has(atom) ? null : read(atom))),
      avals: inputs.map((atom) => atom.aval),
    });
    inputs.forEach((atom, i) => {
      accumulate(atom, outgoing[i]!);
    });
  }
  return program.inputs.slice(known.length).map((variable) => cotangentOf.get(variable) ?? null);
}

/**
 * The adjoint of a program that is linear in its inputs after the first `residuals` ones.
 * Inputs: the residuals, then a cotangent for each output. Outputs: a cotangent for each linear input, zeros written out.
 */
export function transposeProgram(program: Program, residuals: number): Program {
  const known = program.inputs.slice(0, residuals).map((variable) => variable.aval);
  const cotangents = program.outputs.map((atom) => atom.aval);
  const traced = trace(
    (...inputs) => {
      const pulled = pullBack(program, inputs.slice(0, residuals), inputs.slice(residuals));
      return pulled.map((value, i) => instantiate(value, program.inputs[residuals + i]!.aval));
    },
    [...known, ...cotangents],
  );
  return simplify(traced.program);
}
