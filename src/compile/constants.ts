import { type Atom, bytesOf, type Equation, Literal, type Program, prune, sizeOf, Var } from '../ir/index.js';

/** A program in two: what depends on no input, and the rest, which takes the results of the first after its own inputs. */
export interface Split {
  /** Without inputs. */
  readonly constants: Program;
  readonly rest: Program;
}

/** A tensor above this is made anew in every run: to read it back would cost as much, and it would be kept for good. */
const LARGEST_BYTES = 64 * 1024;
/** What the constants of one program may take together. */
const ALL_BYTES = 1 << 20;

/**
 * Takes out of a program what is the same in every run (counters, masks, tables made from them), so that it can be computed once; `undefined` if there
 * is nothing. Broadcasts and views of such values stay, for they cost nothing where they are read.
 */
export function splitConstants(program: Program): Split | undefined {
  const fixed = new Map<Var, Equation>();
  for (const equation of program.equations) {
    const same = equation.inputs.every((atom) => atom instanceof Literal || fixed.has(atom));
    if (same) for (const variable of equation.outputs) fixed.set(variable, equation);
  }
  if (fixed.size === 0) return undefined;

  const taken = new Set<Var>();
  const visited = new Set<Var>();
  let bytes = 0;
  /** Notes what has to be there for `atom` to be read. */
  const need = (atom: Atom): void => {
    const maker = atom instanceof Var ? fixed.get(atom) : undefined;
    if (!maker || visited.has(atom as Var)) return;
    const variable = atom as Var;
    visited.add(variable);
    const { category } = maker.primitive;
    const size = sizeOf(variable.aval.shape) * bytesOf(variable.aval.dtype);
    if (category !== 'broadcast' && category !== 'view' && size <= LARGEST_BYTES && bytes + size <= ALL_BYTES) {
      // All that one equation yields, or what is left of it would be bound twice.
      for (const output of maker.outputs) taken.add(output);
      bytes += size;
    } else {
      maker.inputs.forEach(need);
    }
  };
  for (const equation of program.equations) {
    if (!equation.outputs.some((variable) => fixed.has(variable))) equation.inputs.forEach(need);
  }
  if (taken.size === 0) return undefined;

  const outputs = [...taken];
  const equationsWhere = (keep: (variable: Var) => boolean): Equation[] =>
    program.equations.filter((equation) => keep(equation.outputs[0]!));
  return {
    constants: prune({ inputs: [], equations: equationsWhere((variable) => fixed.has(variable)), outputs }),
    rest: prune({
      inputs: [...program.inputs, ...outputs],
      equations: equationsWhere((variable) => !taken.has(variable)),
      outputs: program.outputs,
    }),
  };
}
