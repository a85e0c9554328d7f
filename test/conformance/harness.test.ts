import { afterEach, describe, expect, test, vi } from 'vitest';
import { Random } from '../../src/data/random.js';
import type { Primitive, Value } from '../../src/ir/index.js';
import { cos, mul, neg, primitives, stopGradient } from '../../src/ops/index.js';
import { expectClose, expectEqual, expectUlps, relativeError } from '../support/compare.js';
import { expectDerivatives, expectFirstOrder, type Point } from '../support/derivatives.js';
import { programOfPrimitive } from '../support/programs.js';
import { reference } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';

/** The tests of the tests: what is wrong must be found. */

function pointOf(primitive: Primitive, count: number): Point {
  const inputs = Array.from({ length: count }, (_, k) => tensorOf([0.4, -0.7, 1.1, 0.9 + k], [4], 'f64'));
  const program = programOfPrimitive(
    primitive,
    inputs.map((x) => x.aval),
  );
  return { program, inputs, active: inputs.map(() => true) };
}

const sine = pointOf(primitives.sin, 1);
const product = pointOf(primitives.mul, 2);

describe('the harness for derivatives', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('accepts what is right', () => {
    expectDerivatives(reference, sine, 3, new Random(1));
    expectDerivatives(reference, product, 3, new Random(1));
  });

  test('finds a wrong tangent', () => {
    vi.spyOn(primitives.sin, 'jvp').mockImplementation(({ primals: [x], tangents: [t] }) => [
      neg(mul(t as Value, cos(x!))),
    ]);
    expect(() => expectFirstOrder(reference, sine, new Random(1))).toThrow('jvp against differences');
  });

  test('finds a tangent that is missing', () => {
    vi.spyOn(primitives.sin, 'jvp').mockImplementation(() => [null]);
    expect(() => expectFirstOrder(reference, sine, new Random(1))).toThrow('jvp against differences');
  });

  test('finds a tangent that is right itself and has a wrong derivative', () => {
    vi.spyOn(primitives.sin, 'jvp').mockImplementation(({ primals: [x], tangents: [t] }) => [
      mul(t as Value, stopGradient(cos(x!))),
    ]);
    expectFirstOrder(reference, sine, new Random(1));
    expect(() => expectDerivatives(reference, sine, 2, new Random(1))).toThrow('jvp over reverse against differences');
  });

  test('finds a wrong adjoint', () => {
    const bilinear = primitives.mul as Required<Primitive>;
    const right = bilinear.transpose.bind(bilinear);
    vi.spyOn(bilinear, 'transpose').mockImplementation((context) => right(context).map((ct) => ct && neg(ct)));
    expect(() => expectFirstOrder(reference, product, new Random(1))).toThrow('adjoint identity');
  });
});

describe('the comparisons', () => {
  const nan = Number.NaN;
  const inf = Number.POSITIVE_INFINITY;

  test('tell NaN, infinities and numbers apart', () => {
    expectClose([nan, inf, -inf, 1], [nan, inf, -inf, 1]);
    expect(() => expectClose([1], [nan], { absolute: 1e9 })).toThrow('element 0');
    expect(() => expectClose([nan], [1], { absolute: 1e9 })).toThrow('element 0');
    expect(() => expectClose([1], [inf], { relative: 1 })).toThrow('element 0');
    expect(() => expectClose([inf], [1], { absolute: 1e9 })).toThrow('element 0');
    expect(() => expectClose([inf], [-inf], { relative: 1 })).toThrow('element 0');
  });

  test('tell lengths apart', () => {
    expect(() => expectClose([1, 2], [1])).toThrow();
  });

  test('tell the zeros apart when asked to', () => {
    expectEqual([0], [-0]);
    expect(() => expectEqual([0], [-0], true)).toThrow('other sign');
  });

  test('count units in the last place', () => {
    expectUlps([1 + 2 ** -23], [1], 2, 'f32');
    expect(() => expectUlps([1 + 2 ** -23], [1], 1, 'f32')).toThrow('element 0');
    expectUlps([0], [2 ** -130], 0, 'f32');
  });

  test('give NaN for the error of a NaN', () => {
    const [a, b] = [tensorOf([1, nan], [2], 'f64'), tensorOf([1, 2], [2], 'f64')];
    expect(relativeError([a], [b])).toBeNaN();
    expect(relativeError([b], [b])).toBe(0);
  });
});
