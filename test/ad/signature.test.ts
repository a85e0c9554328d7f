import { expect, test } from 'vitest';
import { linearizer } from '../../src/ad/index.js';
import { compile } from '../../src/backends/index.js';
import type { Value } from '../../src/ir/index.js';
import { mul, sum } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';

test('a linearizer that closes over a traced value is made anew in every trace', () => {
  let scale: Value = tensor(1);
  const at = linearizer((x: Value) => sum(mul(mul(x, x), scale)));
  const along = (s: Value, x: Value): Value => {
    scale = s;
    return at(x).jvp(x);
  };
  const [first, second] = [compile(along), compile(along)];
  const x = tensor([1, 2]);
  // d(s·x²) along x is 2·s·x², here 2·s·5.
  expect(first(tensor(3), x).item()).toBe(30);
  expect(second(tensor(7), x).item()).toBe(70);
});
