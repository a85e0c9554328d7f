// Programs that tell whether an executor differentiates right, one for each primitive: a small function in f64 that uses it, of second order in what it
// reads, its derivative in either mode, and the derivative of both. make-corpus.mjs writes them to native/test/derivatives as tapes, each
//
//     (x…, v…, w…, others…)  ↦  (f, Jᵀw, Jv, Hv)
//
// for p inputs x and q results f of float numbers: a direction v for each x, a cotangent w for each f, and whole numbers or truth values that nothing
// is differentiated in. H is the derivative of Jᵀw. derivatives_test.cc holds them to differences and to each other.
import { encode } from '../../dist/src/compile/encode.js';
import {
  abs,
  add,
  argmax,
  averagePool,
  broadcastTo,
  concatenate,
  conv2d,
  convert,
  cos,
  div,
  equal,
  exp,
  expm1,
  floor,
  full,
  grad,
  iota,
  jvp,
  less,
  lessEqual,
  linearize,
  log,
  log1p,
  logicalAnd,
  logicalNot,
  logicalOr,
  matmul,
  max,
  maximum,
  maxPool,
  minimum,
  mul,
  neg,
  pad,
  pow,
  primitives,
  reshape,
  reverse,
  rsqrt,
  select,
  sigmoid,
  sign,
  sin,
  slice,
  softplus,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  takeRows,
  tanh,
  transpose,
} from '../../dist/src/index.js';
import { inlineBodies, simplify, trace } from '../../dist/src/ir/index.js';

const f64 = (...shape) => ({ shape, dtype: 'f64' });
const i32 = (...shape) => ({ shape, dtype: 'i32' });

/** The adjoint of a linear function of an array of that shape: how the primitives that only derivatives use are had. */
const adjoint = (fn, shape) => (cotangent) => grad((x) => sum(mul(fn(x), cotangent)))(full(shape, 1, 'f64'));

const image = [2, 6, 5, 3];
const filter = [3, 2, 3, 4];
const strided = { strides: [2, 1], padding: 'same' };
/** Images of 2 groups of channels. */
const grouped = { groups: 2, dilation: [1, 2] };

