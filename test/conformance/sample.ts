import { Random } from '../../src/data/random.js';
import type { DType, Params, Primitive, Program, Shape, Tensor, Value } from '../../src/ir/index.js';
import { bind, sizeOf } from '../../src/ir/index.js';
import { broadcastTo, transpose } from '../../src/ops/index.js';
import { evaluate } from '../support/evaluate.js';
import { programOf } from '../support/programs.js';
import { type Draw, tensorOf } from '../support/tensors.js';
import type { Jet } from './jet.js';

/** An input as it is drawn; `T` stands for whichever dtype the sample is run in. */
export interface Source {
  readonly shape: Shape;
  readonly draw: Draw;
  readonly dtype: DType | 'T';
  /** What happens to it before the operation reads it. */
  readonly via?: (x: Value) => Value;
  readonly layout?: 'repeated' | 'turned';
}

export const source = (shape: Shape, draw: Draw, dtype: DType | 'T' = 'T'): Source => ({ shape, draw, dtype });

/** An operand that repeats a smaller input, as NumPy broadcasts. */
export const repeated = (from: Shape, to: Shape, draw: Draw, dtype: DType | 'T' = 'T'): Source => ({
  ...source(from, draw, dtype),
  layout: 'repeated',
  via: (x) => broadcastTo(x, to),
});

/** An operand of `shape` that is the transpose of an input. */
export const turned = (shape: Shape, draw: Draw, dtype: DType | 'T' = 'T'): Source => ({
  ...source(shape.toReversed(), draw, dtype),
  layout: 'turned',
  via: (x) => transpose(x),
});

/** One use of a primitive. */
export interface Sample<P extends Params = Params> {
  readonly name: string;
  readonly params: P;
  readonly inputs: readonly Source[];
  /** What `T` stands for in turn. */
  readonly dtypes: readonly DType[];
  /** Params for one dtype, where they are not the same for all. */
  paramsIn?(dtype: DType): P;
  /** Inputs in which the operation is smooth there: every derivative, to third order, is held to differences. */
  readonly differentiable?: readonly number[];
  /** At ties and kinks, at ±0 and in tails, where differences tell nothing: the derivatives in other words. */
  readonly jet?: Jet<P>;
  /**
   * The operation told again in other words, in f64 numbers. Absent: the reference backend is the definition. A method, on purpose: a
   * sample with narrow params is usable as `Sample`.
   */
  expected?(inputs: readonly Tensor[], params: P, shape: Shape): number[];
}

export const FLOATS: readonly DType[] = ['f64', 'f32'];
export const NUMERIC: readonly DType[] = ['f64', 'f32', 'i32', 'u8'];
export const ANY: readonly DType[] = ['f64', 'f32', 'i32', 'u8', 'bool'];

/** Lengths that end in the middle of every vector width, and those that do not begin. */
export const SIZES: readonly number[] = [0, 1, 2, 3, 7, 31, 63];

/** Draws a sample's inputs: the same numbers for every dtype, rounded. */
export const drawInputs = ({ name, inputs }: Sample, dtype: DType, seed = 1): Tensor[] =>
  inputs.map(({ shape, draw, dtype: own }, i) => {
    const values = draw(new Random(seed, `${name}/${i}`), sizeOf(shape));
    return tensorOf(values, shape, own === 'T' ? dtype : own);
  });

export const paramsOf = <P extends Params>(sample: Sample<P>, dtype: DType): P =>
  sample.paramsIn?.(dtype) ?? sample.params;

/** The operation on operands that repeat or turn the inputs as the sample says. */
export const programOfSample = (
  primitive: Primitive,
  sample: Sample,
  inputs: readonly Tensor[],
  dtype: DType,
): Program =>
  programOf(
    (...values) =>
      bind(
        primitive,
        values.map((x, i) => sample.inputs[i]!.via?.(x) ?? x),
        paramsOf(sample, dtype),
      ),
    inputs.map((x) => x.aval),
  );

/** What the operation itself reads. */
export const operandsOf = ({ inputs: sources }: Sample, inputs: readonly Tensor[]): Tensor[] =>
  inputs.map((x, i) => {
    const { via } = sources[i]!;
    return via ? evaluate((value) => via(value), [x]) : x;
  });

/** An array of `shape` from a function of the index, row-major. */
export function tabulate(shape: Shape, element: (...index: number[]) => number): number[] {
  const result: number[] = [];
  const visit = (index: readonly number[]): void => {
    if (index.length === shape.length) {
      result.push(element(...index));
      return;
    }
    for (let i = 0; i < shape[index.length]!; i++) visit([...index, i]);
  };
  visit([]);
  return result;
}

/** Reads a tensor by index; 0 outside it. */
export function reader(tensor: Tensor): (...index: number[]) => number {
  const { shape } = tensor;
  const data = tensor.data();
  return (...index) => {
    let offset = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      const i = index[axis]!;
      if (i < 0 || i >= shape[axis]!) return 0;
      offset = offset * shape[axis]! + i;
    }
    return data[offset]!;
  };
}

/** Σ over i in 0 … count − 1. */
export function total(count: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += term(i);
  return sum;
}
