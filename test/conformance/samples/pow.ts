import type { Params } from '../../../src/ir/index.js';
import { awayFromZero, fixed, uniform } from '../../support/tensors.js';
import { pointwise } from '../jet.js';
import { FLOATS, source } from '../sample.js';
import { atEdges, binary, jet, zip } from './binary.js';
import type { Family } from './family.js';

const power = zip(Math.pow, (x, y) => x ** y);
const powers = binary(
  (x, y) => Math.exp(y * Math.log(x)),
  (x, y) => x ** y,
  { smooth: [uniform(0.3, 3), uniform(-2, 2)], slope: { first: 32, second: 64 }, accuracy: 'ulps' },
);

export const pow: Family<Params> = {
  ...powers,
  samples: [
    ...powers.samples.filter(({ name }) => !name.includes('extremes') && name !== 'special'),
    {
      name: 'small integers',
      params: {},
      inputs: [
        source([8, 6], fixed(...[0, 1, 2, 3, 5, 7, 11, 13].flatMap((x) => new Array<number>(6).fill(x)))),
        source([8, 6], fixed(0, 1, 2, 3, 4, 5)),
      ],
      dtypes: ['i32', 'u8'],
      expected: power,
    },
    {
      name: 'wide',
      params: {},
      inputs: [source([997], uniform(0, 50)), source([997], uniform(-20, 20))],
      dtypes: FLOATS,
      expected: power,
    },
    {
      name: 'special',
      params: {},
      inputs: [
        source([16], fixed(0, 0, 0, 0, -2, -2, -2, -1.5, 1, 2, 2, Number.NaN, Number.POSITIVE_INFINITY, 4, 5, 0.25)),
        source([16], fixed(0, 1, 2.5, -1, 3, 2, -1, 0, 1e4, 200, -200, 2, 0.5, 0.5, 0, -0.5)),
      ],
      dtypes: FLOATS,
      expected: power,
    },
    {
      name: 'whole powers of either sign',
      params: {},
      inputs: [source([4, 3], awayFromZero(0.5, 2)), source([4, 3], fixed(2, 3, -1))],
      dtypes: FLOATS,
      differentiable: [0],
      expected: power,
    },
    // In x the whole powers of 0 are polynomials; in y every positive power of 0 is 0, throughout.
    atEdges(
      'whole powers of 0',
      [0, -0].flatMap((x) => [0, 1, 2, 3, 4].map((y) => [x, y] as const)),
      pointwise([0], (_, y) => ({
        first: [y === 1 ? 1 : 0],
        second: [[y === 2 ? 2 : 0]],
        third: [[[y === 3 ? 6 : 0]]],
      })),
      power,
    ),
    atEdges(
      'powers of 0 in the exponent',
      [0.5, 1, 2, 2.5, 3].map((y) => [0, y] as const),
      pointwise([1], () => ({ first: [0, 0] })),
      power,
    ),
    atEdges(
      'powers of 0 in both',
      [4, 5, 6.5].map((y) => [0, y] as const),
      jet(() => ({ first: [0, 0] })),
      power,
    ),
  ],
};
