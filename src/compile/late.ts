import { type Atom, type Equation, Literal, type Program, sizeOf, Var } from '../ir/index.js';
import { roleOf } from './tape.js';

/** Tensors below this many elements stay in cache wherever they are made. */
const LARGE = 4096;
/** What is computed from inputs alone at most, in additions per element; beyond it, waiting in memory is cheaper than running twice. */
const MAX_WORK = 16;
/** Uses that are at most this many kernels apart share one copy. */
const NEAR = 8;

/**
 * Computes what takes a few elementwise steps from a program's inputs right before it is used, and again for a use much later: inputs are
 * in memory throughout, so nothing has to wait there between the uses. In the Hessian product of ResNet-32 with 128 images the
 * arena takes 320 MiB with it and 560 without.
 */
export function computeLate(program: Program): Program {
  const cheap = cheapEquations(program);
  if (cheap.size === 0) return program;
  const equations: Equation[] = [];
  /** The latest copy of each, and when it was made. */
  const copies = new Map<Var, { readonly variable: Var; readonly at: number }>();
  let now = 0;
  const latest = (atom: Atom): Atom => {
    const equation = atom instanceof Literal ? undefined : cheap.get(atom);
    if (!equation) return atom;
    const variable = atom as Var;
    const copy = copies.get(variable);
    if (copy && now - copy.at <= NEAR) return copy.variable;
    const inputs = equation.inputs.map(latest);
    const output = copy ? new Var(variable.aval) : variable;
    equations.push({ ...equation, inputs, outputs: [output] });
    copies.set(variable, { variable: output, at: now });
    return output;
  };
  for (const equation of program.equations) {
    if (cheap.get(equation.outputs[0]!) === equation) continue;
    equations.push({ ...equation, inputs: equation.inputs.map(latest) });
    if (roleOf(equation.primitive.name).as === 'kernel') now += 1;
  }
  return { ...program, equations, outputs: program.outputs.map(latest) };
}

/** Large elementwise results that follow from inputs at little cost. */
function cheapEquations({ inputs, equations }: Program): Map<Var, Equation> {
  const work = new Map<Atom, number>(inputs.map((variable) => [variable, 0]));
  const cheap = new Map<Var, Equation>();
  for (const equation of equations) {
    const role = roleOf(equation.primitive.name);
    if (role.as !== 'step' && role.as !== 'access') continue;
    const before = equation.inputs.map((atom) => (atom instanceof Literal ? 0 : work.get(atom)));
    const total = before.reduce((sum: number, each) => sum + (each ?? Number.POSITIVE_INFINITY), 0);
    const [output] = equation.outputs;
    const sum = total + (role.as === 'step' ? role.work : 0);
    if (!output || sum > MAX_WORK) continue;
    work.set(output, sum);
    if (sizeOf(output.aval.shape) >= LARGE) cheap.set(output, equation);
  }
  return cheap;
}
