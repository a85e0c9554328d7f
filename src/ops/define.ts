import {
  type Aval,
  type BatchContext,
  type Category,
  type JvpContext,
  type MaybeZero,
  type Params,
  type Primitive,
  requireFloat,
  TraceError,
  type TransposeContext,
  type Value,
} from '../ir/index.js';
import { apply, batchAll, inferNumeric, instantiate, sumOf } from './calculus.js';

/** The definers name the algebra of an operation; what follows from the algebra is derived here once. */

/** What an operation does to a batch: derived from its algebra, or stated. Leaving it out is a compile error. */
type Batching<P extends Params> =
  /** Element by element: the same operation on larger shapes. */
  | { readonly category: 'elementwise' }
  | {
      readonly category?: Exclude<Category, 'elementwise'>;
      /** The same operation under these params on inputs that have one more axis, of extent `size`, in front. */
      lift(params: P, size: number): P;
    }
  | {
      readonly category?: Exclude<Category, 'elementwise'>;
      /** The output with the batch axis in front. */
      batch(context: BatchContext<P>): Value;
    };

function batchRule<P extends Params>(
  primitive: Primitive<P>,
  rule: Batching<P>,
  context: BatchContext<P>,
): readonly Value[] {
  if ('batch' in rule) return [rule.batch(context)];
  const { params, size } = context;
  return batchAll(primitive, context, 'lift' in rule ? rule.lift(params, size) : params);
}

interface UnaryRule {
  readonly evaluate: (x: number) => number;
  /** Tangent from the input's tangent, the input and the output; absent: the derivative is zero almost everywhere. */
  readonly jvp?: (tangent: Value, x: Value, y: Value) => MaybeZero;
  readonly ulps?: number;
}

/** A function of one float, element by element. */
export function unary(name: string, { evaluate, jvp, ulps = 2 }: UnaryRule): Primitive {
  const primitive: Primitive = {
    name,
    category: 'elementwise',
    evaluate: evaluate as (...elements: number[]) => number,
    ulps,
    infer([x]) {
      requireFloat(name, x!.dtype);
      return [x!];
    },
    jvp: ({ primals: [x], tangents: [t], outputs: [y] }) => [jvp ? jvp(t!, x!, y!) : null],
    batch: (context) => batchAll(primitive, context, context.params),
  };
  return primitive;
}

interface BinaryRule {
  readonly evaluate: (x: number, y: number) => number;
  readonly jvp: (context: { x: Value; y: Value; z: Value; dx: MaybeZero; dy: MaybeZero }) => MaybeZero;
  readonly transpose?: (context: TransposeContext<Params>) => readonly MaybeZero[];
  readonly rightIdentity?: number;
  readonly commutative?: boolean;
  readonly ulps?: number;
}

/** A function of two numbers of one dtype, element by element. */
export function binary(name: string, { evaluate, jvp, transpose, ...traits }: BinaryRule): Primitive {
  const primitive: Primitive = {
    name,
    category: 'elementwise',
    evaluate: evaluate as (...elements: number[]) => number,
    ...traits,
    infer: (inputs) => [inferNumeric(name, inputs)],
    jvp: ({ primals: [x, y], tangents: [dx, dy], outputs: [z] }) => [
      jvp({ x: x!, y: y!, z: z!, dx: dx ?? null, dy: dy ?? null }),
    ],
    ...(transpose && { transpose }),
    batch: (context) => batchAll(primitive, context, context.params),
  };
  return primitive;
}

interface LinearRule<P extends Params> {
  infer(inputs: readonly Aval[], params: P): Aval;
  /** How many leading inputs are not differentiated (predicates, indices). */
  readonly fixed?: number;
  /** Cotangents of the linear inputs, from the output's cotangent and the fixed inputs. */
  transpose(cotangent: Value, context: TransposeContext<P>): readonly MaybeZero[];
  readonly evaluate?: (...elements: number[]) => number;
}

