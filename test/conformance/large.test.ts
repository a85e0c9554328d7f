import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { getBackend } from '../../src/backends/index.js';
import { nativeAddon } from '../../src/backends/native.js';
import { loadWasm } from '../../src/backends/wasm-file.js';
import { Random } from '../../src/data/random.js';
import { type Shape, sizeOf, type Tensor, type Value } from '../../src/ir/index.js';
import {
  add,
  argmax,
  averagePool,
  concatenate,
  conv2d,
  logSoftmax,
  matmul,
  max,
  maxPool,
  mean,
  mul,
  pad,
  relu,
  rsqrt,
  slice,
  square,
  sub,
  sum,
  takeRows,
  tanh,
  transpose,
} from '../../src/ops/index.js';
import { relativeError } from '../support/compare.js';
import { vjpProgram } from '../support/derivatives.js';
import { programOf } from '../support/programs.js';
import { reference, type Target, targetOf, targets } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';

/** Sizes at which work is cut into tiles and blocks and shared among threads. */
interface Case {
  readonly name: string;
  readonly shapes: readonly Shape[];
  fn(...inputs: Value[]): readonly Value[];
}

const cases: readonly Case[] = [
  { name: 'a long sweep', shapes: [[300_007], [300_007]], fn: (x, y) => [tanh(add(mul(x!, y!), 0.5))] },
  {
    name: 'sums of everything, rows and columns',
    shapes: [[701, 307]],
    fn: (x) => [sum(x!), sum(square(x!), { axes: 1 }), sum(x!, { axes: 0 }), max(x!, { axes: 1 })],
  },
  { name: 'softmax of many rows', shapes: [[3001, 10]], fn: (x) => [logSoftmax(x!), argmax(x!)] },
  {
    name: 'batch normalisation',
    shapes: [[8, 28, 28, 16], [16]],
    fn: (x, scale) => {
      const axes = [0, 1, 2];
      const centred = sub(x!, mean(x!, { axes, keepDims: true }));
      const variance = mean(square(centred), { axes, keepDims: true });
      return [relu(mul(mul(centred, rsqrt(add(variance, 1e-5))), scale!)), variance];
    },
  },
  {
    name: 'matrix products',
    shapes: [
      [150, 260],
      [260, 170],
    ],
    fn: (a, b) => [matmul(a!, b!), matmul(b!, b!, { transA: true })],
  },
  {
    name: 'a product with a long inner axis',
    shapes: [
      [13, 5000],
      [17, 5000],
    ],
    fn: (a, b) => [matmul(a!, b!, { transB: true })],
  },
  {
    name: 'many small products',
    shapes: [
      [300, 7, 9],
      [300, 9, 5],
    ],
    fn: (a, b) => [matmul(a!, b!)],
  },
  {
    name: 'convolutions and pools',
    shapes: [
      [5, 28, 28, 3],
      [5, 5, 3, 24],
      [3, 3, 24, 40],
    ],
    fn: (x, f, g) => [averagePool(conv2d(maxPool(conv2d(x!, f!), { window: 2 }), g!, { strides: 2 }), { window: 3 })],
  },
  {
    name: 'movements',
    shapes: [[130, 270]],
    fn: (x) => {
      const turned = transpose(x!);
      return [
        concatenate([turned, turned], 1),
        pad(x!, [3, 5], [1, 0], [0, 1]),
        slice(turned, [2, 1], [268, 130], [3, 2]),
      ];
    },
  },
];

function pointOf({ name, shapes, fn }: Case) {
  const random = new Random(1, name);
  const inputs = shapes.map((shape) => {
    const values = new Float32Array(sizeOf(shape)).map(() => 2 * random.uniform() - 1);
    return tensorOf(values, shape, 'f32');
  });
  const program = programOf(
    fn,
    inputs.map((x) => x.aval),
  );
  return { program, inputs, active: inputs.map(() => true) };
}

/** Values and, for a fixed cotangent, gradients. */
function results(target: Target, of: Case): Tensor[] {
  const point = pointOf(of);
  const values = target.run(point.program, point.inputs);
  const pull = vjpProgram(point);
  const random = new Random(2);
  const u = pull.inputs.slice(point.inputs.length).map(({ aval: { shape } }) =>
    tensorOf(
      new Float32Array(sizeOf(shape)).map(() => random.uniform()),
      shape,
      'f32',
    ),
  );
  return [...values, ...target.run(pull, [...point.inputs, ...u])];
}

const named = cases.map((each) => [each.name, each] as const);
/** What a backend that has threads runs on so many of them. */
const onThreads: { readonly [backend: string]: (count: number, target: Target) => Target } = {
  native(count, target) {
    nativeAddon().setThreads(count);
    return target;
  },
  wasm: (count) => targetOf('wasm', loadWasm(undefined, count)),
};

/** One text for each tensor that is equal exactly if all of its bits are. */
const digests = (tensors: readonly Tensor[]): string[] =>
  tensors.map((x) => createHash('sha256').update(x.data()).digest('hex'));

describe.each(targets.filter((target) => target !== reference).map((target) => [target.name, target] as const))(
  'large shapes on %s',
  (backend, target) => {
    test.each(named)('%s: values and gradients', (_, of) => {
      const expected = results(reference, of);
      const got = results(target, of);
      got.forEach((tensor, i) => {
        expect(relativeError([tensor], [expected[i]!])).toBeLessThan(2e-5);
      });
    });

    test.each(named)('%s: the same bits every time, for any number of threads', (_, of) => {
      const first = digests(results(target, of));
      expect(digests(results(target, of))).toEqual(first);
      const { threads } = getBackend(backend).info().details;
      try {
        for (const count of onThreads[backend] ? [1, 2, 3, 8] : []) {
          expect(digests(results(onThreads[backend]!(count, target), of))).toEqual(first);
        }
      } finally {
        onThreads[backend]?.(Number(threads), target);
      }
    });
  },
);

test('rows are taken and added up in order', () => {
  const random = new Random(4);
  const table = tensorOf(
    new Float32Array(50 * 33).map(() => random.uniform()),
    [50, 33],
    'f32',
  );
  const index = tensorOf(
    Array.from({ length: 4000 }, () => random.integer(52) - 1),
    [4000],
    'i32',
  );
  const program = programOf((x, i) => [takeRows(x!, i!)], [table.aval, index.aval]);
  const pull = vjpProgram({ program, active: [true, false] });
  const u = tensorOf(
    new Float32Array(4000 * 33).map(() => random.uniform()),
    [4000, 33],
    'f32',
  );
  const [expected] = reference.run(pull, [table, index, u]) as [Tensor];
  for (const target of targets) {
    expect(relativeError(target.run(pull, [table, index, u]), [expected])).toBeLessThan(1e-5);
  }
});
