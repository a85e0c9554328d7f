import { describe, expect, test } from 'vitest';
import '../../src/index.js';
import {
  checkpoint,
  grad,
  gradientProgram,
  hessian,
  jacobian,
  jvp,
  linearizer,
  valueAndGrad,
  vjp,
} from '../../src/ad/index.js';
import type { Tensor, Value } from '../../src/ir/index.js';
import { add, exp, matmul, mul, neg, sin, sub, sum } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { expectClose, expectEqual } from '../support/compare.js';
import { tangentsAt, vjpProgram } from '../support/derivatives.js';
import { programOf } from '../support/programs.js';
import { targets } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';

/** The public derivatives against closed forms: what joins the rules together. */

const f64 = (values: number[]): Value => tensor(values, { dtype: 'f64' });
const close = (got: Value, expected: readonly number[]): void =>
  expectClose(got.data(), expected, { relative: 1e-13, absolute: 1e-13 });

const cube = (x: Value): Value => mul(mul(x, x), x);
const [x, y] = [f64([1, -2, 0.5]), f64([3, 0.25, -1])];
const numbers = (of: Value): number[] => Array.from(of.data());

describe('linearization', () => {
  test('at two points of one signature each keeps its own residuals', () => {
    const at = linearizer(cube);
    const [first, second] = [at(x), at(y)];
    const v = f64([1, 1, 1]);
    const slopes = (of: Value): number[] => numbers(of).map((value) => 3 * value ** 2);
    close(first.jvp(v), slopes(x));
    close(second.jvp(v), slopes(y));
    close(first.vjp(v)[0], slopes(x));
    close(
      first.value,
      numbers(x).map((value) => value ** 3),
    );
  });

  test('a value that is used many times gathers all of its cotangents', () => {
    const fan = (z: Value): Value => sum(add(add(mul(z, z), exp(z)), sub(mul(z, exp(z)), neg(z))));
    close(
      grad(fan)(x),
      numbers(x).map((value) => 2 * value + 2 * Math.exp(value) + value * Math.exp(value) + 1),
    );
  });

  test('jvp and vjp of two arguments', () => {
    const product = (a: Value, b: Value): Value => mul(sin(a), b);
    const { tangent } = jvp(product, [x, y], [y, x]);
    const expected = numbers(x).map((a, i) => Math.cos(a) * numbers(y)[i]! ** 2 + Math.sin(a) * a);
    close(tangent, expected);
    const [da, db] = vjp(product, x, y).pullback(f64([1, 2, 3])) as [Value, Value];
    close(
      da,
      numbers(x).map((a, i) => (i + 1) * Math.cos(a) * numbers(y)[i]!),
    );
    close(
      db,
      numbers(x).map((a, i) => (i + 1) * Math.sin(a)),
    );
  });
});

describe('gradients', () => {
  test('what is handed through beside the value takes no part', () => {
    const withExtra = (z: Value) => [sum(cube(z)), mul(sum(z), 100)] as const;
    const { value, grad: gradient } = valueAndGrad(withExtra)(x);
    close(
      gradient,
      numbers(x).map((each) => 3 * each ** 2),
    );
    close(value[1], [-50]);
  });

  test('come in the order that is asked for, and are zero where nothing depends', () => {
    const weighted = (a: Value, b: Value, _: Value): Value => sum(mul(cube(a), b));
    const [db, dc, da] = grad(weighted, { argnums: [1, 2, 0] })(x, y, y) as [Value, Value, Value];
    close(
      da,
      numbers(x).map((a, i) => 3 * a ** 2 * numbers(y)[i]!),
    );
    close(
      db,
      numbers(x).map((a) => a ** 3),
    );
    close(dc, [0, 0, 0]);
  });

  test('a value closed over is a constant', () => {
    close(grad((z: Value) => sum(mul(z, x)))(y), numbers(x));
    const nested = (z: Value): Value => sum(grad((w: Value) => sum(mul(mul(w, w), z)))(x));
    close(
      grad(nested)(y),
      numbers(x).map((each) => 2 * each),
    );
  });
});

describe('matrices of derivatives', () => {
  const a = tensor([1, 2, 3, 4, 5, 6], { shape: [2, 3], dtype: 'f64' });

  test('jacobian: by columns and by rows', () => {
    close(
      jacobian((z: Value) => matmul(a, cube(z)))(x) as Value,
      numbers(a).map((w, i) => w * 3 * numbers(x)[i % 3]! ** 2),
    );
    const tall = tensor([1, 0, 2, -1, 0.5, 1], { shape: [3, 2], dtype: 'f64' });
    const z = f64([0.5, 2]);
    close(
      jacobian((w: Value) => matmul(tall, cube(w)))(z) as Value,
      numbers(tall).map((w, i) => w * 3 * numbers(z)[i % 2]! ** 2),
    );
  });

  test('hessian: of Σ z³·(Σ z)', () => {
    const h = numbers(hessian((z: Value) => mul(sum(cube(z)), sum(z)))(x));
    const total = numbers(x).reduce((s, each) => s + each, 0);
    const p = numbers(x);
    const expected = p.flatMap((zi, i) => p.map((zj, j) => 3 * zi ** 2 + 3 * zj ** 2 + (i === j ? 6 * zi * total : 0)));
    expectClose(h, expected, { relative: 1e-13, absolute: 1e-13 });
    expect(h).toHaveLength(9);
  });
});

describe('simplification', () => {
  test('products with 0 and with −0 are two', () => {
    const program = programOf((z) => [mul(z!, 0), mul(z!, -0)], [{ shape: [2], dtype: 'f64' }]);
    for (const target of targets) {
      const [plus, minus] = target.run(program, [tensorOf([1, -1], [2], 'f64')]) as [Tensor, Tensor];
      expectEqual(plus.data(), [0, -0], true);
      expectEqual(minus.data(), [-0, 0], true);
    }
  });
});

describe('a program within a program', () => {
  test('is differentiated anew for other inputs', () => {
    const within = checkpoint((a: Value, b: Value) => mul(cube(a), sin(b)));
    const program = programOf((a, b) => [within(a!, b!)], [x.aval, y.aval]);
    const one = f64([1, 1, 1]) as Tensor;
    const inputs = [x, y] as Tensor[];
    const slopes = [
      numbers(x).map((a, i) => 3 * a ** 2 * Math.sin(numbers(y)[i]!)),
      numbers(x).map((a, i) => a ** 3 * Math.cos(numbers(y)[i]!)),
    ];
    for (const target of targets) {
      for (const chosen of [0, 1]) {
        const point = { program, inputs, active: [chosen === 0, chosen === 1] };
        close(tangentsAt(target, point, [one])[0]!, slopes[chosen]!);
        close(target.run(vjpProgram(point), [...inputs, one])[0]!, slopes[chosen]!);
      }
    }
  });

  test('is transposed anew for other results', () => {
    const within = checkpoint((a: Value) => [sum(cube(a)), sin(a)] as const);
    const program = programOf((a) => within(a!), [x.aval]);
    const inputs = [x] as Tensor[];
    const cubes = numbers(x).map((a) => 3 * a ** 2);
    for (const target of targets) {
      close(target.run(gradientProgram(program, [true]), inputs)[2]!, cubes);
      const cotangents = [tensorOf([1], [], 'f64'), f64([1, 1, 1]) as Tensor];
      close(
        target.run(vjpProgram({ program, active: [true] }), [...inputs, ...cotangents])[0]!,
        cubes.map((slope, i) => slope + Math.cos(numbers(x)[i]!)),
      );
    }
  });
});
