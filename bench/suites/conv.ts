import { type Convolution, compile, conv2d, grad, mul, sum, type Value } from '../../src/index.js';
import { onExecutor } from '../native.js';
import type { Case, Work } from '../work.js';
import { noise } from './noise.js';

type Conv = Extract<Work, { kind: 'conv' }>;

/** The convolutions of ResNet-32 on 32×32 images, batch 128. */
const LAYERS: readonly (readonly [name: string, size: number, c: number, o: number, kernel: number, stride: number])[] =
  [
    ['3×3, 3 → 16', 32, 3, 16, 3, 1],
    ['3×3, 16 → 16', 32, 16, 16, 3, 1],
    ['3×3, 16 → 32, stride 2', 32, 16, 32, 3, 2],
    ['3×3, 32 → 32', 16, 32, 32, 3, 1],
    ['3×3, 32 → 64, stride 2', 16, 32, 64, 3, 2],
    ['3×3, 64 → 64', 8, 64, 64, 3, 1],
    ['1×1, 16 → 32, stride 2', 32, 16, 32, 1, 2],
    ['1×1, 32 → 64, stride 2', 16, 32, 64, 1, 2],
  ];

const BATCH = 128;

/** Forward, gradient to the input and gradient to the filter of each; where an algorithm does not apply, the same case once more. */
export const convCases = (convolution: Convolution = 'direct'): Case[] =>
  LAYERS.flatMap(([name, size, c, o, kernel, stride]) =>
    (['forward', 'inputGrad', 'filterGrad'] as const).map((member): Case => {
      const pad = (kernel - 1) / 2;
      const work: Conv = {
        kind: 'conv',
        member,
        n: BATCH,
        h: size,
        w: size,
        c,
        kh: kernel,
        kw: kernel,
        o,
        stride,
        pad,
      };
      const out = size / stride;
      return {
        suite: convolution === 'direct' ? 'conv' : `conv-${convolution}`,
        name: `${name}, ${member}${convolution === 'direct' ? '' : `, ${convolution}`}`,
        work,
        flop: 2 * BATCH * out * out * kernel * kernel * c * o,
        prepare() {
          const x = noise([BATCH, size, size, c]);
          const filter = noise([kernel, kernel, c, o], 'f32', 2);
          const g = noise([BATCH, out, out, o], 'f32', 3);
          const forward = (image: Value, f: Value): Value => conv2d(image, f, { strides: stride, padding: pad });
          if (member === 'forward') {
            const run = compile(forward);
            return { run: onExecutor(run.program(x, filter), [x, filter], [], { convolution }) };
          }
          // The convolution is linear in either, so the gradient of ⟨y, g⟩ is the adjoint applied to g and nothing else.
          const adjoint = compile((image: Value, f: Value, ct: Value) =>
            grad((a: Value, b: Value) => sum(mul(forward(a, b), ct)), { argnums: member === 'inputGrad' ? 0 : 1 })(
              image,
              f,
            ),
          );
          return { run: onExecutor(adjoint.program(x, filter, g), [x, filter, g], [], { convolution }) };
        },
      };
    }),
  );
