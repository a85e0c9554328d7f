/** Eigenvalues of a symmetric tridiagonal matrix, ascending, with the ends of their unit eigenvectors. */
export interface TridiagonalEigen {
  readonly values: readonly number[];
  readonly firstComponents: readonly number[];
  readonly lastComponents: readonly number[];
}

/** Rotations that one eigenvalue may take; two or three are usual. */
const MAX_SWEEPS = 60;

/**
 * Implicit QL with Wilkinson's shift (Golub and Van Loan, §8.3). Only the first and the last row of the eigenvectors are carried along, so the
 * cost is of order n².
 * @param offDiagonal n − 1 numbers
 */
export function tridiagonalEigen(diagonal: readonly number[], offDiagonal: readonly number[]): TridiagonalEigen {
  const n = diagonal.length;
  const d = [...diagonal];
  const e = [...offDiagonal.slice(0, Math.max(0, n - 1)), 0];
  const first = d.map((_, i) => (i === 0 ? 1 : 0));
  const last = d.map((_, i) => (i === n - 1 ? 1 : 0));
  const rotateColumns = (row: number[], i: number, c: number, s: number): void => {
    const [left, right] = [row[i]!, row[i + 1]!];
    row[i + 1] = s * left + c * right;
    row[i] = c * left - s * right;
  };
  /** The first place from l on where the matrix falls apart. */
  const splitFrom = (l: number): number => {
    let m = l;
    while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!))) m += 1;
    return m;
  };
  for (let l = 0; l < n; l++) {
    for (let sweep = 0, m = splitFrom(l); m > l && sweep < MAX_SWEEPS; sweep++, m = splitFrom(l)) {
      const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
      const shift = d[l]! - e[l]! / (half + Math.sign(half || 1) * Math.hypot(half, 1));
      let [c, s, moved, bulge] = [1, 1, 0, d[m]! - shift];
      for (let i = m - 1; i >= l; i--) {
        const [f, b] = [s * e[i]!, c * e[i]!];
        const r = Math.hypot(f, bulge);
        e[i + 1] = r;
        [s, c] = r === 0 ? [0, 1] : [f / r, bulge / r];
        const rest = d[i + 1]! - moved;
        const t = (d[i]! - rest) * s + 2 * c * b;
        moved = s * t;
        d[i + 1] = rest + moved;
        bulge = c * t - b;
        rotateColumns(first, i, c, s);
        rotateColumns(last, i, c, s);
      }
      d[l] = d[l]! - moved;
      e[l] = bulge;
      e[m] = 0;
    }
  }
  const order = d.map((_, i) => i).sort((i, j) => d[i]! - d[j]!);
  const sorted = (list: readonly number[]): number[] => order.map((i) => list[i]!);
  return { values: sorted(d), firstComponents: sorted(first), lastComponents: sorted(last) };
}

/**
 * The Jacobi matrix of the measure with these moments mₖ = ∫ tᵏ, by the Cholesky factor of their Hankel matrix (Golub and Welsch 1969). It ends
 * where the moments no longer carry information: a pivot below `floor` of its row is noise.
 * @returns diagonal and off-diagonal, for {@link tridiagonalEigen}
 */
export function jacobiFromMoments(
  moments: readonly number[],
  floor: number,
): { readonly diagonal: number[]; readonly offDiagonal: number[] } {
  const size = Math.floor(moments.length / 2);
  const rows: number[][] = [];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  for (let i = 0; i < size; i++) {
    const entry = (j: number): number => rows.reduce((rest, row) => rest - row[i]! * row[j]!, moments[i + j]!);
    const pivot = entry(i);
    if (!(pivot > floor * Math.abs(moments[2 * i]!))) break;
    const root = Math.sqrt(pivot);
    rows.push(Array.from({ length: size + 1 }, (_, j) => (j < i || i + j >= moments.length ? 0 : entry(j) / root)));
    const [row, above] = [rows[i]!, rows[i - 1]];
    if (above) offDiagonal.push(row[i]! / above[i - 1]!);
    diagonal.push(row[i + 1]! / row[i]! - (above ? above[i]! / above[i - 1]! : 0));
  }
  return { diagonal, offDiagonal };
}
