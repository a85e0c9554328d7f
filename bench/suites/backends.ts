import { createRequire } from 'node:module';
import { traceFunction } from '../../src/ad/grad.js';
import { makeExecutable } from '../../src/backends/executable.js';
import { type GpuJs, gpuJsBackend } from '../../src/backends/gpu-js/backend.js';
import { backends } from '../../src/backends/index.js';
import {
  type Backend,
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
} from '../../src/index.js';
import { flatten, type Program, type Tensor } from '../../src/ir/index.js';
import type { Case, Work } from '../work.js';
import { noise } from './gemm.js';

/** The same program on every backend that runs here, gpu.js in each of its modes; where peers do the work, beside them. */
export function backendCases(): Case[] {
  const here = everyBackend();
  return tasks().flatMap(({ name, work, flop, program }) =>
    here
      .filter(([backend]) => backend !== 'gpu.js cpu' || (flop ?? 0) <= BEARABLE)
      .map(([backend, { compile }]): Case => {
        return {
          suite: `backends, ${name.split(' ')[0]}`,
          name: `${name}, ${backend}`,
          work,
          ...(flop !== undefined && { flop }),
          prepare() {
            const { program: traced, inputs } = program();
            const executable = makeExecutable(
              { name: backend, compile, info: () => ({ name: backend, device: '', details: {} }) },
              traced,
            );
            // Reading a result is part of the work: where it is elsewhere, it must come here.
            return { run: () => executable.run(inputs).map((result) => result.data()) };
          },
        };
      }),
  );
}

/** Products beyond this many operations take gpu.js in JavaScript minutes. */
const BEARABLE = 1e8;

function everyBackend(): (readonly [string, Backend])[] {
  const provided = backends().flatMap(({ name, backend }) =>
    backend && name !== 'gpu.js' ? [[name, backend] as const] : [],
  );
  const library = createRequire(import.meta.url)('gpu.js') as GpuJs;
  const modes = (['wasm', 'cpu'] as const).map((mode) => [`gpu.js ${mode}`, gpuJsBackend(library, { mode })] as const);
  return [...provided, ...modes];
}

interface Task {
  readonly name: string;
  readonly work: Work;
  readonly flop?: number;
  readonly program: () => { readonly program: Program; readonly inputs: readonly Tensor[] };
}

const tasks = (): Task[] => [
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
