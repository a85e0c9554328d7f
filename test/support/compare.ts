import { expect } from 'vitest';
import type { DType, Tensor } from '../../src/ir/index.js';
import { combine, norm } from './tensors.js';

/** Half the distance from 1 to the next number: the unit in which relative errors are stated. */
export const unitOf = (dtype: DType): number => (dtype === 'f32' ? 2 ** -24 : dtype === 'f64' ? 2 ** -53 : 0);

/** Smallest normal number; what is smaller may be flushed to 0. */
export const tiniestOf = (dtype: DType): number => (dtype === 'f32' ? 2 ** -126 : dtype === 'f64' ? 2 ** -1022 : 0);

export interface Bound {
  /** Largest relative error. */
  readonly relative?: number;
  /** Largest absolute error, one number or one per element; added to the relative one. */
  readonly absolute?: number | ArrayLike<number>;
  /** What is compared, for the message. */
  readonly what?: string;
}

const isSame = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

/** Asserts closeness element by element. NaN equals NaN; an infinity equals only itself; zeros of either sign are equal. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 0, absolute = 0, what = '' }: Bound = {},
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) {
    const got = actual[i]!;
    const wanted = expected[i]!;
    if (isSame(got, wanted)) continue;
    const allowed = relative * Math.abs(wanted) + (typeof absolute === 'number' ? absolute : absolute[i]!);
    const error = Math.abs(got - wanted);
    if (!(error <= allowed && Number.isFinite(wanted))) {
      expect.fail(
        `${what && `${what}: `}element ${i} of ${actual.length}: got ${got}, expected ${wanted}; error ${error}, allowed ${allowed}`,
      );
    }
  }
}

/** Asserts equality element by element, telling the two zeros apart if asked to. */
export function expectEqual(actual: ArrayLike<number>, expected: ArrayLike<number>, signedZero = false): void {
  expectClose(actual, expected);
  if (!signedZero) return;
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) {
      expect.fail(`element ${i}: got ${Object.is(actual[i], -0) ? '-0' : actual[i]}, expected the zero of other sign`);
    }
  }
}

/** Asserts an error of at most `ulps` units in the last place of `dtype`; results below its smallest normal may be flushed to 0. */
export const expectUlps = (actual: ArrayLike<number>, expected: ArrayLike<number>, ulps: number, dtype: DType): void =>
  expectClose(actual, expected, { relative: ulps * unitOf(dtype), absolute: tiniestOf(dtype) });

/** ‖a − b‖ / max(‖a‖, ‖b‖, floor) over lists of tensors; NaN if either holds one. */
export function relativeError(a: readonly Tensor[], b: readonly Tensor[], floor = Number.MIN_VALUE): number {
  const difference = norm(a.map((tensor, i) => combine([1, -1], [tensor, b[i]!])));
  return difference / Math.max(norm(a), norm(b), floor);
}
