import type { Aval, Params, Program } from './program.js';
import type { Value } from './value.js';

/** A tangent or cotangent; `null` is the symbolic zero, which costs nothing. */
export type MaybeZero = Value | null;

/**
 * What a primitive is to the passes that do not care which one it is:
 * - `elementwise`: output element i depends on element i of each input; all shapes equal. Can be fused.
 * - `broadcast`: repeats its input along new axes. Can be fused into whatever reads it, and is never worth keeping as a residual.
 * - `reduction`: folds axes away. Can end a fused group.
 * - `view`: the same elements in the same order under another shape; costs nothing to run.
 * - `opaque`: anything with a kernel of its own.
 */
export type Category = 'elementwise' | 'broadcast' | 'reduction' | 'view' | 'opaque';

export interface JvpContext<P extends Params> {
  readonly params: P;
  readonly primals: readonly Value[];
  /** At least one is not `null`. */
  readonly tangents: readonly MaybeZero[];
  readonly outputs: readonly Value[];
}

export interface TransposeContext<P extends Params> {
  readonly params: P;
  /** Cotangents of the outputs, at least one not `null`. */
  readonly cotangents: readonly MaybeZero[];
  /** The inputs that are known; `null` marks those in which the equation is linear and whose cotangent is wanted. */
  readonly inputs: readonly MaybeZero[];
  readonly avals: readonly Aval[];
}

export interface BatchContext<P extends Params> {
  readonly params: P;
  /** Extent of the batch axis; at least 1, for an empty batch asks no rule. */
  readonly size: number;
  readonly inputs: readonly Value[];
  /** Which inputs carry the batch axis, in front; at least one does. The others are the same for every example. */
  readonly batched: readonly boolean[];
}

/**
 * One operation of the language. Rules are written in the language itself, so that every order of derivative and every backend
 * follows from them. Methods are declared in method syntax on purpose: a primitive with narrow params is usable as `Primitive`.
 */
export interface Primitive<P extends Params = Params> {
  readonly name: string;
  readonly category: Category;
  /** Shape and dtype rule. @throws ShapeError or DTypeError on inputs it is not defined for. */
  infer(inputs: readonly Aval[], params: P): Aval[];
  /** Tangents of the outputs (forward mode). */
  jvp(context: JvpContext<P>): readonly MaybeZero[];
  /** Cotangents of the unknown inputs; absent if the primitive is linear in nothing. */
  transpose?(context: TransposeContext<P>): readonly MaybeZero[];
  /** The outputs for every example of a batch at once, each with the batch axis in front. */
  batch(context: BatchContext<P>): readonly Value[];
  /** For elementwise primitives: the function of one element, in f64. The living definition; also folds constants. */
  readonly evaluate?: (...elements: number[]) => number;
  /** The program that an equation stands for; backends run that in its place, and need no kernel. */
  body?(params: P): Program;
  /** x ∘ right = x. */
  readonly rightIdentity?: number;
  /** Hands its input on unchanged and matters to derivatives only. */
  readonly transparent?: boolean;
  /** The order of the two inputs does not matter. */
  readonly commutative?: boolean;
  /** Largest relative error in f32 that any backend may have on the stated domain, in units of 2⁻²⁴; see the conformance tests. */
  readonly ulps?: number;
}
