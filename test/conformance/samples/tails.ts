import { type Jet, pointwise, smoothJet } from '../jet.js';

/** Zeros, small, large, not numbers. */
export const SPECIAL = [
  0,
  -0,
  1,
  -1,
  1e-30,
  -1e-30,
  1e-7,
  -1e-7,
  20,
  -20,
  100,
  -100,
  1e4,
  -1e4,
  1e30,
  -1e30,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** Points at which differences tell nothing (a kink, ±0, a tail), and the derivatives there. */
export interface Tail {
  readonly at: readonly number[];
  readonly jet: Jet;
}

const tail = (at: readonly number[], derivatives: (x: number) => readonly [number, number, number]): Tail => ({
  at,
  jet: smoothJet(derivatives),
});

/** σ(x) without loss in either tail. */
const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** Slope of tanh, from the small exponential alone: 1 − tanh² has lost every digit at |x| = 20. */
function steepness(x: number): number {
  const small = Math.exp(-2 * Math.abs(x));
  return (4 * small) / (1 + small) ** 2;
}

const AROUND_ZERO = [-1e-7, -0, 0, 1e-20, 1e-7];
const MAGNITUDES = [1e-9, 1e-4, 1, 1e4, 1e9];

const growth = tail([...AROUND_ZERO, -80, -20, 20, 80], (x) => [Math.exp(x), Math.exp(x), Math.exp(x)]);

export const tails = {
  /** The derivative at 0 is 0. */
  abs: {
    at: [0, -0, 1e-30, -1e-30, 1e30, -1e30, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    jet: pointwise([0], (x) => ({ first: [x === 0 ? 0 : x < 0 ? -1 : 1] })),
  },
  exp: growth,
  expm1: growth,
  log: tail(MAGNITUDES, (x) => [1 / x, -1 / x ** 2, 2 / x ** 3]),
  log1p: tail([...AROUND_ZERO, -0.99, 20, 1e9], (x) => [1 / (1 + x), -1 / (1 + x) ** 2, 2 / (1 + x) ** 3]),
  sqrt: tail(MAGNITUDES, (x) => [0.5 * x ** -0.5, -0.25 * x ** -1.5, 0.375 * x ** -2.5]),
  rsqrt: tail(MAGNITUDES, (x) => [-0.5 * x ** -1.5, 0.75 * x ** -2.5, -1.875 * x ** -3.5]),
  tanh: tail([...AROUND_ZERO, 3, 8, 20, 40, -3, -8, -20, -40], (x) => {
    const [t, slope] = [Math.tanh(x), steepness(x)];
    return [slope, -2 * t * slope, slope * (4 * t * t - 2 * slope)];
  }),
  sigmoid: tail([...AROUND_ZERO, 5, 17, 80, -5, -17, -80], (x) => {
    const [p, q] = [logistic(x), logistic(-x)];
    return [p * q, p * q * (q - p), p * q * (1 - 6 * p * q)];
  }),
  softplus: tail([...AROUND_ZERO, 5, 17, 80, -5, -17, -80], (x) => {
    const [p, q] = [logistic(x), logistic(-x)];
    return [p, p * q, p * q * (q - p)];
  }),
  sin: tail([...AROUND_ZERO, 1.5, 100, -100, 1e4], (x) => [Math.cos(x), -Math.sin(x), -Math.cos(x)]),
  cos: tail([...AROUND_ZERO, 1.5, 100, -100, 1e4], (x) => [-Math.sin(x), -Math.cos(x), Math.sin(x)]),
} as const satisfies { readonly [name: string]: Tail };