/** Jointly linear in every input after the first `fixed` ones: its own tangent rule; only the adjoint must be told. */
export function linear<P extends Params>(name: string, rule: LinearRule<P> & Batching<P>): Primitive<P> {
  const fixed = rule.fixed ?? 0;
  const primitive: Primitive<P> = {
    name,
    category: rule.category ?? 'opaque',
    ...(rule.evaluate && { evaluate: rule.evaluate }),
    infer: (inputs, params) => [rule.infer(inputs, params)],
    jvp({ primals, tangents, params }) {
      const inputs = primals.map((x, i) => (i < fixed ? x : instantiate(tangents[i]!, x.aval)));
      return [apply(primitive, inputs, params)];
    },
    transpose(context) {
      if (context.inputs.slice(0, fixed).includes(null)) throw notLinear(name);
      return [...new Array<null>(fixed).fill(null), ...rule.transpose(context.cotangents[0]!, context)];
    },
    batch: (context) => batchRule(primitive, rule, context),
  };
  return primitive;
}

interface BilinearRule<P extends Params> {
  readonly commutative?: boolean;
  readonly rightIdentity?: number;
  readonly evaluate?: (x: number, y: number) => number;
  infer(inputs: readonly Aval[], params: P): Aval;
  /** The adjoint in the left input: from the cotangent and the right input. */
  left(cotangent: Value, right: Value, context: TransposeContext<P>): Value;
  /** The adjoint in the right input: from the cotangent and the left input. */
  right(cotangent: Value, left: Value, context: TransposeContext<P>): Value;
}

/** What transposing meets where a custom rule is no rule: only linear operations have an adjoint. */
export const notLinear = (name: string): TraceError =>
  new TraceError(`${name}: is not linear in all of its inputs that depend on a tangent, so it has no adjoint there`);

/** Linear in each of two inputs: the product rule and both adjoints follow. */
export function bilinear<P extends Params>(name: string, rule: BilinearRule<P> & Batching<P>): Primitive<P> {
  const { category = 'opaque', evaluate, commutative, rightIdentity } = rule;
  const primitive: Primitive<P> = {
    name,
    category,
    ...(evaluate && { evaluate: evaluate as (...elements: number[]) => number }),
    ...(commutative !== undefined && { commutative }),
    ...(rightIdentity !== undefined && { rightIdentity }),
    infer: (inputs, params) => [rule.infer(inputs, params)],
    jvp({ primals: [x, y], tangents: [dx, dy], params }) {
      return [sumOf([dx ? apply(primitive, [dx, y!], params) : null, dy ? apply(primitive, [x!, dy], params) : null])];
    },
    transpose(context) {
      const ct = context.cotangents[0]!;
      const [x, y] = context.inputs;
      if (!x && !y) throw notLinear(name);
      return [x ? null : rule.left(ct, y!, context), y ? null : rule.right(ct, x!, context)];
    },
    batch: (context) => batchRule(primitive, rule, context),
  };
  return primitive;
}

interface GeneralRule<P extends Params> {
  infer(inputs: readonly Aval[], params: P): Aval;
  jvp(context: JvpContext<P>): MaybeZero;
  readonly ulps?: number;
}

/** Neither linear nor elementwise in one argument: the tangent must be told, and is made of operations that know their adjoint. */
export function general<P extends Params>(name: string, rule: GeneralRule<P> & Batching<P>): Primitive<P> {
  const primitive: Primitive<P> = {
    name,
    category: rule.category ?? 'opaque',
    infer: (inputs, params) => [rule.infer(inputs, params)],
    jvp: (context) => [rule.jvp(context)],
    batch: (context) => batchRule(primitive, rule, context),
  };
  return primitive;
}

interface ConstantRule<P extends Params> {
  readonly commutative?: boolean;
  readonly transparent?: boolean;
  readonly evaluate?: (...elements: number[]) => number;
  infer(inputs: readonly Aval[], params: P): Aval;
}

/** Locally constant: comparisons, indices, counters. Its tangent is zero. */
export function constant<P extends Params>(name: string, rule: ConstantRule<P> & Batching<P>): Primitive<P> {
  const { category = 'opaque', evaluate, commutative, transparent } = rule;
  const primitive: Primitive<P> = {
    name,
    category,
    ...(evaluate && { evaluate }),
    ...(commutative !== undefined && { commutative }),
    ...(transparent !== undefined && { transparent }),
    infer: (inputs, params) => [rule.infer(inputs, params)],
    jvp: () => [null],
    batch: (context) => batchRule(primitive, rule, context),
  };
  return primitive;
}
