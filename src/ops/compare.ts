import {
  type Aval,
  DTypeError,
  formatAval,
  type Primitive,
  ShapeError,
  sameShape,
  scalar,
  type Value,
} from '../ir/index.js';
import { apply, inferSame } from './calculus.js';
import { constant, linear } from './define.js';
import { broadcastTogether, type Operand, pair } from './movement.js';

const comparison = (name: string, test: (x: number, y: number) => boolean): Primitive =>
  constant(name, {
    category: 'elementwise',
    evaluate: (x, y) => Number(test(x!, y!)),
    infer: (inputs) => ({ shape: inferSame(name, inputs).shape, dtype: 'bool' }),
  });

export const equalPrimitive: Primitive = comparison('equal', (x, y) => x === y);
export const lessPrimitive: Primitive = comparison('less', (x, y) => x < y);
export const lessEqualPrimitive: Primitive = comparison('lessEqual', (x, y) => x <= y);

const inferBool = (name: string, inputs: readonly Aval[]): Aval => {
  const aval = inferSame(name, inputs);
  if (aval.dtype !== 'bool')
    throw new DTypeError(`${name}: operands must be bool, got ${formatAval(aval)}; compare first`);
  return aval;
};

const logical = (name: string, evaluate: (...bits: number[]) => number): Primitive =>
  constant(name, { category: 'elementwise', evaluate, infer: (inputs) => inferBool(name, inputs) });

export const andPrimitive: Primitive = logical('and', (x, y) => x! & y!);
export const orPrimitive: Primitive = logical('or', (x, y) => x! | y!);
export const notPrimitive: Primitive = logical('not', (x) => 1 - x!);

/** `predicate ? x : y`. Linear in x and y together; the branch not taken contributes exactly 0 to the cotangent, even if it is NaN. */
export const selectPrimitive: Primitive = linear('select', {
  category: 'elementwise',
  fixed: 1,
  evaluate: (p, x, y) => (p ? x! : y!),
  infer([predicate, ...branches]) {
    const aval = inferSame('select', branches);
    inferBool('select', [predicate!]);
    if (!sameShape(predicate!.shape, aval.shape)) {
      throw new ShapeError(
        `select: predicate ${formatAval(predicate!)} and branches ${formatAval(aval)} must have one shape`,
      );
    }
    return aval;
  },
  transpose(ct, { inputs: [predicate, x, y] }) {
    const zero = scalar(0, ct.dtype);
    return [x ? null : select(predicate!, ct, zero), y ? null : select(predicate!, zero, ct)];
  },
});

const comparator =
  (primitive: Primitive) =>
  (x: Operand, y: Operand): Value =>
    apply(primitive, pair(primitive.name, x, y), {});

export const equal = comparator(equalPrimitive);
export const less = comparator(lessPrimitive);
export const lessEqual = comparator(lessEqualPrimitive);
export const greater = (x: Operand, y: Operand): Value => less(y, x);
export const greaterEqual = (x: Operand, y: Operand): Value => lessEqual(y, x);
export const logicalAnd = comparator(andPrimitive);
export const logicalOr = comparator(orPrimitive);
export const logicalNot = (x: Value): Value => apply(notPrimitive, [x], {});

/** Elementwise choice; all three broadcast together. */
export function select(predicate: Value, x: Operand, y: Operand): Value {
  const [a, b] = pair('select', x, y);
  const [p, first] = broadcastTogether('select', predicate, a);
  const [, second] = broadcastTogether('select', p, b);
  return apply(selectPrimitive, [p, broadcastTogether('select', first, p)[0], second], {});
}
