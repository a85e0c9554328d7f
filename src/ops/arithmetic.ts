import { type Primitive, scalar, type Value } from '../ir/index.js';
import { addPrimitive, apply, inferNumeric, sumOf } from './calculus.js';
import { equal, less, select } from './compare.js';
import { bilinear, binary, linear, notLinear } from './define.js';
import { type Operand, pair } from './movement.js';

export const negPrimitive: Primitive = linear('neg', {
  category: 'elementwise',
  evaluate: (x) => -x!,
  infer: (inputs) => inferNumeric('neg', inputs),
  transpose: (ct) => [neg(ct)],
});

export const subPrimitive: Primitive = binary('sub', {
  evaluate: (x, y) => x - y,
  rightIdentity: 0,
  jvp: ({ dx, dy }) => {
    if (dx && dy) return sub(dx, dy);
    return dx ?? neg(dy!);
  },
  transpose: ({ cotangents: [ct], inputs: [x, y] }) => [x ? null : ct!, y ? null : neg(ct!)],
});

export const mulPrimitive: Primitive = bilinear('mul', {
  category: 'elementwise',
  evaluate: (x, y) => x * y,
  commutative: true,
  rightIdentity: 1,
  infer: (inputs) => inferNumeric('mul', inputs),
  left: (ct, y) => mul(ct, y),
  right: (ct, x) => mul(ct, x),
});

/** x / y. i32 divides towards zero, and gives 0 where y = 0, so that every backend agrees. */
export const divPrimitive: Primitive = binary('div', {
  evaluate: (x, y) => x / y,
  rightIdentity: 1,
  jvp: ({ y, z, dx, dy }) => sumOf([dx && div(dx, y), dy && neg(div(mul(z, dy), y))]),
  transpose({ cotangents: [ct], inputs: [, y] }) {
    if (!y) throw notLinear('div');
    return [div(ct!, y), null];
  },
});

/** max(x, y); NaN if either is. At a tie each side gets half of the tangent. */
export const maximumPrimitive: Primitive = binary('maximum', {
  evaluate: (x, y) => Math.max(x, y),
  commutative: true,
  jvp: ({ x, y, dx, dy }) => sumOf([dx && mul(dx, share(y, x)), dy && mul(dy, share(x, y))]),
});

/** min(x, y); NaN if either is. At a tie each side gets half of the tangent. */
export const minimumPrimitive: Primitive = binary('minimum', {
  evaluate: (x, y) => Math.min(x, y),
  commutative: true,
  jvp: ({ x, y, dx, dy }) => sumOf([dx && mul(dx, share(x, y)), dy && mul(dy, share(y, x))]),
});

/** 1 where x < y, ½ where they tie, 0 elsewhere. */
const share = (x: Value, y: Value): Value => {
  const number = (value: number) => scalar(value, x.dtype);
  return select(less(x, y), number(1), select(equal(x, y), number(0.5), number(0)));
};

const operator =
  (primitive: Primitive) =>
  (x: Operand, y: Operand): Value =>
    apply(primitive, pair(primitive.name, x, y), {});

export const add = operator(addPrimitive);
export const sub = operator(subPrimitive);
export const mul = operator(mulPrimitive);
export const div = operator(divPrimitive);
export const maximum = operator(maximumPrimitive);
export const minimum = operator(minimumPrimitive);
export const neg = (x: Value): Value => apply(negPrimitive, [x], {});
