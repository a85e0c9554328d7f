import { type DType, holds, type TypedArray } from './dtype.js';
import { DTypeError, ShapeError, TraceError } from './errors.js';
import { type Atom, type Aval, formatAval } from './program.js';
import { formatShape, type Shape, sizeOf } from './shape.js';
import type { Trace } from './trace.js';

/** Anything an operation accepts and returns: a {@link Tensor} that exists, or a {@link Tracer} that stands for one. */
export abstract class Value {
  abstract readonly aval: Aval;
  get shape(): Shape {
    return this.aval.shape;
  }
  get dtype(): DType {
    return this.aval.dtype;
  }
  get rank(): number {
    return this.aval.shape.length;
  }
  get size(): number {
    return sizeOf(this.aval.shape);
  }
  /** The elements, row-major. @throws {TraceError} on a traced value, which has none yet. */
  abstract data(): TypedArray;
  /** The only element. @throws {ShapeError} unless there is exactly one; {TraceError} on a traced value. */
  item(): number {
    if (this.size !== 1) throw new ShapeError(`item: needs exactly one element, got ${formatShape(this.shape)}`);
    return this.data()[0]!;
  }
}

/** Where a tensor's elements live. Backends that keep them elsewhere than on the host bring their own. */
export interface Storage {
  /** Copies (or lends) the elements to the host. The caller must not write to the result. */
  read(): TypedArray;
}

/** An immutable array that exists. Memory is reclaimed by the garbage collector. */
export class Tensor extends Value {
  readonly aval: Aval;
  readonly storage: Storage;
  constructor(aval: Aval, storage: Storage) {
    super();
    this.aval = aval;
    this.storage = storage;
  }

  /**
   * Wraps a host array without copying it; do not write to `array` afterwards.
   * @throws {ShapeError} if the number of elements is not the product of `shape`; {DTypeError} if the array class is not `dtype`'s.
   */
  static of(array: TypedArray, shape: Shape, dtype: DType): Tensor {
    if (sizeOf(shape) !== array.length) {
      throw new ShapeError(`tensor: shape ${formatShape(shape)} needs ${sizeOf(shape)} elements, got ${array.length}`);
    }
    if (!holds(dtype, array)) throw new DTypeError(`tensor: ${dtype} is not held in a ${array.constructor.name}`);
    return new Tensor({ shape: [...shape], dtype }, { read: () => array });
  }

  override data(): TypedArray {
    return this.storage.read();
  }
}

/** A value inside a function that is being traced. */
export class Tracer extends Value {
  readonly trace: Trace;
  readonly atom: Atom;
  constructor(trace: Trace, atom: Atom) {
    super();
    this.trace = trace;
    this.atom = atom;
  }
  override get aval(): Aval {
    return this.atom.aval;
  }
  override data(): TypedArray {
    throw new TraceError(
      `data: a traced ${formatAval(this.aval)} has no elements yet; return it from the traced function and read it outside`,
    );
  }
}
