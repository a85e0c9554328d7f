import { traceFunction } from '../../src/ad/grad.js';
import { flatten, type Program, type Tensor } from '../../src/ir/index.js';
import {
  conv2d,
  crossEntropy,
  grad,
  matmul,
  mul,
  Random,
  smallCnn,
  sum,
  tensor,
  type Value,
  valueAndGrad,
} from '../../src/portable.js';
import type { Work } from '../work.js';
import { noise } from './noise.js';

/** What every backend is asked to do, in Node and in a page alike: nothing here needs either. */
export interface Task {
  readonly name: string;
  readonly work: Work;
  /** Floating-point operations, where they are worth counting. */
  readonly flop?: number;
  /** Traces it, with inputs of noise: a and b; or image, filter and the cotangent of the output; or whatever the network has. */
  readonly program: () => { readonly program: Program; readonly inputs: readonly Tensor[] };
}

/** Products, layers of ResNet-32 and their gradients, and a training step. */
export const tasks = (): Task[] => [
  ...[256, 512, 1024].map(product),
  ...(
    [
      [32, 16, 16],
      [16, 32, 32],
      [8, 64, 64],
    ] as const
  ).flatMap(([size, c, o]) =>
    (['forward', 'inputGrad', 'filterGrad'] as const).map((member) => convolution(size, c, o, member)),
  ),
  cnnStep(),
];

function product(n: number): Task {
  return {
    name: `sgemm ${n}`,
    work: { kind: 'gemm', dtype: 'f32', m: n, n, k: n, batch: 1, transA: false, transB: false },
    flop: 2 * n ** 3,
    program: () => traced((a: Value, b: Value) => matmul(a, b), noise([n, n]), noise([n, n], 'f32', 2)),
  };
}

/** A layer of ResNet-32, on few images: the slowest backends take seconds for each. */
function convolution(size: number, c: number, o: number, member: 'forward' | 'inputGrad' | 'filterGrad'): Task {
  const n = 16;
  return {
    name: `conv ${size}×${size}, ${c} → ${o}, ${member}`,
    work: { kind: 'conv', member, n, h: size, w: size, c, kh: 3, kw: 3, o, stride: 1, pad: 1 },
    flop: 2 * n * size * size * 9 * c * o,
    program() {
      const x = noise([n, size, size, c]);
      const filter = noise([3, 3, c, o], 'f32', 2);
      if (member === 'forward') return traced((image: Value, f: Value) => conv2d(image, f), x, filter);
      const adjoint = (image: Value, f: Value, ct: Value): Value =>
        grad((a: Value, b: Value) => sum(mul(conv2d(a, b), ct)), { argnums: member === 'inputGrad' ? 0 : 1 })(image, f);
      return traced(adjoint, x, filter, noise([n, size, size, o], 'f32', 3));
    },
  };
}

/** Loss and gradient of the small CNN of the main job. */
function cnnStep(): Task {
  const batch = 32;
  return {
    name: `step of the small CNN, batch ${batch}`,
    work: { kind: 'cnn', batch },
    program() {
      const model = smallCnn({ classes: 10, imageShape: [28, 28, 1] });
      const { params, state } = model.init(new Random(3));
      const labels = tensor(
        Int32Array.from({ length: batch }, (_, i) => i % 10),
        { dtype: 'i32' },
      );
      const loss = (p: typeof params, x: Value, y: Value): Value =>
        crossEntropy(model.apply(p, state, x, { train: true }).logits, y);
      return traced(valueAndGrad(loss), params, noise([batch, 28, 28, 1]), labels);
    },
  };
}

function traced<A extends readonly unknown[]>(fn: (...args: A) => unknown, ...args: A) {
  const { program, captured } = traceFunction(fn as (...args: never[]) => unknown, args);
  return { program, inputs: [...flatten(args).leaves, ...captured] as Tensor[] };
}
