import { compile, matmul, Random, tensor, type Value } from '../src/index.js';
import { measure } from './measure.js';
import type { Case } from './report.js';

/** Square products in f32, [n, n] · [n, n]. */
export function gemmCases(): Case[] {
  const product = compile((a: Value, b: Value) => matmul(a, b));
  const random = new Random(1);
  return [64, 128, 256, 512, 1024].map((n) => {
    const matrix = () =>
      tensor(
        Float32Array.from({ length: n * n }, () => random.normal()),
        { shape: [n, n] },
      );
    const [a, b] = [matrix(), matrix()];
    return { suite: 'gemm', ...measure(`${n}×${n}×${n}`, () => product(a, b)), flop: 2 * n ** 3 };
  });
}
