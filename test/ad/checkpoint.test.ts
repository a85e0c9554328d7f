import { describe, expect, test } from 'vitest';
import { checkpoint, grad, hessian, jvp, linearize, vmap } from '../../src/ad/index.js';
import { compile } from '../../src/backends/index.js';
import { ravel } from '../../src/bilevel/index.js';
import { checkProgram, printProgram, type Value } from '../../src/ir/index.js';
import { add, exp, matmul, mul, sigmoid, softplus, sum, tanh } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { expectClose } from '../support/compare.js';

const f64 = { dtype: 'f64' } as const;
const LAYERS = 8;
const WIDTH = 6;

const layer = (h: Value, w: Value): Value => add(tanh(matmul(h, w)), mul(sigmoid(h), 0.3));
const chain = (wrap: <F>(fn: F) => F) => {
  const two = wrap((h: Value, a: Value, b: Value) => layer(layer(h, a), b));
  return (weights: readonly Value[], x: Value): Value => {
    let h = x;
    for (let i = 0; i < LAYERS; i += 2) h = two(h, weights[i]!, weights[i + 1]!);
    return sum(softplus(h));
  };
};
const plain = chain((fn) => fn);
const rematerialised = chain((fn) => checkpoint(fn as (...args: never[]) => unknown) as typeof fn);

const random = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin(seed + 1.7 * i) * 0.6);
const weights = Array.from({ length: LAYERS }, (_, i) =>
  tensor(random(WIDTH * WIDTH, i), { shape: [WIDTH, WIDTH], ...f64 }),
);
const x = tensor(random(4 * WIDTH, 99), { shape: [4, WIDTH], ...f64 });

describe('checkpoint', () => {
  test('changes no value and no derivative up to the third order', () => {
    expect(rematerialised(weights, x).item()).toBe(plain(weights, x).item());
    const [a, b] = [grad(plain)(weights, x), grad(rematerialised)(weights, x)];
    a.forEach((g, i) => {
      expectClose(b[i]!.data(), g.data(), { relative: 1e-12, absolute: 1e-14 });
    });
    const { vector, unravel } = ravel(weights);
    const direction = tensor(random(vector.size, 5), f64);
    for (const order of [2, 3]) {
      const along = (loss: typeof plain): Value => {
        let fn = (v: Value): Value => loss(unravel(v) as readonly Value[], x);
        for (let k = 1; k < order; k++) {
          const previous = fn;
          fn = (v) => sum(mul(grad(previous)(v), direction));
        }
        return grad(fn)(vector);
      };
      expectClose(along(rematerialised).data(), along(plain).data(), { relative: 1e-11, absolute: 1e-13 });
    }
  });

  test('forward mode agrees too', () => {
    const tangents = weights.map((w) => mul(w, 0.5));
    const zero = mul(x, 0);
    const [a, b] = [plain, rematerialised].map((fn) => jvp(fn, [weights, x], [tangents, zero]).tangent.item());
    expect(b).toBeCloseTo(a!, 13);
  });

  test('keeps the arguments alone: residuals and working memory of a gradient shrink', () => {
    const wide = tensor(random(4096 * WIDTH, 3), { shape: [4096, WIDTH], ...f64 });
    const bytes = [plain, rematerialised].map((fn) => ({
      residuals: linearize((w: readonly Value[]) => fn(w, wide), weights).residualBytes,
      arena: compile(grad(fn)).stats(weights, wide).arenaBytes,
    }));
    // One layer in two is no longer kept, nor what is inside each.
    expect(bytes[1]!.residuals).toBeLessThan(0.4 * bytes[0]!.residuals);
    expect(bytes[1]!.arena).toBeLessThan(0.75 * bytes[0]!.arena);
  });

  test('reads as one equation with its program under it', () => {
    const program = compile(checkpoint((v: Value) => sum(exp(v)))).program(tensor([1, 2]));
    checkProgram(program);
    expect(printProgram(program)).toBe(`inputs a:f32[2]
  b:f32[] = call{body=#1} a
    inputs a:f32[2]
      b:f32[2] = exp a
      c:f32[] = sum{axes=[0]} b
    outputs c
outputs b
`);
  });

  test('values it closes over are differentiated like arguments', () => {
    const through = grad((a: Value) => sum(checkpoint((v: Value) => mul(exp(v), a))(tensor([0, 1], f64))));
    expect(through(tensor(2, f64)).item()).toBeCloseTo(1 + Math.E, 14);
  });

  test('maps over a batch, and its derivatives do', () => {
    const fn = checkpoint((v: Value) => sum(mul(exp(v), v)));
    const points = tensor([0.1, 0.2, -0.3, 0.4, 0.5, 0.6], { shape: [3, 2], ...f64 });
    const expected = points.data().map((p) => Math.exp(p) * (1 + p));
    expectClose(vmap(grad(fn))(points).data(), expected, { relative: 1e-14 });
    expectClose(grad((p: Value) => sum(vmap(fn)(p)))(points).data(), expected, { relative: 1e-14 });
  });

  test('a nested checkpoint is rematerialised within the outer one', () => {
    const inner = checkpoint((v: Value) => mul(exp(v), v));
    const outer = checkpoint((v: Value) => sum(inner(inner(v))));
    const flat = (v: Value): Value => {
      const once = mul(exp(v), v);
      return sum(mul(exp(once), once));
    };
    const at = tensor([0.3, -0.2], f64);
    expectClose(hessian(outer)(at).data(), hessian(flat)(at).data(), { relative: 1e-13, absolute: 1e-15 });
  });
});
