import {
  type Aval,
  type DType,
  type Equation,
  Literal,
  type Program,
  type Shape,
  sizeOf,
  type Var,
} from '../ir/index.js';
import type { ParamsOf, PrimitiveName } from '../ops/index.js';
import { type Convolution, convolutionCodes, convolutionFor } from './convolution.js';
import { fuse } from './fuse.js';
import { stridesOver } from './fuse-pattern.js';
import type { Access, Fused, Group, Kernel } from './instructions.js';
import { type MemoryPlan, planMemory } from './plan.js';
import { dtypeCodes, FUSED, HEADER_WORDS, LINE, pushWide, slotKinds, TAPE_MAGIC, TAPE_VERSION } from './tape.js';

/** What a native executor needs to run a program; see tape.ts for the format. */
export interface Tape {
  readonly words: Int32Array;
  readonly literals: Float64Array;
  readonly instructions: number;
  /** How many of them are groups. */
  readonly sweeps: number;
  readonly arenaBytes: number;
  /** The most bytes of the arena in use at one time. */
  readonly peakBytes: number;
  /** Convolutions by what computes them. */
  readonly convolutions: Readonly<Record<Convolution, number>>;
  /** The dtype and size of each array the executor fills. */
  readonly results: readonly { readonly dtype: DType; readonly size: number }[];
  /** Which of the results is each output of the program; outputs that are equal share one. */
  readonly outputs: readonly number[];
}

export interface EncodeOptions {
  /** What computes convolutions, where it applies; `direct` unless given. */
  readonly convolution?: Convolution;
}

/** Fuses, plans and encodes a program. */
export function encode(program: Program, { convolution = 'direct' }: EncodeOptions = {}): Tape {
  const fused = fuse(program);
  return new Encoder(fused, planMemory(fused), convolution).encode();
}

/** The numbers each kernel needs besides the shapes of its operands, in the order native/cpu/kernels.cc reads them. */
type ParamEncoders = { readonly [N in PrimitiveName]?: (params: ParamsOf<N>) => readonly number[] };

/** Without the last one, the algorithm. */
const geometry = ({ strides, padding, dilation, groups }: ParamsOf<'conv2d'>): number[] => [
  ...strides,
  ...padding.flat(),
  ...dilation,
  groups,
];
const window = ({ window, strides, padding }: ParamsOf<'windowSum'>): number[] => [
  ...window,
  ...strides,
  ...padding.flat(),
];

const paramEncoders: ParamEncoders = {
  transpose: ({ permutation }) => permutation,
  slice: ({ start, stride }) => [...start, ...stride],
  pad: ({ low, high, interior }) => [...low, ...high, ...interior],
  concatenate: ({ axis }) => [axis],
  reverse: ({ axes }) => axes,
  iota: ({ axis }) => [axis],
  argmax: ({ axis }) => [axis],
  dot: ({ transA, transB }) => [Number(transA), Number(transB)],
  conv2d: geometry,
  conv2dInputGrad: geometry,
  conv2dFilterGrad: geometry,
  windowArgmax: window,
  windowSum: window,
  windowSpread: window,
};

function encodeParams({ primitive, params }: Equation): readonly number[] {
  const encoder = paramEncoders[primitive.name as PrimitiveName] as
    | ((params: Equation['params']) => readonly number[])
    | undefined;
  return encoder?.(params) ?? [];
}

/** The filter of a convolution, which is an operand of two members of the family and the result of the third. */
const filters: { readonly [N in PrimitiveName]?: (equation: Equation) => Aval } = {
  conv2d: ({ inputs }) => inputs[1]!.aval,
  conv2dInputGrad: ({ inputs }) => inputs[1]!.aval,
  conv2dFilterGrad: ({ outputs }) => outputs[0]!.aval,
};

class Encoder {
  private readonly words: number[] = [];
  private readonly literals: number[] = [];
  private readonly buffers = new Map<Var, number>();
  private readonly fused: Fused;
  private readonly plan: MemoryPlan;
  private readonly wish: Convolution;
  private readonly convolutions: Record<Convolution, number> = { direct: 0, winograd: 0, winograd4: 0 };

