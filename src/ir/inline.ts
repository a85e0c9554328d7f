import { type Atom, type Equation, Literal, type Program, Var } from './program.js';
import { simplify } from './simplify.js';

/**
 * An equal program in which every equation that stands for a program is replaced by that program's equations, for backends. Each body is
 * simplified by itself and never with what surrounds it: a body that computes something anew must not be handed the value kept elsewhere.
 */
export function inlineBodies(program: Program): Program {
  if (!program.equations.some(({ primitive }) => primitive.body)) return program;
  const replaced = new Map<Var, Atom>();
  const resolve = (atom: Atom): Atom => (atom instanceof Literal ? atom : (replaced.get(atom) ?? atom));
  const equations = program.equations.flatMap((original): Equation[] => {
    const equation = { ...original, inputs: original.inputs.map(resolve) };
    const body = equation.primitive.body?.(equation.params);
    if (!body) return [equation];
    const copy = copyOf(inlineBodies(simplify(body, { final: true })), equation.inputs);
    equation.outputs.forEach((variable, i) => {
      replaced.set(variable, copy.outputs[i]!);
    });
    return copy.equations;
  });
  return { inputs: program.inputs, equations, outputs: program.outputs.map(resolve) };
}

/** The equations of a program on variables of their own, applied to `inputs`. */
export function copyOf(
  program: Program,
  inputs: readonly Atom[],
): { readonly equations: Equation[]; readonly outputs: Atom[] } {
  const fresh = new Map<Var, Atom>(program.inputs.map((variable, i) => [variable, inputs[i]!]));
  const read = (atom: Atom): Atom => (atom instanceof Literal ? atom : fresh.get(atom)!);
  const equations = program.equations.map((equation) => {
    const operands = equation.inputs.map(read);
    const outputs = equation.outputs.map((variable) => {
      const copy = new Var(variable.aval);
      fresh.set(variable, copy);
      return copy;
    });
    return { ...equation, inputs: operands, outputs };
  });
  return { equations, outputs: program.outputs.map(read) };
}
