import { type Atom, copyOf, type Equation, Literal, type Program, prune, simplify, Var } from '../ir/index.js';
import { jvpProgram } from './jvp.js';
import { isFree, remadeEquations } from './residuals.js';

/** A program split at a point: what is computed once, and the linear map that is applied many times. */
export interface LinearizedProgram {
  /** Inputs: the program's. Outputs: the program's, then the residuals. */
  readonly primal: Program;
  /** Inputs: the residuals, then a tangent for each active input. Outputs: the tangents that are not zero. Linear in the tangents. */
  readonly tangent: Program;
  readonly residuals: number;
  /** Which of the program's outputs have a tangent. */
  readonly moving: readonly boolean[];
}

/**
 * Splits the jvp program by what depends on tangents. The rest is the primal program, and what the linear part reads of it are the
 * residuals. Values that cost little to make again are made again instead of kept.
 */
export function linearizeProgram(program: Program, active: readonly boolean[]): LinearizedProgram {
  const { program: joint, moving } = jvpProgram(program, active);
  const { inputs, equations, outputs } = simplify(joint);
  const count = program.inputs.length;
  const linear = new Set<Atom>(inputs.slice(count));
  const known = new Map<Var, Equation>();
  const linearEquations: Equation[] = [];
  for (const equation of equations) {
    if (equation.inputs.some((atom) => linear.has(atom))) {
      linearEquations.push(equation);
      for (const variable of equation.outputs) linear.add(variable);
    } else {
      for (const variable of equation.outputs) known.set(variable, equation);
    }
  }

  const tangents = outputs.slice(program.outputs.length);
  /** What the linear part reads of the rest if these equations, and those that cost nothing, are run again in it. */
  const split = (again: ReadonlySet<Equation>) => {
    const residuals = new Set<Var>();
    const remade = new Set<Equation>();
    const need = (atom: Atom): void => {
      if (atom instanceof Literal || linear.has(atom)) return;
      const equation = known.get(atom);
      if (!equation || !(isFree(equation) || again.has(equation))) {
        residuals.add(atom);
        return;
      }
      if (remade.has(equation)) return;
      equation.inputs.forEach(need);
      remade.add(equation);
    };
    for (const equation of linearEquations) equation.inputs.forEach(need);
    tangents.forEach(need);
    return { residuals, prelude: [...remade] };
  };
  const { residuals, prelude } = split(remadeEquations(split(new Set()).residuals, known));
  const kept = [...residuals];
  return {
    primal: prune({
      inputs: inputs.slice(0, count),
      equations: equations.filter((equation) => known.has(equation.outputs[0]!)),
      outputs: [...outputs.slice(0, program.outputs.length), ...kept],
    }),
    tangent: rename({
      inputs: [...kept, ...inputs.slice(count)],
      equations: [...prelude, ...linearEquations],
      outputs: tangents,
    }),
    residuals: kept.length,
    moving,
  };
}

/** The same program on variables of its own, so that no two programs share one. */
function rename(program: Program): Program {
  const inputs = program.inputs.map((variable) => new Var(variable.aval));
  return { inputs, ...copyOf(program, inputs) };
}
