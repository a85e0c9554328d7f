import { memo } from './memo.js';
import type { Primitive } from './primitive.js';
import { type Atom, type Equation, Literal, type Param, type Program, sameAval, Var } from './program.js';

export interface SimplifyOptions {
  /** No derivative will be taken any more: drop operations that exist for the calculus alone. */
  readonly final?: boolean;
}

/**
 * An equal program with less in it: common subexpressions shared, constants folded, neutral operands and empty movements removed, dead
 * equations dropped. Everything is asked of the primitives; none is named.
 */
export function simplify(program: Program, { final = false }: SimplifyOptions = {}): Program {
  const replaced = new Map<Var, Atom>();
  const resolve = (atom: Atom): Atom => (atom instanceof Literal ? atom : (replaced.get(atom) ?? atom));
  /** Variables known to hold one number throughout. */
  const uniform = new Map<Var, number>();
  const numberIn = (atom: Atom): number | undefined => (atom instanceof Literal ? atom.value : uniform.get(atom));
  const producers = new Map<Var, Equation>();
  const seen = new Map<string, Equation>();
  const identity = new Map<Var, number>();
  const nameOf = (atom: Atom): string => {
    // −0 and 0 print alike but are not the same number.
    if (atom instanceof Literal) return `${Object.is(atom.value, -0) ? '-0' : atom.value}${atom.aval.dtype}`;
    return `v${memo(identity, atom, () => identity.size)}`;
  };
  const equations: Equation[] = [];
  /** How this program says "one number throughout"; the language layer above owns the primitive. */
  let broadcast: Primitive | undefined;

  for (const original of program.equations) {
    const equation = mergeMovement({ ...original, inputs: original.inputs.map(resolve) }, producers);
    const shortcut = unchanged(equation, numberIn, final);
    if (shortcut) {
      replaced.set(equation.outputs[0]!, shortcut);
      continue;
    }
    const names = equation.inputs.map(nameOf);
    if (equation.primitive.commutative) names.sort();
    const key = `${equation.primitive.name}${formatParams(equation.params)}(${names})`;
    const twin = seen.get(key);
    if (twin) {
      equation.outputs.forEach((variable, i) => {
        // The twin may itself have been replaced, by the number it folded to.
        replaced.set(variable, resolve(twin.outputs[i]!));
      });
      continue;
    }
    seen.set(key, equation);
    const folded = foldedValue(equation, numberIn);
    if (folded !== undefined) {
      const output = equation.outputs[0]!;
      if (output.aval.shape.length === 0) {
        replaced.set(output, new Literal(folded, output.aval.dtype));
        continue;
      }
      uniform.set(output, folded);
    }
    if (equation.primitive.category === 'broadcast') broadcast = equation.primitive;
    const kept = folded === undefined || !broadcast ? equation : uniformEquation(broadcast, folded, equation);
    equations.push(kept);
    for (const variable of kept.outputs) producers.set(variable, kept);
  }
  return prune({ inputs: program.inputs, equations, outputs: program.outputs.map(resolve) });
}

/** The broadcast of a literal that yields what `equation` does. */
function uniformEquation(broadcast: Primitive, value: number, { outputs }: Equation): Equation {
  const { shape, dtype } = outputs[0]!.aval;
  return { primitive: broadcast, params: { shape, axes: [] }, inputs: [new Literal(value, dtype)], outputs };
}

/** Drops equations whose results nobody reads. */
export function prune(program: Program): Program {
  const live = new Set<Atom>(program.outputs);
  const kept: Equation[] = [];
  for (const equation of program.equations.toReversed()) {
    if (!equation.outputs.some((variable) => live.has(variable))) continue;
    for (const atom of equation.inputs) live.add(atom);
    kept.push(equation);
  }
  return { ...program, equations: kept.reverse() };
}

/** A view of a view, or a broadcast of a broadcast, reads the first source directly. */
function mergeMovement(equation: Equation, producers: ReadonlyMap<Var, Equation>): Equation {
  const source = equation.inputs[0];
  const producer = source instanceof Var ? producers.get(source) : undefined;
  if (!producer || producer.primitive !== equation.primitive) return equation;
  if (equation.primitive.category === 'view') return { ...equation, inputs: producer.inputs };
  if (equation.primitive.category === 'broadcast') {
    const outer = equation.params.axes as readonly number[];
    const axes = (producer.params.axes as readonly number[]).map((axis) => outer[axis]!);
    return { ...equation, params: { ...equation.params, axes }, inputs: producer.inputs };
  }
  return equation;
}

/** The input that an equation merely repeats, if it does. */
function unchanged(
  { primitive, inputs, outputs }: Equation,
  numberIn: (atom: Atom) => number | undefined,
  final: boolean,
): Atom | undefined {
  const [x, y] = inputs;
  const output = outputs[0]!;
  if (!x || !sameAval(x.aval, output.aval)) return undefined;
  const { category, rightIdentity, commutative, transparent } = primitive;
  if (category === 'view' || category === 'broadcast' || (transparent && final)) return x;
  if (rightIdentity === undefined || !y) return undefined;
  if (Object.is(numberIn(y), rightIdentity)) return x;
  return commutative && Object.is(numberIn(x), rightIdentity) ? y : undefined;
}

/** The number an equation yields in every element, if its inputs are such numbers. */
function foldedValue(
  { primitive, inputs, outputs }: Equation,
  numberIn: (atom: Atom) => number | undefined,
): number | undefined {
  const numbers = inputs.map(numberIn);
  if (numbers.length === 0 || numbers.some((value) => value === undefined)) return undefined;
  if (primitive.category === 'broadcast' || primitive.category === 'view') return numbers[0];
  const { dtype } = outputs[0]!.aval;
  if (!primitive.evaluate || primitive.transparent || dtype === 'i32' || dtype === 'u8') return undefined;
  const value = primitive.evaluate(...(numbers as number[]));
  if (dtype === 'bool') return value ? 1 : 0;
  return dtype === 'f32' ? Math.fround(value) : value;
}

function formatParams(params: { readonly [key: string]: Param }): string {
  return JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)));
}
