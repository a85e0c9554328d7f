// Writes the seed corpus of the tape fuzzer: small programs that between them use every instruction, step and fold, and the programs of
// training and of hypergradients; and the derivatives of each primitive for native/test. `npm run fuzz:corpus`; needed again when the tape's format
// changes.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encode } from '../../dist/src/compile/encode.js';
import { roles } from '../../dist/src/compile/tape.js';
import * as library from '../../dist/src/index.js';
import { trace } from '../../dist/src/ir/index.js';
import { derivativeTapes } from './derivatives.mjs';

const {
  abs,
  add,
  argmax,
  averagePool,
  broadcastTo,
  concatenate,
  conv2d,
  cos,
  crossEntropy,
  div,
  equal,
  exp,
  expm1,
  floor,
  grad,
  hvp,
  iota,
  less,
  lessEqual,
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
  parametricCrossEntropy,
  pow,
  Random,
  ravel,
  reshape,
  reverse,
  rsqrt,
  select,
  sigmoid,
  sign,
  sin,
  slice,
  smallCnn,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  takeRows,
  tanh,
  tensor,
  transpose,
  convert,
} = library;

const folder = fileURLToPath(new URL('corpus/', import.meta.url));

const f32 = (...shape) => ({ shape, dtype: 'f32' });
const f64 = (...shape) => ({ shape, dtype: 'f64' });
const i32 = (...shape) => ({ shape, dtype: 'i32' });
const u8 = (...shape) => ({ shape, dtype: 'u8' });
const bool = (...shape) => ({ shape, dtype: 'bool' });

const functions = { abs, cos, exp, expm1, floor, log, log1p, neg, rsqrt, sigmoid, sign, sin, softplus, sqrt, tanh };

/** @type {Record<string, [(...inputs: any[]) => any, ...any[]]>} */
const programs = {
  nothing: [(x) => x, f32(3)],
  add: [(x, y) => add(x, y), f32(2, 3), f32(3)],
  arithmetic: [(x, y) => div(mul(sub(x, y), maximum(x, 2)), add(minimum(y, 1), 3)), f64(5, 7), f64(5, 1)],
  'arithmetic-i32': [(x, y) => [pow(x, y), div(x, y), neg(x), maximum(x, y)], i32(9), i32(9)],
  'arithmetic-u8': [(x, y) => add(mul(x, y), x), u8(3, 4), u8(4)],
  powers: [(x, y) => pow(x, y), f32(6), f32(6)],
  compare: [
    (x, y) => select(logicalAnd(less(x, y), logicalNot(equal(x, 0))), x, select(lessEqual(x, 1), y, 2)),
    f32(4, 5),
    f32(5),
  ],
  logic: [(p, q) => logicalOr(p, logicalAnd(q, logicalNot(p))), bool(8), bool(8)],
  convert: [
    (x) => [convert(x, 'i32'), convert(x, 'f64'), convert(x, 'bool'), convert(convert(x, 'i32'), 'u8')],
    f32(11),
  ],
  sums: [(x) => [sum(x), sum(x, { axes: 0 }), sum(x, { axes: 1 }), max(x, { axes: [0, 2] })], f32(3, 4, 5)],
  'sums-i32': [(x) => [sum(x, { axes: 0 }), max(x)], i32(40, 3)],
  'long-rows': [(x) => [softmax(x), sum(x, { axes: 0 })], f32(3, 1500)],
  'long-columns': [(x) => sum(exp(mul(x, -1)), { axes: 0 }), f32(1300, 2)],
  softmax: [(x) => softmax(x), f32(4, 10)],
  broadcast: [(x, y) => add(broadcastTo(reshape(x, [3, 1, 2]), [3, 4, 2]), y), f32(6), f32(4, 1)],
  transpose: [(x) => transpose(x, [2, 0, 1]), f32(3, 4, 5)],
  slice: [(x) => slice(x, [1, 0], [5, 4], [2, 1]), f32(6, 4)],
  pad: [(x) => pad(x, [1, 0], [2, 1], [1, 0]), f32(3, 4)],
  concatenate: [(x, y) => concatenate([x, y, x], 1), f64(2, 3), f64(2, 1)],
  reverse: [(x) => reverse(x, [0, 2]), f32(3, 2, 4)],
  iota: [(x) => mul(iota([3, 5], 1, 'f32'), x), f32(3, 5)],
  argmax: [(x) => argmax(x), f32(6, 10)],
  rows: [(table, index) => sum(square(takeRows(table, index))), f32(9, 4), i32(5)],
  matmul: [(a, b) => matmul(a, b), f32(7, 5), f32(5, 9)],
  'matmul-batched': [(a, b) => matmul(transpose(a, [0, 2, 1]), b), f64(3, 4, 5), f64(3, 4, 6)],
  'matmul-i32': [(a, b) => matmul(a, b), i32(3, 4), i32(4, 2)],
  dense: [(x, w, b) => maximum(add(matmul(x, w), b), 0), f32(8, 17), f32(17, 33), f32(33)],
  conv: [(x, w) => conv2d(x, w, { padding: 'same' }), f32(2, 7, 7, 3), f32(3, 3, 3, 16)],
  'conv-winograd': [(x, w) => conv2d(x, w, { padding: 'same' }), f32(2, 7, 7, 8), f32(3, 3, 8, 16)],
  'conv-winograd4': [
    (x, w) => hvp((f) => sum(square(conv2d(x, f, { padding: 'same' }))), w, w),
    f32(1, 5, 6, 8),
    f32(3, 3, 8, 9),
  ],
  'conv-strided': [(x, w) => conv2d(x, w, { strides: 2, padding: 'same' }), f32(2, 8, 8, 4), f32(3, 3, 4, 8)],
  'conv-grad': [grad((w, x) => sum(square(conv2d(x, w, { padding: 'same' })))), f32(3, 3, 4, 8), f32(2, 6, 6, 4)],
  'conv-input-grad': [grad((x, w) => sum(square(conv2d(x, w, { strides: 2 })))), f64(2, 9, 9, 3), f64(3, 3, 3, 5)],
  pool: [(x) => maxPool(x, { window: 2 }), f32(2, 6, 6, 5)],
  'pool-grad': [grad((x) => sum(square(maxPool(x, { window: 2 })))), f32(2, 6, 6, 5)],
  'average-grad': [grad((x) => sum(square(averagePool(x, { window: 2 })))), f32(2, 6, 6, 5)],
  'rows-grad': [grad((table, index) => sum(square(takeRows(table, index)))), f32(9, 4), i32(5)],
  'cross-entropy': [grad((x, y) => crossEntropy(x, y)), f32(6, 10), i32(6)],
};
/** How some of them are encoded. */
const options = { 'conv-winograd': { convolution: 'winograd' }, 'conv-winograd4': { convolution: 'winograd4' } };
for (const [name, fn] of Object.entries(functions)) programs[name] = [(x) => fn(x), f32(19)];
programs['functions-f64'] = [(x) => Object.values(functions).map((fn) => fn(x)), f64(9)];

