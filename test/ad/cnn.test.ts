import { describe, expect, test } from 'vitest';
import { grad, hvp } from '../../src/ad/index.js';
import { backends, compile, withBackend } from '../../src/backends/index.js';
import { ravel } from '../../src/bilevel/index.js';
import { Random } from '../../src/data/random.js';
import type { DType, Value } from '../../src/ir/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import { smallCnn } from '../../src/nn/index.js';
import { add, mul } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';

const model = smallCnn({ classes: 4, imageShape: [13, 12, 2], channels: [3, 5, 4] });

/** The loss of the whole network (convolutions, batch statistics, pooling, softmax) as a function of one flat vector. */
function setUp(dtype: DType) {
  const random = new Random(11);
  const { params, state } = model.init(random, dtype);
  const images = 6;
  const x = tensor(
    Array.from({ length: images * 13 * 12 * 2 }, () => random.normal()),
    { shape: [images, 13, 12, 2], dtype },
  );
  const y = tensor([0, 3, 1, 2, 2, 0], { dtype: 'i32' });
  const { vector, unravel } = ravel(params);
  const loss = (w: Value): Value => crossEntropy(model.apply(unravel(w), state, x, { train: true }).logits, y);
  const direction = tensor(
    Array.from({ length: vector.size }, () => random.normal()),
    { dtype },
  );
  return {
    loss: compile(loss),
    gradient: compile(grad(loss)),
    product: compile((w: Value, v: Value) => hvp(loss, w, v)),
    vector,
    direction,
  };
}

const available = backends().filter(({ backend }) => backend);
const inner = (a: Value, b: Value): number =>
  Array.from(a.data()).reduce((sum, value, i) => sum + value * b.data()[i]!, 0);

describe.each(available.map(({ name }) => name))('the whole CNN on %s', (name) => {
  test('f64: the gradient agrees with four-point differences', () => {
    withBackend(name, () => {
      const { loss, gradient, vector, direction } = setUp('f64');
      const h = 1e-4;
      const at = (t: number): number => loss(add(vector, mul(direction, t))).item();
      const difference = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      expect(Math.abs(inner(gradient(vector), direction) - difference)).toBeLessThan(1e-7 * Math.abs(difference));
    });
  });

  test('f64: the Hessian product agrees with differences of the gradient, element by element', () => {
    withBackend(name, () => {
      const { gradient, product, vector, direction } = setUp('f64');
      const h = 1e-5;
      const up = gradient(add(vector, mul(direction, h))).data();
      const down = gradient(add(vector, mul(direction, -h))).data();
      const exact = product(vector, direction).data();
      const size = Math.max(...exact.map(Math.abs));
      exact.forEach((value, i) => {
        expect(Math.abs(value - (up[i]! - down[i]!) / (2 * h))).toBeLessThan(1e-6 * size);
      });
    });
  });

  test('f64: the Hessian is symmetric', () => {
    withBackend(name, () => {
      const { product, vector, direction } = setUp('f64');
      const other = tensor(
        direction.data().map((value, i) => Math.sin(value * 3 + i)),
        { dtype: 'f64' },
      );
      const left = inner(other, product(vector, direction));
      expect(Math.abs(left - inner(direction, product(vector, other)))).toBeLessThan(1e-12 * Math.abs(left) + 1e-12);
    });
  });
});

test.each(['f64', 'f32'] as const)(
  '%s: every backend gives the same gradient and Hessian product as the reference',
  (dtype) => {
    const results = available.map(({ name }) =>
      withBackend(name, () => {
        const { gradient, product, vector, direction } = setUp(dtype);
        return [gradient(vector).data(), product(vector, direction).data()];
      }),
    );
    const reference = results.at(-1)!;
    const bound = dtype === 'f64' ? 1e-12 : 2e-4;
    for (const result of results) {
      result.forEach((values, k) => {
        const size = Math.max(...reference[k]!.map(Math.abs));
        values.forEach((value, i) => {
          expect(Math.abs(value - reference[k]![i]!)).toBeLessThanOrEqual(bound * size);
        });
      });
    }
  },
);
