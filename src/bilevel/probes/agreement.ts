import { flatten } from '../../ir/index.js';

/** How a vector compares with the exact one. */
export interface Agreement {
  /** Cosine of the angle between them: 1 the same direction, 0 none; NaN if either is zero or not finite. */
  readonly cosine: number;
  /** ‖x − exact‖ / ‖exact‖ */
  readonly relativeError: number;
  /** ‖x‖ */
  readonly norm: number;
  /** ‖exact‖ */
  readonly exactNorm: number;
}

/** All numbers of a tree, in the order of its leaves. */
export const numbersOf = (tree: unknown): number[] => flatten(tree).leaves.flatMap((leaf) => Array.from(leaf.data()));

export const normOf = (x: readonly number[]): number => Math.sqrt(innerOf(x, x));

export const innerOf = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((total, value, i) => total + value * y[i]!, 0);

export const difference = (x: readonly number[], y: readonly number[]): number[] => x.map((value, i) => value - y[i]!);

/** Σ cₖ xₖ over vectors of length `size`. */
export function combination(
  size: number,
  vectors: readonly (readonly number[])[],
  weight: (k: number) => number = () => 1,
): number[] {
  const total = new Array<number>(size).fill(0);
  vectors.forEach((vector, k) => {
    const c = weight(k);
    for (let i = 0; i < size; i++) total[i]! += c * vector[i]!;
  });
  return total;
}

export const meanOf = (numbers: readonly number[]): number =>
  numbers.reduce((total, value) => total + value, 0) / numbers.length;

export const meanOfVectors = (vectors: readonly (readonly number[])[]): number[] =>
  combination(vectors[0]?.length ?? 0, vectors, () => 1 / vectors.length);

/** Compares x with `exact`, both of one length. */
export function agreement(x: readonly number[], exact: readonly number[]): Agreement {
  const [norm, exactNorm] = [normOf(x), normOf(exact)];
  return {
    cosine: innerOf(x, exact) / (norm * exactNorm),
    relativeError: normOf(difference(x, exact)) / exactNorm,
    norm,
    exactNorm,
  };
}
