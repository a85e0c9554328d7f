import { broadcastShapes, formatAval, type Primitive, ShapeError, sameShape, sizeOf, type Value } from '../ir/index.js';
import { joinAxis, splitAxis } from './batch.js';
import { apply, inferNumeric, repeat } from './calculus.js';
import { bilinear } from './define.js';
import { broadcastTo, reshape, transpose } from './movement.js';

export type DotParams = { readonly transA: boolean; readonly transB: boolean };

/**
 * Batched matrix product op(a)·op(b): a is [..., M, K] ([..., K, M] if `transA`), b is [..., K, N] ([..., N, K] if `transB`), with equal
 * leading axes. Its adjoints are dots again, so one kernel serves every order of derivative.
 */
export const dotPrimitive: Primitive<DotParams> = bilinear('dot', {
  infer(inputs, { transA, transB }) {
    const [a, b] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    const rank = a.shape.length;
    if (rank < 2 || rank !== b.shape.length || !sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2))) {
      throw new ShapeError(
        `dot: operands must be matrices with equal leading axes, got ${formatAval(a)} and ${formatAval(b)}`,
      );
    }
    const [m, k] = transA ? [a.shape[rank - 1]!, a.shape[rank - 2]!] : [a.shape[rank - 2]!, a.shape[rank - 1]!];
    const [inner, n] = transB ? [b.shape[rank - 1]!, b.shape[rank - 2]!] : [b.shape[rank - 2]!, b.shape[rank - 1]!];
    if (k !== inner) {
      throw new ShapeError(
        `dot: inner extents must agree, got ${k} and ${inner} in ${formatAval(a)}${transA ? 'ᵀ' : ''} · ${formatAval(b)}${transB ? 'ᵀ' : ''}`,
      );
    }
    inferNumeric('dot', [
      { ...a, shape: [] },
      { ...b, shape: [] },
    ]);
    return { shape: [...a.shape.slice(0, -2), m, n], dtype: a.dtype };
  },
  // C = op(A)·op(B):  d op(A) = Ct·op(B)ᵀ, then undo op.
  left: (ct, b, { params: { transA, transB } }) => (transA ? dot(b, ct, transB, true) : dot(ct, b, false, !transB)),
  right: (ct, a, { params: { transA, transB } }) => (transB ? dot(ct, a, true, transA) : dot(a, ct, !transA, false)),
  batch({ params: { transA, transB }, size, inputs, batched: [aIsBatched, bIsBatched] }) {
    const [a, b] = inputs as [Value, Value];
    if (aIsBatched && bIsBatched) return dot(a, b, transA, transB);
    // op(a)·op(b) is the transpose of op(b)ᵀ·op(a)ᵀ, so the batched operand can always stand on the left.
    const [x, shared, transX, transShared] = aIsBatched ? [a, b, transA, transB] : [b, a, !transB, !transA];
    const columns = shared.shape.at(transShared ? -2 : -1)!;
    if (movedByJoining(x, transX, columns, !aIsBatched) > size * shared.size) {
      return aIsBatched ? dot(a, repeat(b, size), transA, transB) : dot(repeat(a, size), b, transA, transB);
    }
    const axis = x.rank - 3;
    const product = dot(joinAxis(transX ? swapLast(x) : x, axis), shared, false, transShared);
    const result = splitAxis(product, size, axis);
    return aIsBatched ? result : swapLast(result);
  },
});

const dot = (a: Value, b: Value, transA: boolean, transB: boolean): Value =>
  apply(dotPrimitive, [a, b], { transA, transB });

/**
 * How many elements move so that the batch index of x [B, ..., M, K] can join the rows of op(x), which makes one larger product of all
 * examples, its result `turned` at the end or not. The other way is to copy the shared matrix for each example.
 */
function movedByJoining(x: Value, transX: boolean, columns: number, turned: boolean): number {
  const outer = x.shape.slice(1, -2);
  const rows = x.shape.at(transX ? -1 : -2)!;
  const inner = x.shape.at(transX ? -2 : -1)!;
  const joins = Number(outer.some((extent) => extent !== 1));
  const turnsX = Number(transX && rows !== 1 && inner !== 1);
  const turnsResult = Number(turned && rows !== 1 && columns !== 1);
  const matrices = x.shape[0]! * sizeOf(outer);
  return matrices * rows * (inner * (joins + turnsX) + columns * (joins + turnsResult));
}

/** The last two axes exchanged; a view if one of them has extent 1. */
function swapLast(x: Value): Value {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const order = x.shape.map((_, axis) => axis);
  return rows === 1 || columns === 1
    ? reshape(x, [...x.shape.slice(0, -2), columns, rows])
    : transpose(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
}

export interface MatmulOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** Matrix product of the last two axes; leading axes broadcast, vectors are treated as NumPy does (a row on the left, a column on the right). */
export function matmul(a: Value, b: Value, { transA = false, transB = false }: MatmulOptions = {}): Value {
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError(
      `matmul: operands need at least one axis, got ${formatAval(a.aval)} and ${formatAval(b.aval)}; use mul`,
    );
  }
  if (a.rank === 1) return dropAxis(matmul(reshape(a, [1, a.size]), b, { transB }), -2);
  if (b.rank === 1) return dropAxis(matmul(a, reshape(b, [b.size, 1]), { transA }), -1);
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const full = (x: Value): Value => broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  return dot(full(a), full(b), transA, transB);
}

const dropAxis = (x: Value, axis: number): Value => reshape(x, x.shape.toSpliced(axis, 1));
