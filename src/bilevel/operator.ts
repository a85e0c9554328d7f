import { ConfigError, ShapeError, type Value } from '../ir/index.js';
import { breathe } from './breathe.js';
import { axpy, scale } from './vector.js';

/** What is known of vᵀAv for v ≠ 0: above 0, not below 0, or nothing. */
export type Definiteness = 'positive' | 'semidefinite' | 'unknown';

/**
 * A linear map from vectors [columns] to vectors [rows], known by its products: a Hessian, a Jacobian, a mixed derivative, or made of others.
 * Products are asynchronous, so that a long solve leaves the event loop alive.
 */
export interface LinearOperator {
  readonly rows: number;
  readonly columns: number;
  /** A = Aᵀ; implies that it is square. */
  readonly symmetric: boolean;
  readonly definite: Definiteness;
  /** A·v */
  apply(v: Value): Promise<Value>;
  /** Aᵀ·u */
  applyTransposed(u: Value): Promise<Value>;
  /** Bytes of residuals that it keeps alive between products, as of now. */
  readonly residualBytes: number;
}

export interface OperatorRule {
  readonly rows: number;
  readonly columns: number;
  readonly apply: (v: Value) => Value | Promise<Value>;
  readonly applyTransposed: (u: Value) => Value | Promise<Value>;
  readonly residualBytes?: () => number;
}

/** An operator from its two products. */
export function operator({ rows, columns, apply, applyTransposed, residualBytes }: OperatorRule): LinearOperator {
  return {
    rows,
    columns,
    symmetric: false,
    definite: 'unknown',
    async apply(v) {
      requireLength('apply', columns, v);
      await breathe();
      return apply(v);
    },
    async applyTransposed(u) {
      requireLength('applyTransposed', rows, u);
      await breathe();
      return applyTransposed(u);
    },
    get residualBytes() {
      return residualBytes?.() ?? 0;
    },
  };
}

export interface SymmetricOptions {
  readonly definite?: Definiteness;
  readonly residualBytes?: () => number;
}

/** A symmetric operator from its product. The caller vouches for the symmetry. */
export function symmetricOperator(
  size: number,
  apply: (v: Value) => Value | Promise<Value>,
  { definite = 'unknown', residualBytes }: SymmetricOptions = {},
): LinearOperator {
  const plain = operator({
    rows: size,
    columns: size,
    apply,
    applyTransposed: apply,
    ...(residualBytes && { residualBytes }),
  });
  return withTraits(plain, { symmetric: true, definite });
}

function withTraits(
  a: LinearOperator,
  { symmetric, definite }: { readonly symmetric: boolean; readonly definite: Definiteness },
): LinearOperator {
  return {
    rows: a.rows,
    columns: a.columns,
    symmetric,
    definite,
    apply: (v) => a.apply(v),
    applyTransposed: (u) => a.applyTransposed(u),
    get residualBytes() {
      return a.residualBytes;
    },
  };
}

function requireLength(name: string, length: number, vector: Value): void {
  if (vector.rank !== 1 || vector.size !== length) {
    throw new ShapeError(`${name}: the operator takes vectors [${length}], got [${vector.shape}]; ravel trees first`);
  }
}

/** Aᵀ. */
export const transposeOperator = (a: LinearOperator): LinearOperator =>
  a.symmetric
    ? a
    : operator({
        rows: a.columns,
        columns: a.rows,
        apply: (v) => a.applyTransposed(v),
        applyTransposed: (u) => a.apply(u),
        residualBytes: () => a.residualBytes,
      });

/** A·B: B first. @throws {ShapeError} unless A takes what B gives. */
export function composeOperators(a: LinearOperator, b: LinearOperator): LinearOperator {
  if (a.columns !== b.rows) {
    throw new ShapeError(`compose: ${a.rows}×${a.columns} · ${b.rows}×${b.columns} does not fit`);
  }
  return operator({
    rows: a.rows,
    columns: b.columns,
    apply: async (v) => a.apply(await b.apply(v)),
    applyTransposed: async (u) => b.applyTransposed(await a.applyTransposed(u)),
    residualBytes: () => a.residualBytes + (a === b ? 0 : b.residualBytes),
  });
}

/** BᵀAB: symmetric if A is, and as definite as A but for the null space of B. */
export function congruence(a: LinearOperator, b: LinearOperator): LinearOperator {
  const product = composeOperators(transposeOperator(b), composeOperators(a, b));
  const definite = a.definite === 'unknown' ? 'unknown' : 'semidefinite';
  return withTraits(
    {
      ...product,
      get residualBytes() {
        return a.residualBytes + b.residualBytes;
      },
    },
    { symmetric: a.symmetric, definite },
  );
}

/** A + c·I: damping, or the Hessian of a weight-decay term. @throws {ShapeError} unless A is square. */
export function shiftOperator(a: LinearOperator, shift: number): LinearOperator {
  if (a.rows !== a.columns) throw new ShapeError(`shift: needs a square operator, got ${a.rows}×${a.columns}`);
  if (shift === 0) return a;
  const shifted = operator({
    rows: a.rows,
    columns: a.columns,
    apply: async (v) => axpy(shift, v, await a.apply(v)),
    applyTransposed: async (u) => axpy(shift, u, await a.applyTransposed(u)),
    residualBytes: () => a.residualBytes,
  });
  const definite = shift > 0 && a.definite !== 'unknown' ? 'positive' : 'unknown';
  return withTraits(shifted, { symmetric: a.symmetric, definite });
}

/**
 * The mean of `count` operators of one kind: the Hessian of the mean of batch losses. The mean is taken before anything is inverted, for the
 * mean of inverses is not the inverse of the mean. `part` is asked for each one at each product. @throws {ConfigError} if there are none.
 */
export function averageOperator(
  count: number,
  part: (index: number) => LinearOperator,
  residualBytes?: () => number,
): LinearOperator {
  if (count < 1) throw new ConfigError('average: the mean of no operators is not defined; give at least one batch');
  const mean = async (product: (of: LinearOperator) => Promise<Value>): Promise<Value> => {
    let total = await product(part(0));
    for (let i = 1; i < count; i++) total = axpy(1, await product(part(i)), total);
    return count === 1 ? total : scale(1 / count, total);
  };
  const { rows, columns, symmetric, definite } = part(0);
  const averaged = operator({
    rows,
    columns,
    apply: (v) => mean((of) => of.apply(v)),
    applyTransposed: (u) => mean((of) => of.applyTransposed(u)),
    ...(residualBytes && { residualBytes }),
  });
  return withTraits(averaged, { symmetric, definite });
}