/** The losses of a small CNN as functions of one flat vector. */
function network() {
  const model = smallCnn({ classes: 4, imageShape: [8, 8, 2], channels: [3, 5, 4] });
  const { params, state } = model.init(new Random(11), 'f32');
  const { vector, unravel } = ravel(params);
  const outputs = (w, x) => model.apply(unravel(w), state, x, { train: true }).logits;
  const loss = (w, delta, x, y) =>
    parametricCrossEntropy(outputs(w, x), y, { delta, iota: tensor([0, 0, 0, 0]), weight: tensor([1, 1, 1, 1]) });
  const inputs = [f32(vector.size), f32(4), f32(4, 8, 8, 2), i32(4)];
  const step = (w, delta, x, y) => sub(w, mul(grad(loss)(w, delta, x, y), 0.1));
  const product = (w, v, delta, x, y) => hvp((w) => loss(w, delta, x, y), w, v);
  const mixed = (w, v, delta, x, y) => grad((delta) => sum(mul(grad(loss)(w, delta, x, y), v)))(delta);
  return {
    'cnn-forward': [(w, x) => outputs(w, x), inputs[0], inputs[2]],
    'cnn-step': [step, ...inputs],
    'cnn-hessian-product': [product, inputs[0], ...inputs],
    'cnn-mixed': [mixed, inputs[0], ...inputs],
  };
}
Object.assign(programs, network());

function bytesOf({ words, literals }) {
  const bytes = new DataView(new ArrayBuffer(4 + 8 * literals.length + 4 * words.length));
  bytes.setUint32(0, literals.length, true);
  for (const [i, value] of literals.entries()) bytes.setFloat64(4 + 8 * i, value, true);
  for (const [i, word] of words.entries()) bytes.setInt32(4 + 8 * literals.length + 4 * i, word, true);
  return new Uint8Array(bytes.buffer);
}

/** Writes the tapes of a folder, and no others stay there. */
function writeFolder(path, tapes) {
  mkdirSync(path, { recursive: true });
  for (const file of readdirSync(path)) if (file.endsWith('.tape')) rmSync(path + file);
  let size = 0;
  for (const [name, tape] of tapes) {
    const bytes = bytesOf(tape);
    size += bytes.length;
    writeFileSync(`${path}${name}.tape`, bytes);
  }
  console.log(`${path}: ${tapes.length} programs, ${size} bytes`);
}

const seen = new Set();
const tapes = Object.entries(programs).map(([name, [fn, ...avals]]) => {
  const { program } = trace((...inputs) => [fn(...inputs)].flat(), avals);
  for (const { primitive } of program.equations) seen.add(primitive.name);
  return [name, encode(program, options[name])];
});
writeFolder(folder, tapes);
const missing = Object.keys(roles).filter((name) => !seen.has(name));
if (missing.length > 0) console.log(`without ${missing.join(', ')}`);
writeFolder(fileURLToPath(new URL('../test/derivatives/', import.meta.url)), derivativeTapes());
