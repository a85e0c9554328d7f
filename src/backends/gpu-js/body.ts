import { sizeOf } from '../../ir/index.js';
import { type Launch, type Limits, type Place, Scratch } from './launch.js';

/** Most threads along one side of the grid whose index is taken apart: a quotient of floats is exact below this. */
const DIVISIBLE = 2 ** 21;
/** Rows shorter than this are joined with what is around them: threads run four at a time along x in WebAssembly. */
const SHORT = 16;

/** Numbers that the kernel languages have no literal for; read from an array that the device keeps. */
export const SPECIALS: readonly number[] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
/** Stands for that array among the inputs of a launch. */
export const specials = new Scratch(SPECIALS.length);

/** Writes the body of one kernel line by line. */
export class Body {
  readonly limits: Limits;
  readonly inputs: Place[] = [];
  private readonly lines: string[] = [];
  private names = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** The name of an array to read. */
  array(place: Place): string {
    const known = this.inputs.indexOf(place);
    return `a${known >= 0 ? known : this.inputs.push(place) - 1}`;
  }

  add(line: string): void {
    this.lines.push(line);
  }

  /** Where the next line goes. */
  get position(): number {
    return this.lines.length;
  }

  insert(position: number, line: string): void {
    this.lines.splice(position, 0, line);
  }

  fresh(): string {
    return `t${this.names++}`;
  }

  /** Names the value of an expression. */
  set(expression: string): string {
    const name = this.fresh();
    this.add(`const ${name} = ${expression};`);
    return name;
  }

  /** The same under a name that may be given another value. */
  variable(expression: string): string {
    const name = this.fresh();
    this.add(`let ${name} = ${expression};`);
    return name;
  }

  /** Names an offset (see {@link offsetOf}); a plain number stays one, for under a name it would be a float. */
  offset(indices: readonly string[], strides: readonly number[], start = 0): string {
    const offset = offsetOf(indices, strides, start);
    return /^\d+$/.test(offset) ? offset : this.set(offset);
  }

  /** ⌊whole / divisor⌋ of a whole number from 0 to 2²¹. */
  quotient(whole: string, divisor: number): string {
    return `Math.floor((${whole} + 0.5) / ${divisor})`;
  }

  /** An index as an integer, where that is cheaper than a float to count on from. */
  integer(index: string): string {
    return this.limits.integers && index.includes('t') ? `((${index}) | 0)` : index;
  }

  /** A number as the kernel's language writes it. */
  literal(value: number): string {
    const special = SPECIALS.indexOf(value);
    if (Number.isNaN(value)) return `${this.array(specials)}[2]`;
    if (special >= 0) return `${this.array(specials)}[${special}]`;
    const text = String(Math.abs(value));
    return value < 0 || Object.is(value, -0) ? `(-${text})` : text;
  }

  /** Deals the elements of an array to threads: the index of this thread along each axis, outermost first, and the grid. */
  threads(extents: readonly number[]): { readonly digits: string[]; readonly grid: number[] } {
    if (extents.length === 0) return { digits: [], grid: [1] };
    const sides = sidesOf(extents);
    const digits: string[] = [];
    sides.toReversed().forEach((side, i) => {
      const thread = `this.thread.${'zyx'.slice(-sides.length)[i]}`;
      digits.push(...this.apart(thread, side));
    });
    return { digits, grid: sides.map(sizeOf) };
  }

  /** The digits of a number in the mixed radix `extents`, outermost first. */
  private apart(whole: string, extents: readonly number[]): string[] {
    // Only as it stands is a thread's index an integer: whatever is declared in a kernel is a float.
    if (extents.length === 1) return [whole];
    let rest = this.set(whole);
    const digits: string[] = [];
    for (let axis = extents.length - 1; axis > 0; axis--) {
      const extent = extents[axis]!;
      if (extent === 1) {
        digits.unshift('0');
        continue;
      }
      const above = this.set(this.quotient(rest, extent));
      digits.unshift(this.set(`${rest} - ${above} * ${extent}`));
      rest = above;
    }
    return [rest, ...digits];
  }

  launch(output: Place, grid: readonly number[], width: 1 | 4 = 1): Launch {
    return { body: this.lines.join('\n'), inputs: this.inputs, output, grid, width };
  }
}

/** Joins axes into at most three sides, x first, each a list of extents outermost first. */
function sidesOf(extents: readonly number[]): (readonly number[])[] {
  const rest = [...extents];
  const x = [rest.pop()!];
  while (rest.length > 0 && sizeOf(x) < SHORT && sizeOf(x) * rest.at(-1)! <= DIVISIBLE) x.unshift(rest.pop()!);
  if (rest.length === 0) return [x];
  const y = [rest.pop()!];
  if (rest.length === 0) return [x, y];
  return [x, y, rest];
}

/** Σ index·stride, where an index that is '0' or a stride of 0 adds nothing. */
export function offsetOf(indices: readonly string[], strides: readonly number[], start = 0): string {
  const terms = indices.flatMap((index, axis) => {
    const stride = strides[axis]!;
    if (stride === 0 || index === '0') return [];
    return stride === 1 ? [index] : [`${index} * ${stride}`];
  });
  if (start !== 0 || terms.length === 0) terms.push(String(start));
  return terms.join(' + ').replaceAll('+ -', '- ');
}

/** Conditions that hold for NaN, and for NaN and ±∞. Written with `==`, since `!=` of WGSL does not hold where an operand is NaN. */
export const isNotNumber = (x: string): string => `!(${x} == ${x})`;
export const isNotFinite = (x: string): string => `!(${x} - ${x} == 0)`;