  constructor(fused: Fused, plan: MemoryPlan, wish: Convolution) {
    this.fused = fused;
    this.plan = plan;
    this.wish = wish;
    for (const variable of [...fused.inputs, ...plan.outputs, ...plan.lines.keys()]) this.buffer(variable);
    // Empty tensors have no memory but may still be operands.
    for (const instruction of fused.instructions) {
      if (instruction.kind === 'kernel') for (const variable of instruction.inputs) this.buffer(variable);
    }
  }

  encode(): Tape {
    const { words, fused, plan } = this;
    words.push(TAPE_MAGIC, TAPE_VERSION, 0);
    pushWide(words, plan.arenaLines);
    words.push(fused.inputs.length, plan.outputs.length, this.buffers.size, fused.instructions.length);
    if (words.length !== HEADER_WORDS) throw new RangeError(`tape: the header has ${words.length} words`);
    for (const variable of this.buffers.keys()) {
      words.push(dtypeCodes[variable.aval.dtype]);
      pushWide(words, sizeOf(variable.aval.shape));
      pushWide(words, plan.lines.get(variable) ?? 0);
    }
    for (const instruction of fused.instructions) {
      const start = words.length;
      words.push(instruction.kind === 'fused' ? FUSED : instruction.code, 0);
      if (instruction.kind === 'fused') this.group(instruction);
      else this.kernel(instruction);
      words[start + 1] = words.length - start;
    }
    words[2] = words.length;
    return {
      words: Int32Array.from(words),
      literals: Float64Array.from(this.literals),
      instructions: fused.instructions.length,
      sweeps: fused.instructions.filter(({ kind }) => kind === 'fused').length,
      arenaBytes: plan.arenaLines * LINE,
      peakBytes: plan.peakLines * LINE,
      convolutions: this.convolutions,
      results: plan.outputs.map(({ aval }) => ({ dtype: aval.dtype, size: sizeOf(aval.shape) })),
      outputs: fused.outputs.map((variable) => plan.outputs.indexOf(variable)),
    };
  }

  private buffer(variable: Var): number {
    let index = this.buffers.get(variable);
    if (index === undefined) {
      index = this.buffers.size;
      this.buffers.set(variable, index);
    }
    return index;
  }

  private kernel({ equation, inputs, output }: Kernel): void {
    const { words } = this;
    words.push(inputs.length);
    // The shape of an operand is the equation's: the tensor may have been made under another one.
    inputs.forEach((variable, i) => {
      this.operand(variable, equation.inputs[i]!.aval.shape);
    });
    this.operand(output, output.aval.shape);
    const params = [...encodeParams(equation), ...this.algorithm(equation)];
    words.push(params.length);
    for (const value of params) pushWide(words, value);
  }

  private algorithm(equation: Equation): number[] {
    const filter = filters[equation.primitive.name as PrimitiveName]?.(equation);
    if (!filter) return [];
    const chosen = convolutionFor(this.wish, equation.params as ParamsOf<'conv2d'>, filter.shape, filter.dtype);
    this.convolutions[chosen]++;
    return [convolutionCodes[chosen]];
  }

  private operand(variable: Var, shape: Shape): void {
    this.words.push(this.buffer(variable), shape.length);
    for (const extent of shape) pushWide(this.words, extent);
  }

