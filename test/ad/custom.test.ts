import { describe, expect, test } from 'vitest';
import { customJvp, customVjp, grad, hessian, jvp, vmap } from '../../src/ad/index.js';
import { compile } from '../../src/backends/index.js';
import { TraceError, type Value } from '../../src/ir/index.js';
import { add, cos, div, exp, log, log1p, mul, neg, sin, sub, sum } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { expectClose } from '../support/compare.js';

const f64 = { dtype: 'f64' } as const;
const at = tensor([0.3, -0.8, 1.1], f64);

describe('a tangent rule of one’s own', () => {
  // log(1 + eˣ) the naive way, whose derivative as written is NaN for large x.
  const naive = (x: Value): Value => log(add(exp(x), 1));
  const stable = customJvp(naive, ([x], _, [t]) => mul(t, sub(1, div(1, add(1, exp(x))))));

  test('replaces the derivative, and only that', () => {
    expect(grad((x: Value) => naive(x))(tensor(800, f64)).item()).toBeNaN();
    expect(grad((x: Value) => stable(x))(tensor(800, f64)).item()).toBe(1);
    expect(stable(at).data()).toEqual(naive(at).data());
  });

  test('forward, reverse and second order follow from it', () => {
    const sigmoid = at.data().map((x) => 1 / (1 + Math.exp(-x)));
    expectClose(grad((x: Value) => sum(stable(x)))(at).data(), sigmoid, { relative: 1e-14 });
    const ones = tensor([1, 1, 1], f64);
    expectClose(jvp(stable, [at], [ones]).tangent.data(), sigmoid, { relative: 1e-14 });
    const second = hessian((x: Value) => sum(stable(x)))(at).data();
    sigmoid.forEach((s, i) => {
      expect(second[4 * i]).toBeCloseTo(s * (1 - s), 13);
    });
  });

  test('a rule that lies is believed: the derivative is the rule’s, not the function’s', () => {
    const lying = customJvp(
      (x: Value) => sin(x),
      ([x], _, [t]) => mul(t, mul(cos(x), 2)),
    );
    expectClose(
      grad((x: Value) => sum(lying(x)))(at).data(),
      at.data().map((x) => 2 * Math.cos(x)),
    );
  });

  test('works on trees, compiled, mapped, and reads the value', () => {
    type Pair = { readonly a: Value; readonly b: Value };
    const product = customJvp(
      ({ a, b }: Pair) => ({ product: mul(a, b) }),
      ([{ a, b }], value, [{ a: da, b: db }]) => ({
        product: add(mul(mul(value.product, div(da, a)), 1), mul(a, mul(db, div(b, b)))),
      }),
    );
    const loss = (pair: Pair): Value => sum(product(pair).product);
    const pair = { a: at, b: tensor([2, 3, 4], f64) };
    const { a, b } = compile(grad(loss))(pair);
    expectClose(a.data(), [2, 3, 4], { relative: 1e-14 });
    expectClose(b.data(), at.data(), { relative: 1e-14 });
    expectClose(vmap(grad(loss))(pair).a.data(), [2, 3, 4], { relative: 1e-14 });
  });

  test('what the rule returns must be like the value', () => {
    const wrong = customJvp(
      (x: Value) => sin(x),
      ([x], _, [t]) => sum(mul(t, x)),
    );
    expect(() => wrong(at)).toThrow(
      'customJvp: the rule must return a tangent like the value: leaf 0 must be f64[3], got f64[]',
    );
  });

  test('a rule that is not linear has no reverse mode', () => {
    const square = customJvp(
      (x: Value) => sin(x),
      (_, __, [t]) => mul(t, t),
    );
    expect(() => grad((x: Value) => sum(square(x)))(at)).toThrow(TraceError);
  });

  test('integers and closed-over variables of a derivative are refused', () => {
    expect(() => stable(tensor([1], { dtype: 'i32' }))).toThrow('customJvp: arguments must be floats, got a i32[1]');
    const closing = (a: Value): Value =>
      sum(
        customJvp(
          (x: Value) => mul(x, a),
          (_, __, [t]) => mul(t, a),
        )(at),
      );
    expect(() => grad(closing)(tensor(2, f64))).toThrow('pass it as an argument');
    // As a constant it is welcome.
    expect(closing(tensor(2, f64)).item()).toBeCloseTo(1.2, 14);
  });
});

describe('a pullback of one’s own', () => {
  const clipped = customVjp(
    (x: Value) => mul(x, x),
    ([x], _, ct) => [mul(ct, mul(sin(x), 3))],
  );

  test('gives reverse mode, and forward mode as its transpose', () => {
    const expected = at.data().map((x) => 3 * Math.sin(x));
    expectClose(grad((x: Value) => sum(clipped(x)))(at).data(), expected, { relative: 1e-14 });
    expectClose(jvp(clipped, [at], [tensor([1, 1, 1], f64)]).tangent.data(), expected, { relative: 1e-14 });
    const second = hessian((x: Value) => sum(clipped(x)))(at).data();
    at.data().forEach((x, i) => {
      expect(second[4 * i]).toBeCloseTo(3 * Math.cos(x), 13);
    });
  });

  test('of several arguments, reading value and closed-over constants', () => {
    const scale = tensor([1, 2, 3], f64);
    const fn = customVjp(
      (x: Value, y: Value) => mul(mul(x, log1p(exp(y))), scale),
      ([x, y], value, ct) => [div(mul(ct, value), x), mul(mul(ct, mul(x, scale)), div(1, add(1, exp(neg(y)))))],
    );
    const y = tensor([0.5, -1, 2], f64);
    const loss = (f: typeof fn) => (a: Value, b: Value) => sum(mul(f(a, b), f(a, b)));
    const honest = (a: Value, b: Value): Value => mul(mul(a, log1p(exp(b))), scale);
    const [got, expected] = [fn, honest].map((f) => grad(loss(f), { argnums: [0, 1] })(at, y));
    got!.forEach((g, i) => {
      expectClose(g.data(), expected![i]!.data(), { relative: 1e-13 });
    });
  });

  test('must return a cotangent per argument', () => {
    const wrong = customVjp(
      (x: Value) => sum(x),
      (_, __, ct) => [ct],
    );
    expect(() => wrong(at)).toThrow(
      'customVjp: the pullback must return a cotangent per argument: leaf 0 must be f64[3], got f64[]',
    );
  });
});
