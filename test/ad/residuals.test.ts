import { describe, expect, test } from 'vitest';
import { add, exp, grad, linearize, matmul, mul, relu, sub, sum, type Value } from '../../src/index.js';
import { bytesOf, Tensor } from '../../src/ir/index.js';
import { generator } from '../compile/random-programs.js';

const random = generator(11);
const normal = (...shape: number[]): Value =>
  Tensor.of(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() * 2 - 1),
    shape,
    'f64',
  );
const kept = (at: { readonly residuals: readonly Value[] }, size: number): number =>
  at.residuals.filter((value) => value.size === size && value.dtype !== 'bool').length;

describe('what a linearization keeps', () => {
  const x = normal(40, 30);
  const a = normal(30, 30);
  const b = normal(30, 20);

  test('not an output that is a few steps from its input, if that is kept', () => {
    // exp(z) serves its own derivative; 3·exp(z) + 1, which the second product needs, follows from it.
    const f = (a: Value, b: Value): Value => matmul(add(mul(exp(matmul(x, a)), 3), 1), b);
    const at = linearize(f, a, b);
    expect(kept(at, 40 * 30)).toBe(2); // x and exp(z)
  });

  test('a long chain is kept', () => {
    const long = (z: Value): Value => {
      let y = z;
      for (let i = 0; i < 14; i++) y = sub(mul(y, y), 0.5);
      return y;
    };
    const at = linearize((b: Value) => matmul(long(x), b), b);
    expect(kept(at, 40 * 30)).toBe(1);
    expect(at.programs.tangent.equations.map(({ primitive }) => primitive.name)).toEqual(['dot']);
  });

  test('a mask is kept rather than made again', () => {
    const at = linearize((a: Value) => relu(matmul(x, a)), a);
    expect(at.residuals.filter(({ dtype }) => dtype === 'bool')).toHaveLength(1);
  });
});

test('the gradient of layers with batch-norm keeps two tensors a layer, not four', () => {
  const [n, c, depth] = [64, 16, 4];
  const weights = Array.from({ length: depth }, () => normal(c, c));
  const [scale, offset, data] = [normal(c), normal(c), normal(n, c)];
  const loss = (layers: readonly Value[]): Value => {
    const last = layers.reduce<Value>((h, weight) => {
      const z = matmul(h, weight);
      const centred = sub(z, mul(sum(z, { axes: 0, keepDims: true }), 1 / n));
      return relu(add(mul(centred, scale), offset));
    }, data);
    return sum(mul(last, last));
  };
  const at = linearize((layers: readonly Value[]) => grad(loss)(layers), weights);
  // And the data, which are an input of the program.
  expect(kept(at, n * c)).toBeLessThanOrEqual(2 * depth + 1);
  expect(at.residualBytes).toBe(at.residuals.reduce((total, { size, dtype }) => total + size * bytesOf(dtype), 0));
});
