import { describe, expect, test } from 'vitest';
import { grad } from '../../src/ad/index.js';
import { fuse } from '../../src/compile/fuse.js';
import type { Fused, Group } from '../../src/compile/instructions.js';
import { type Aval, simplify, trace, type Value } from '../../src/ir/index.js';
import { batchNorm } from '../../src/nn/index.js';
import {
  add,
  convert,
  exp,
  matmul,
  mean,
  mul,
  oneHot,
  relu,
  reshape,
  rsqrt,
  softmax,
  sub,
  sum,
} from '../../src/ops/index.js';

const f32 = (...shape: number[]): Aval => ({ shape, dtype: 'f32' });

function fused(fn: (...inputs: Value[]) => Value[], avals: Aval[]): Fused {
  return fuse(simplify(trace(fn, avals).program, { final: true }));
}

/** Groups over at least `size` elements: the sweeps that cost memory traffic. */
const sweeps = ({ instructions }: Fused, size: number): Group[] =>
  instructions.filter((instruction) => instruction.kind === 'fused').filter((group) => group.size >= size);

const image = f32(32, 14, 14, 16);
const channel = f32(16);
const pixels = 32 * 14 * 14 * 16;

function batchNormRelu(x: Value, scale: Value, shift: Value): Value {
  const axes = [0, 1, 2];
  const centred = sub(x, mean(x, { axes }));
  const variance = mean(mul(centred, centred), { axes });
  return relu(add(mul(mul(centred, rsqrt(add(variance, 1e-5))), scale), shift));
}

describe('fuse', () => {
  test('batch-norm and ReLU: two sweeps for the statistics, one for the result, nothing large in between', () => {
    const result = fused((x, a, b) => [batchNormRelu(x!, a!, b!)], [image, channel, channel]);
    const large = sweeps(result, pixels);
    expect(large.length).toBe(3);
    expect(result.instructions.length).toBeLessThanOrEqual(5);
    // The centred values are computed twice rather than stored.
    expect(large.map((group) => group.stored.size)).toEqual([0, 0, 1]);
  });

  test('batch-norm and ReLU, gradient: at most three sweeps more', () => {
    const loss = (x: Value, a: Value, b: Value): Value => sum(mul(batchNormRelu(x, a, b), x));
    const gradient = fused((x, a, b) => [grad((x: Value) => loss(x, a!, b!))(x!)], [image, channel, channel]);
    expect(sweeps(gradient, pixels).length).toBeLessThanOrEqual(6);
  });

  test('the batch-norm of the library: backward only a sweep for the sums and one for the result', () => {
    const state = (x: Value) => ({ mean: x, variance: x });
    const gradient = fused(
      (x, ct, a, b) => [
        grad((x: Value) => {
          const { output } = batchNorm(x, { scale: a!, shift: b! }, state(a!), { train: true });
          return sum(mul(relu(output), ct!));
        })(x!),
      ],
      [image, image, channel, channel],
    );
    // Mean and variance together, then the two: the output itself is not wanted, and the sums need no sweep of their own.
    const large = sweeps(gradient, pixels);
    expect(large.map((group) => group.stored.size)).toEqual([0, 1, 1]);
  });

  test('what several results are cheap functions of is stored in their stead', () => {
    const result = fused(
      (x, y, a, b) => {
        const base = add(x!, y!);
        const total = sum(base, { axes: [0, 1, 2] });
        // Both wait for the total, and both factors are at hand in the first sweep.
        return [add(mul(mul(base, a!), total), exp(mul(mul(base, b!), total)))];
      },
      [image, image, channel, channel],
    );
    const large = sweeps(result, pixels);
    expect(large.length).toBe(2);
    expect(large[0]!.stored.size).toBe(1);
    expect(large[0]!.steps.length).toBe(1);
  });

  test('a momentum step is one sweep', () => {
    const step = (p: Value, v: Value, g: Value): Value[] => {
      const velocity = add(mul(v, 0.9), add(g, mul(p, 1e-4)));
      return [sub(p, mul(velocity, 0.1)), velocity];
    };
    const aval = f32(300, 100);
    const result = fused((p, v, g) => step(p!, v!, g!), [aval, aval, aval]);
    expect(result.instructions.length).toBe(1);
    expect((result.instructions[0] as Group).stored.size).toBe(2);
  });

  test('softmax: maximum, sum, result', () => {
    const result = fused((x) => [softmax(x!)], [f32(512, 10)]);
    expect(sweeps(result, 5120).length).toBeLessThanOrEqual(3);
  });

  test('a broadcast is never laid out for elementwise readers, and is for a kernel', () => {
    const avals = [f32(64, 32), f32(32)];
    const elementwise = fused((x, row) => [mul(x!, row!)], avals);
    expect(elementwise.instructions.length).toBe(1);
    const kernel = fused((x) => [matmul(x!, add(exp(mul(sum(x!), 0)), mul(x!, 0)), { transB: true })], [f32(64, 32)]);
    expect(kernel.instructions.at(-1)!.kind).toBe('kernel');
  });

  test('elementwise work fuses through a reshape', () => {
    const result = fused(
      (x, row) => [relu(add(reshape(mul(reshape(x!, [128, 16]), row!), [8, 4, 4, 16]), row!))],
      [f32(8, 4, 4, 16), f32(16)],
    );
    expect(result.instructions.length).toBe(1);
  });

  test('sweeps over one tensor are joined, whichever was written first', () => {
    const result = fused(
      (x, y, row) => [sum(y!, { axes: [0] }), sum(mul(sub(x!, row!), y!), { axes: [0] })],
      [f32(64, 32), f32(64, 32), f32(32)],
    );
    expect(result.instructions.length).toBe(1);
  });

  test('axes that cut across each other are not forced into one sweep', () => {
    // [6, 4] and [4, 6] have no common axes.
    const result = fused(
      (x, a, b) => [add(reshape(add(reshape(x!, [6, 4]), a!), [24]), reshape(add(reshape(x!, [4, 6]), b!), [24]))],
      [f32(24), f32(4), f32(6)],
    );
    expect(result.instructions.length).toBeGreaterThan(1);
  });

  test('a conversion to the same dtype, and dead code, cost nothing', () => {
    const { program } = trace((x) => [convert(mul(x!, 2), 'f32')], [f32(9)]);
    const extra = trace((x) => [mul(x!, 3), exp(x!)], [f32(9)]).program;
    const dead = { ...extra, outputs: [extra.outputs[0]!] };
    expect((fuse(program).instructions[0] as Group).steps.length).toBe(1);
    expect((fuse(dead).instructions[0] as Group).steps.length).toBe(1);
  });

  test('outputs are never inputs, and are laid out in full', () => {
    const { program } = trace(
      (x, labels) => [x!, reshape(x!, [4]), oneHot(labels!, 3)],
      [f32(2, 2), { shape: [5], dtype: 'i32' }],
    );
    const result = fuse(program);
    for (const output of result.outputs) expect(result.inputs).not.toContain(output);
  });
});
