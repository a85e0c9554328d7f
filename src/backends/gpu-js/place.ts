import { type Atom, type DType, type Equation, Literal, type Program, sizeOf, Var } from '../../ir/index.js';
import { primitives } from '../../ops/index.js';
import { LARGEST_WHOLE } from './launch.js';

/** Where an equation runs: as a kernel of gpu.js, or on the host by the reference backend. */
export type Side = 'device' | 'host';

/** A run of equations on one side, as a program. */
export interface Stretch {
  readonly side: Side;
  readonly program: Program;
}

/** Primitives whose first input is i32 indices, of which only those within a small range mean anything. */
const indexed = new Set<unknown>([primitives.takeRows, primitives.addRows, primitives.planeTake, primitives.planePut]);
/** What adds where indices say. As a kernel each element of the result looks through all indices. */
const scatters = new Set<unknown>([primitives.addRows, primitives.planePut]);
/** What tells apart a whole number that is exact and one that may be the last of those that are. */
const comparisons = new Set<unknown>([primitives.equal, primitives.less, primitives.lessEqual]);
/** What hands elements on unchanged, or chooses among those of its inputs. */
const selects = new Set<unknown>([
  primitives.stopGradient,
  primitives.select,
  primitives.maximum,
  primitives.minimum,
  primitives.transpose,
  primitives.slice,
  primitives.reverse,
  primitives.concatenate,
  primitives.pad,
  primitives.max,
  primitives.takeRows,
  primitives.planeTake,
]);

/**
 * Decides for each equation, and groups them into as few stretches as their order allows. The device has f32, bool, u8 that is only
 * read or moved, and i32 that was made there from positions (`argmax`, `iota`), since these stay exact. All else in i32, u8 and f64 is the host's.
 */
export function placed(program: Program, scattersOnHost: boolean): Stretch[] {
  const exact = new Set<Atom>();
  const sides = new Map<Equation, Side>();
  for (const equation of program.equations) {
    const side = sideOf(equation, exact, scattersOnHost);
    sides.set(equation, side);
    if (side === 'device') for (const variable of equation.outputs) exact.add(variable);
  }
  return stretches(program, sides);
}

function sideOf({ primitive, inputs, outputs }: Equation, exact: ReadonlySet<Atom>, scattersOnHost: boolean): Side {
  if (scattersOnHost && scatters.has(primitive)) return 'host';
  const { category } = primitive;
  const plain = (dtype: DType): boolean => dtype === 'f32' || dtype === 'bool';
  const known = (atom: Atom): boolean =>
    plain(atom.aval.dtype) ||
    atom.aval.dtype === 'u8' ||
    exact.has(atom) ||
    (atom instanceof Literal && atom.aval.dtype !== 'f64' && Math.abs(atom.value) < LARGEST_WHOLE);
  const fits = inputs.every((atom, i) => {
    if (known(atom)) return true;
    if (atom.aval.dtype !== 'i32') return false;
    return (i === 0 && indexed.has(primitive)) || (comparisons.has(primitive) && known(inputs[1 - i]!));
  });
  if (!fits) return 'host';
  const [output] = outputs;
  const { dtype, shape } = output!.aval;
  if (plain(dtype)) return 'device';
  if (dtype === 'f64') return 'host';
  const positions =
    primitive === primitives.argmax || primitive === primitives.windowArgmax || primitive === primitives.iota;
  const small = sizeOf(positions && primitive !== primitives.iota ? inputs[0]!.aval.shape : shape) < LARGEST_WHOLE;
  const moved = category === 'view' || category === 'broadcast' || selects.has(primitive);
  const truth = primitive === primitives.convert && inputs[0]!.aval.dtype === 'bool';
  return (positions && small) || moved || truth ? 'device' : 'host';
}

function stretches(program: Program, sides: ReadonlyMap<Equation, Side>): Stretch[] {
  const ready = new Set<Atom>(program.inputs);
  const runs: { side: Side; equations: Equation[] }[] = [];
  let waiting = program.equations;
  let side: Side = waiting.length > 0 ? sides.get(waiting[0]!)! : 'device';
  while (waiting.length > 0) {
    const taken: Equation[] = [];
    waiting = waiting.filter((equation) => {
      const can =
        sides.get(equation) === side && equation.inputs.every((atom) => atom instanceof Literal || ready.has(atom));
      if (!can) return true;
      taken.push(equation);
      for (const variable of equation.outputs) ready.add(variable);
      return false;
    });
    if (taken.length > 0) runs.push({ side, equations: taken });
    side = side === 'device' ? 'host' : 'device';
  }
  const wanted = new Set<Atom>(program.outputs);
  return runs
    .toReversed()
    .map(({ side, equations }): Stretch => {
      const made = new Set<Var>(equations.flatMap(({ outputs }) => outputs));
      const inputs = new Set(
        equations.flatMap((equation) => equation.inputs).filter((atom) => atom instanceof Var && !made.has(atom)),
      );
      const outputs = [...made].filter((variable) => wanted.has(variable));
      for (const atom of inputs) wanted.add(atom);
      return { side, program: { inputs: [...inputs] as Var[], equations, outputs } };
    })
    .reverse();
}