  private group(group: Group): void {
    const { words } = this;
    const extents = group.extents;
    words.push(extents.length);
    for (const extent of extents) pushWide(words, extent);

    const slots = new Slots(group);
    const steps = group.steps.map((step, i) => {
      // Sources first: the destination may be the scratch of one that is read here for the last time.
      const inputs = step.inputs.map((access) => slots.source(access, i));
      return [step.code, slots.destination(step.output), ...inputs, ...new Array<number>(3 - inputs.length).fill(-1)];
    });
    const folds = group.folds.map((fold) => {
      const mask = stridesOver(fold.pattern, extents).reduce(
        (bits, stride, axis) => bits | (stride ? 1 << axis : 0),
        0,
      );
      return [fold.code, slots.source(fold.input, group.steps.length), this.buffer(fold.output), mask];
    });

    words.push(slots.list.length);
    for (const slot of slots.list) {
      words.push(slotKinds[slot.kind], dtypeCodes[slot.dtype]);
      if (slot.kind === 'immediate') {
        words.push(this.literals.length);
        this.literals.push(slot.value);
      } else {
        words.push(slot.variable ? this.buffer(slot.variable) : 0);
      }
      if (slot.kind === 'operand') for (const stride of slot.strides) pushWide(words, stride);
    }
    words.push(steps.length, ...steps.flat(), folds.length, ...folds.flat());
  }
}

type Slot =
  | { readonly kind: 'scratch'; readonly dtype: DType; readonly variable?: undefined }
  | { readonly kind: 'output'; readonly dtype: DType; readonly variable: Var }
  | { readonly kind: 'immediate'; readonly dtype: DType; readonly value: number }
  | { readonly kind: 'operand'; readonly dtype: DType; readonly variable: Var; readonly strides: readonly number[] };

/** The places a group's steps read and write; scratch is reused as soon as its last reader has run. */
class Slots {
  readonly list: Slot[] = [];
  private readonly group: Group;
  private readonly extents: readonly number[];
  private readonly shared = new Map<string, number>();
  private readonly names = new Map<Var, number>();
  private readonly results = new Map<Var, number>();
  private readonly lastRead = new Map<Var, number>();
  private readonly free = new Map<DType, number[]>();

  constructor(group: Group) {
    this.group = group;
    this.extents = group.extents;
    group.steps.forEach((step, i) => {
      for (const access of step.inputs) if (group.reads(access)) this.lastRead.set(access.root as Var, i);
    });
    for (const { input } of group.folds) {
      if (group.reads(input)) this.lastRead.set(input.root as Var, group.steps.length);
    }
  }

  /** The slot to read `access` from, in step `index`. */
  source(access: Access, index: number): number {
    const { root, pattern } = access;
    const { dtype } = root.aval;
    if (this.group.reads(access)) {
      const variable = root as Var;
      const slot = this.results.get(variable)!;
      if (this.lastRead.get(variable) === index && this.list[slot]!.kind === 'scratch') this.release(variable, slot);
      return slot;
    }
    if (root instanceof Literal) {
      // −0 and 0 are different literals.
      const key = `${dtype} ${Object.is(root.value, -0) ? '-0' : root.value}`;
      return this.share(key, { kind: 'immediate', dtype, value: root.value });
    }
    const strides = stridesOver(pattern, this.extents);
    return this.share(`${this.name(root)} ${strides}`, { kind: 'operand', dtype, variable: root, strides });
  }

  /** The slot a step writes. */
  destination(variable: Var): number {
    const { dtype } = variable.aval;
    const slot = this.group.stored.has(variable)
      ? this.list.push({ kind: 'output', dtype, variable }) - 1
      : (this.free.get(dtype)?.pop() ?? this.list.push({ kind: 'scratch', dtype }) - 1);
    this.results.set(variable, slot);
    return slot;
  }

  private release(variable: Var, slot: number): void {
    this.lastRead.delete(variable);
    const { dtype } = this.list[slot]!;
    this.free.set(dtype, [...(this.free.get(dtype) ?? []), slot]);
  }

  private name(variable: Var): number {
    let name = this.names.get(variable);
    if (name === undefined) {
      name = this.names.size;
      this.names.set(variable, name);
    }
    return name;
  }

  private share(key: string, slot: Slot): number {
    let index = this.shared.get(key);
    if (index === undefined) {
      index = this.list.push(slot) - 1;
      this.shared.set(key, index);
    }
    return index;
  }
}
