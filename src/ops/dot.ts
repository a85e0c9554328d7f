import { broadcastShapes, formatAval, type Primitive, ShapeError, sameShape, type Value } from '../ir/index.js';
import { apply, inferNumeric } from './calculus.js';
import { bilinear } from './define.js';
import { broadcastTo, reshape } from './movement.js';

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
});

const dot = (a: Value, b: Value, transA: boolean, transB: boolean): Value =>
  apply(dotPrimitive, [a, b], { transA, transB });

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