/** By primitive: the function, its float inputs, its others. */
const functions = {
  add: [(x, y) => square(add(x, y)), [f64(3, 4), f64(4)]],
  broadcast: [(x, y) => mul(broadcastTo(reshape(x, [3, 1, 2]), [3, 4, 2]), y), [f64(6), f64(3, 4, 2)]],
  sum: [(x) => square(sum(x, { axes: [0, 2] })), [f64(3, 4, 2)]],
  neg: [(x) => exp(neg(x)), [f64(7)]],
  sub: [(x, y) => square(sub(x, y)), [f64(3, 4), f64(3, 1)]],
  mul: [(x, y) => mul(x, y), [f64(3, 4), f64(4)]],
  div: [(x, y) => div(x, y), [f64(3, 4), f64(4)]],
  maximum: [(x, y) => mul(maximum(x, y), x), [f64(9), f64(9)]],
  minimum: [(x, y) => mul(minimum(x, y), x), [f64(9), f64(9)]],
  equal: [(x, y, i) => select(equal(i, 1), square(x), mul(x, y)), [f64(9), f64(9)], [i32(9)]],
  less: [(x, y) => select(less(x, y), square(x), mul(x, y)), [f64(9), f64(9)]],
  lessEqual: [(x, y) => select(lessEqual(x, y), square(x), mul(x, y)), [f64(9), f64(9)]],
  and: [(x, y, i) => select(logicalAnd(less(x, y), less(i, 2)), square(x), mul(x, y)), [f64(9), f64(9)], [i32(9)]],
  or: [(x, y, i) => select(logicalOr(less(x, y), less(i, 2)), square(x), mul(x, y)), [f64(9), f64(9)], [i32(9)]],
  not: [(x, y) => select(logicalNot(less(x, y)), square(x), mul(x, y)), [f64(9), f64(9)]],
  select: [(x, y, i) => square(select(less(i, 2), x, mul(x, y))), [f64(3, 5), f64(5)], [i32(3, 5)]],
  abs: [(x) => mul(abs(sub(x, 1)), x), [f64(9)]],
  sign: [(x) => mul(sign(sub(x, 1)), square(x)), [f64(9)]],
  floor: [(x) => mul(floor(mul(x, 3)), square(x)), [f64(9)]],
  pow: [(x, y) => pow(x, y), [f64(3, 4), f64(4)]],
  stopGradient: [(x, i) => mul(stopGradient(convert(i, 'f64')), square(x)), [f64(9)], [i32(9)]],
  convert: [(x, i) => mul(square(convert(convert(x, 'f32'), 'f64')), convert(i, 'f64')), [f64(9)], [i32(9)]],
  reshape: [(x, y) => matmul(reshape(x, [4, 3]), y), [f64(3, 4), f64(3, 2)]],
  transpose: [(x, y) => mul(transpose(x, [2, 0, 1]), y), [f64(3, 4, 2), f64(2, 3, 4)]],
  slice: [(x) => square(slice(x, [1, 0], [5, 4], [2, 1])), [f64(6, 4)]],
  pad: [(x, y) => mul(pad(x, [1, 0], [2, 1], [1, 0]), y), [f64(3, 4), f64(8, 5)]],
  concatenate: [(x, y) => square(concatenate([x, y, x], 1)), [f64(2, 3), f64(2, 1)]],
  reverse: [(x) => mul(reverse(x, [0, 2]), x), [f64(3, 2, 4)]],
  iota: [(x) => mul(iota([3, 5], 1, 'f64'), square(x)), [f64(3, 5)]],
  max: [(x) => square(max(x, { axes: 1 })), [f64(4, 6)]],
  argmax: [(x) => mul(convert(argmax(x), 'f64'), square(sum(x, { axes: 1 }))), [f64(4, 6)]],
  dot: [(x, y) => matmul(x, y, { transA: true }), [f64(2, 5, 3), f64(2, 5, 4)]],
  conv2d: [(x, y) => conv2d(x, y, strided), [f64(...image), f64(...filter)]],
  conv2dInputGrad: [
    (dy, y) => adjoint((x) => conv2d(x, y, grouped), [2, 6, 5, 4])(dy),
    [f64(2, 6, 5, 6), f64(3, 2, 2, 6)],
  ],
  conv2dFilterGrad: [(dy, x) => adjoint((y) => conv2d(x, y, strided), filter)(dy), [f64(2, 3, 5, 4), f64(...image)]],
  windowArgmax: [(x, y) => mul(maxPool(x, { window: 2 }), y), [f64(...image), f64(2, 3, 2, 3)]],
  planeTake: [(x) => square(maxPool(x, { window: 3, strides: 2 })), [f64(...image)]],
  planePut: [
    (x, dy) => square(grad((z) => sum(mul(maxPool(z, { window: 2 }), dy)))(x)),
    [f64(...image), f64(2, 3, 2, 3)],
  ],
  windowSum: [(x) => square(averagePool(x, { window: [3, 2], strides: 1 })), [f64(...image)]],
  windowSpread: [
    (dy, y) => mul(adjoint((x) => averagePool(x, { window: [3, 2], strides: 1 }), image)(dy), y),
    [f64(2, 4, 4, 3), f64(...image)],
  ],
  takeRows: [(x, i) => square(takeRows(x, i)), [f64(5, 3)], [i32(7)]],
  addRows: [(dy, y, i) => mul(adjoint((x) => takeRows(x, i), [5, 3])(dy), y), [f64(7, 3), f64(5, 3)], [i32(7)]],
};
const smooth = { exp, expm1, log, log1p, sqrt, rsqrt, tanh, sigmoid, softplus, sin, cos };
for (const [name, fn] of Object.entries(smooth)) functions[name] = [(x) => fn(x), [f64(9)]];

/** The program of the head of this file. */
function derivativesOf(name, [fn, moving, others = []]) {
  const results = (...inputs) => [fn(...inputs)].flat();
  const { program } = trace(results, [...moving, ...others]);
  if (!program.equations.some(({ primitive }) => primitive.name === name)) {
    throw new Error(`derivatives: the program of ${name} does not use it`);
  }
  const p = moving.length;
  const cotangents = program.outputs.map(({ aval }) => aval);
  const avals = [...moving, ...moving, ...cotangents, ...others];
  const { program: traced } = trace((...inputs) => {
    const part = (from, count) => inputs.slice(from, from + count);
    const w = part(2 * p, cotangents.length);
    const rest = inputs.slice(2 * p + cotangents.length);
    const first = (...x) => {
      const at = linearize((...x) => results(...x, ...rest), ...x);
      return [...at.value, ...at.vjp(w)];
    };
    const { value, tangent } = jvp(first, part(0, p), part(p, p));
    return [...value, ...tangent];
  }, avals);
  return inlineBodies(simplify(traced, { final: true }));
}

/** The tapes by name. Throws if a primitive of the registry has none, or a derivative is no array of its own: a number that is known, say. */
export function derivativeTapes() {
  const missing = Object.keys(primitives).filter((name) => !(name in functions));
  if (missing.length > 0) throw new Error(`derivatives: no program uses ${missing.join(', ')}`);
  return Object.entries(functions).map(([name, given]) => {
    const tape = encode(derivativesOf(name, given));
    if (tape.results.length !== tape.outputs.length || tape.outputs.some((result, i) => result !== i)) {
      throw new Error(`derivatives: what ${name} yields is not all computed`);
    }
    return [name, tape];
  });
}
