import { compile, matmul, type Value } from '../../src/index.js';
import { onExecutor } from '../native.js';
import type { Case, Work } from '../work.js';
import { noise } from './noise.js';

type Gemm = Extract<Work, { kind: 'gemm' }>;

function product(name: string, suite: string, work: Gemm): Case {
  const { dtype, m, n, k, batch, transA, transB } = work;
  return {
    suite,
    name,
    work,
    flop: 2 * m * n * k * batch,
    prepare() {
      const leading = batch > 1 ? [batch] : [];
      const a = noise([...leading, ...(transA ? [k, m] : [m, k])], dtype, 1);
      const b = noise([...leading, ...(transB ? [n, k] : [k, n])], dtype, 2);
      const multiply = compile((x: Value, y: Value) => matmul(x, y, { transA, transB }));
      return { run: onExecutor(multiply.program(a, b), [a, b]) };
    },
  };
}

const gemm = (m: number, n: number, k: number, more: Partial<Gemm> = {}): Gemm => {
  return { kind: 'gemm', dtype: 'f32', m, n, k, batch: 1, transA: false, transB: false, ...more };
};

/** Matrix products: large, small, tall and skinny, transposed, batched, in f32 and f64. */
export const gemmCases = (): Case[] => [
  ...[512, 768, 1024, 1536, 2048].map((n) => product(`sgemm ${n}`, 'gemm', gemm(n, n, n))),
  product('sgemm 1024, a transposed', 'gemm', gemm(1024, 1024, 1024, { transA: true })),
  product('sgemm 1024, b transposed', 'gemm', gemm(1024, 1024, 1024, { transB: true })),
  ...[32, 48, 64, 96, 128].map((n) => product(`sgemm ${n}`, 'gemm-small', gemm(n, n, n))),
  product('sgemm 8192×64×32, tall', 'gemm-small', gemm(8192, 64, 32)),
  product('sgemm 128×10×3136, a classifier head', 'gemm-small', gemm(128, 10, 3136)),
  product('sgemm 3136×10×128, its weight gradient', 'gemm-small', gemm(3136, 10, 128, { transA: true })),
  product('sgemm 64×64×64, 32 of them', 'gemm-small', gemm(64, 64, 64, { batch: 32 })),
  product('sgemm 32×128×32, 64 of them', 'gemm-small', gemm(32, 128, 32, { batch: 64 })),
  ...[64, 256, 512, 1024].map((n) => product(`dgemm ${n}`, 'dgemm', gemm(n, n, n, { dtype: 'f64' }))),
];
