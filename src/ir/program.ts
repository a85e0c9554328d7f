import { type DType, isFloat } from './dtype.js';
import type { Primitive } from './primitive.js';
import { type Shape, sizeOf } from './shape.js';

/** What is known of a value before it exists: its shape and dtype ("abstract value"). */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A name that a program binds exactly once. Identity is the object. */
export class Var {
  readonly aval: Aval;
  constructor(aval: Aval) {
    sizeOf(aval.shape);
    this.aval = aval;
  }
}

/** A number written into the program; always rank 0. */
export class Literal {
  readonly value: number;
  readonly aval: Aval;
  constructor(value: number, dtype: DType) {
    this.value = value;
    this.aval = { shape: [], dtype };
  }
}

export type Atom = Var | Literal;

/** Values that parameterise an equation and are not data: axes, strides, shapes. They print as JSON, so that equations can be compared. */
export type Param = number | string | boolean | Subprogram | readonly Param[];
export type Params = { readonly [key: string]: Param };

/** `outputs = primitive[params](inputs)`. */
export interface Equation {
  readonly primitive: Primitive;
  readonly params: Params;
  readonly inputs: readonly Atom[];
  readonly outputs: readonly Var[];
}

/**
 * A straight-line, purely functional program: the one language that is traced, differentiated, simplified, encoded and run.
 * Constants do not exist apart from {@link Literal}s; tensors a traced function closed over arrive as additional inputs.
 */
export interface Program {
  readonly inputs: readonly Var[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];
}

let subprograms = 0;

/** A closed program as a param of an equation, for primitives that run one. Equal only to itself. */
export class Subprogram {
  readonly program: Program;
  /** Tells subprograms apart where params are compared as text. */
  readonly id = subprograms++;
  /** What transforms have made of it, by name, so that applying one twice gives the same subprogram again. */
  readonly derived = new Map<string, Subprogram>();
  constructor(program: Program) {
    this.program = program;
  }
  toJSON(): string {
    return `program ${this.id}`;
  }
}

export const sameAval = (a: Aval, b: Aval): boolean =>
  a === b ||
  (a.dtype === b.dtype && a.shape.length === b.shape.length && a.shape.every((extent, i) => extent === b.shape[i]));

/** `f32[2, 3]` for messages and the printer. */
export const formatAval = (aval: Aval): string => `${aval.dtype}[${aval.shape.join(', ')}]`;

/** Whether a tangent can exist for a value of this kind. */
export const isDifferentiable = (aval: Aval): boolean => isFloat(aval.dtype);
