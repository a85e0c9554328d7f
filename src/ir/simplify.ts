import { memo } from './memo.js';
import type { Primitive } from './primitive.js';
import { type Atom, type Equation, Literal, type Param, type Program, sameAval, Var } from './program.js';
import { sizeOf } from './shape.js';

export interface SimplifyOptions {
  /** No derivative will be taken any more: drop operations that exist for the calculus alone. */
  readonly final?: boolean;
}

/**
 * An equal program with less in it: common subexpressions shared, constants folded, neutral operands and empty movements removed, what is
 * the same along an axis computed once, dead equations dropped. Everything is asked of the primitives; none is named.
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

  const visit = (original: Equation): void => {
    const equation = mergeMovement({ ...original, inputs: original.inputs.map(resolve) }, producers);
    const shortcut = unchanged(equation, numberIn, final);
    if (shortcut) {
      replaced.set(equation.outputs[0]!, shortcut);
      return;
    }
    const smaller = beforeBroadcast(equation, producers);
    if (smaller) {
      smaller.forEach(visit);
      return;
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
      return;
    }
    seen.set(key, equation);
    const folded = foldedValue(equation, numberIn);
    if (folded !== undefined) {
      const output = equation.outputs[0]!;
      if (output.aval.shape.length === 0) {
        replaced.set(output, new Literal(folded, output.aval.dtype));
        return;
      }
      uniform.set(output, folded);
    }
    if (equation.primitive.category === 'broadcast') broadcast = equation.primitive;
    const kept = folded === undefined || !broadcast ? equation : uniformEquation(broadcast, folded, equation);
    equations.push(kept);
    for (const variable of kept.outputs) producers.set(variable, kept);
  };
  program.equations.forEach(visit);
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

/**
 * An elementwise operation on repeated values alone, as the same operation before the repetition: it is computed once for each distinct
 * element, and a linearization keeps the small result rather than the large one.
 */
function beforeBroadcast(equation: Equation, producers: ReadonlyMap<Var, Equation>): Equation[] | undefined {
  const { primitive, inputs, outputs } = equation;
  const { shape, dtype } = outputs[0]!.aval;
  if (primitive.category !== 'elementwise' || inputs.length === 0) return undefined;
  const sources: Equation[] = [];
  for (const atom of inputs) {
    const producer = atom instanceof Var ? producers.get(atom) : undefined;
    if (producer?.primitive.category !== 'broadcast') return undefined;
    sources.push(producer);
  }
  const axesOf = ({ params }: Equation): readonly number[] => params.axes as readonly number[];
  const axes = shape.map((_, axis) => axis).filter((axis) => sources.some((source) => axesOf(source).includes(axis)));
  const distinct = axes.map((axis) => shape[axis]!);
  if (sizeOf(distinct) >= sizeOf(shape)) return undefined;
  const repetition = sources[0]!.primitive;
  const result: Equation[] = [];
  const operands = sources.map((source) => {
    if (axesOf(source).length === axes.length) return source.inputs[0]!;
    const operand = new Var({ shape: distinct, dtype: source.outputs[0]!.aval.dtype });
    const params = { shape: distinct, axes: axesOf(source).map((axis) => axes.indexOf(axis)) };
    result.push({ primitive: repetition, params, inputs: source.inputs, outputs: [operand] });
    return operand;
  });
  const once = new Var({ shape: distinct, dtype });
  result.push({ ...equation, inputs: operands, outputs: [once] });
  result.push({ primitive: repetition, params: { shape, axes }, inputs: [once], outputs });
  return result;
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
