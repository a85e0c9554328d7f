import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { grad } from '../../src/ad/index.js';
import { makeExecutable } from '../../src/backends/executable.js';
import { type GpuJs, gpuJsBackend } from '../../src/backends/gpu-js/backend.js';
import { referenceBackend } from '../../src/backends/reference.js';
import { Random } from '../../src/data/random.js';
import { type Program, type Shape, sizeOf, Tensor, trace, type Value } from '../../src/ir/index.js';
import { conv2d, matmul, mul, sum } from '../../src/ops/index.js';
import { expectClose } from '../support/compare.js';

/** Products of sizes at which a kernel's blocks of rows, its unrolled loops and its parts of long sums begin, end or do not come out even. */
const backend = gpuJsBackend(createRequire(import.meta.url)('gpu.js') as GpuJs, { mode: 'wasm' });

/** Whole numbers, small enough that every sum is exact: what is wrong is wrong altogether. */
function draw(shape: Shape, seed: number): Tensor {
  const random = new Random(seed, `${shape}`);
  return Tensor.of(
    Float32Array.from({ length: sizeOf(shape) }, () => random.integer(7) - 3),
    shape,
    'f32',
  );
}

function expectSame(program: Program, inputs: readonly Tensor[]): void {
  const got = makeExecutable(backend, program).run(inputs);
  const wanted = makeExecutable(referenceBackend, program).run(inputs);
  for (const [i, tensor] of wanted.entries()) expectClose(got[i]!.data(), tensor.data());
}

describe('matrix products', () => {
  test.each([
    [[5], 7, 6],
    [[4], 16, 8],
    [[9], 3, 13],
    [[1], 5, 4],
    [[33], 1, 18],
    [[6], 40, 1],
    [[13], 17, 5000],
    [[3, 10], 9, 21],
  ] as const)('%j × %i, %i inside', (rows, n, k) => {
    const m = rows.at(-1)!;
    const lead = rows.slice(0, -1);
    for (const transA of [false, true]) {
      for (const transB of [false, true]) {
        const a = draw([...lead, ...(transA ? [k, m] : [m, k])], 1);
        const b = draw([...lead, ...(transB ? [n, k] : [k, n])], 2);
        const { program } = trace((x, y) => [matmul(x!, y!, { transA, transB })], [a.aval, b.aval]);
        expectSame(program, [a, b]);
      }
    }
  });
});

describe('convolutions and their gradients', () => {
  test.each([
    { x: [2, 9, 10, 3], filter: [3, 3, 3, 5] },
    { x: [2, 8, 7, 4], filter: [3, 3, 4, 16], strides: 2 },
    { x: [1, 6, 11, 6], filter: [2, 3, 3, 4], groups: 2 },
    { x: [3, 7, 5, 2], filter: [3, 2, 2, 3], dilation: 2, padding: 2 },
    { x: [9, 12, 16, 8], filter: [1, 1, 8, 8], strides: [2, 3] },
    { x: [2, 5, 5, 8], filter: [3, 3, 1, 8], groups: 8, padding: 'valid' },
  ] as const)('%j', ({ x, filter, ...options }) => {
    const [image, weights] = [draw(x, 3), draw(filter, 4)];
    const forward = (a: Value, f: Value): Value => conv2d(a, f, options);
    const { program } = trace((a, f) => [forward(a!, f!)], [image.aval, weights.aval]);
    const ct = draw(program.outputs[0]!.aval.shape, 5);
    const adjoints = trace(
      (a, f, g) => grad((p: Value, q: Value) => sum(mul(forward(p, q), g!)), { argnums: [0, 1] })(a!, f!) as Value[],
      [image.aval, weights.aval, ct.aval],
    );
    expectSame(program, [image, weights]);
    expectSame(adjoints.program, [image, weights, ct]);
    expect(adjoints.program.outputs).toHaveLength(2);
  });
});
