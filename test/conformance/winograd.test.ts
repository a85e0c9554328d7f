import { describe, expect, test } from 'vitest';
import { type Backend, type Convolution, getBackend } from '../../src/backends/index.js';
import { Random } from '../../src/data/random.js';
import {
  type DType,
  type Params,
  type Primitive,
  type Program,
  type Shape,
  sizeOf,
  type Tensor,
} from '../../src/ir/index.js';
import { add, conv2d, mean, type ParamsOf, primitives, softplus, square, tanh } from '../../src/ops/index.js';
import { expectClose, relativeError, unitOf } from '../support/compare.js';
import { type Point, pulledBack } from '../support/derivatives.js';
import { programOf, programOfPrimitive } from '../support/programs.js';
import { addonExists, reference } from '../support/targets.js';
import { tensorOf, uniform } from '../support/tensors.js';
import { entries, widen } from './matrix.js';
import { drawInputs, operandsOf, paramsOf } from './sample.js';

/** The conformance of convolutions on the algorithms that somebody has to ask for. */

/**
 * Units in the last place of the largest Σ|terms| of the result. Not of each element's own: what a square adds and takes away again is as large
 * as its largest pixel.
 */
const ALLOWED: Readonly<Record<Exclude<Convolution, 'direct'>, number>> = { winograd: 8, winograd4: 32 };
/** Of a gradient and a Hessian product through a network, in norm. */
const THROUGH_A_NETWORK = 2e-6;

/** Largest error by channels: output, gradient to the input, gradient to the filter; 10⁻⁷ of the largest result. */
const ON_RECORD = {
  winograd: { 16: [1.9, 2.1, 4.1], 64: [3.2, 3.5, 2.2] },
  winograd4: { 16: [8.2, 8.0, 6.9], 64: [15, 16, 6.2] },
} as const;

const members = entries.filter(({ name }) => name.startsWith('conv2d'));
const absolute = (x: Tensor): Tensor => tensorOf(x.data().map(Math.abs), x.shape, x.dtype);

const around = (top: number, bottom: number, left: number, right: number): readonly [Shape, Shape] => [
  [top, bottom],
  [left, right],
];
/** Images, filter channels and padding around every edge of squares and of vectors. */
const shapes: readonly { readonly x: Shape; readonly o: number; readonly padding: readonly [Shape, Shape] }[] = [
  { x: [2, 8, 8, 16], o: 16, padding: around(1, 1, 1, 1) },
  { x: [1, 9, 7, 8], o: 33, padding: around(0, 0, 0, 0) },
  { x: [3, 6, 11, 31], o: 8, padding: around(2, 0, 1, 3) },
  { x: [1, 3, 3, 64], o: 40, padding: around(0, 0, 0, 0) },
  { x: [1, 1, 1, 12], o: 17, padding: around(1, 1, 1, 1) },
  { x: [5, 4, 13, 48], o: 16, padding: around(5, 6, 7, 4) },
];

/** A gradient of two layers makes five, a Hessian product each of their adjoints again. */
const CONVOLUTIONS = [5, 10];

/** The gradient of a small network in its filters, and the Hessian times a vector. */
function pointsIn(dtype: DType): Point[] {
  const random = new Random(5);
  const draw = (shape: Shape, size: number): Tensor =>
    tensorOf(uniform(-size, size)(random, sizeOf(shape)).map(Math.fround), shape, dtype);
  const inputs = [draw([2, 7, 6, 8], 1), draw([3, 3, 8, 16], 0.2), draw([3, 3, 16, 8], 0.2), draw([8], 1)];
  const program = programOf(
    (x, f, g, bias) => [mean(square(softplus(add(conv2d(tanh(conv2d(x!, f!)), g!), bias!))))],
    inputs.map((x) => x.aval),
  );
  const active = [false, true, true, true];
  const gradient = pulledBack({ program, inputs, active }, [tensorOf([1], [], dtype)]);
  const direction = gradient.program.outputs.map(({ aval }) => draw(aval.shape, 1));
  return [gradient, pulledBack({ ...gradient, active: [...active, false] }, direction)];
}

/** Both executors have them; where the addon could not be built, the other runs. */
const executor = addonExists ? 'native' : 'wasm';

describe.each(['winograd', 'winograd4'] as const)('%s convolutions', (convolution) => {
  const backend = getBackend(executor, { convolution });
  const run = (program: Program, inputs: readonly Tensor[]) => {
    const executable = backend.compile(program);
    return { results: executable.run(inputs), algorithms: executable.stats().convolutions! };
  };

  function expectWithinBound(primitive: Primitive, operands: readonly Tensor[], params: object, got: Tensor): void {
    const exact = (inputs: readonly Tensor[]): ArrayLike<number> => {
      const wide = inputs.map(widen);
      const avals = wide.map((x) => x.aval);
      return reference.run(programOfPrimitive(primitive, avals, params as ParamsOf<'conv2d'>), wide)[0]!.data();
    };
    const largest = Array.from(exact(operands.map(absolute))).reduce((most, x) => Math.max(most, x), 0);
    expectClose(got.data(), exact(operands), { absolute: ALLOWED[convolution] * unitOf('f32') * largest });
  }

  test('says so', () => {
    expect(backend.info().details.convolution).toBe(convolution);
    expect(backend.info().device).toMatch(new RegExp(`, ${convolution} convolutions$`));
  });

  describe.each(members.map((entry) => [entry.name, entry] as const))('%s', (_, { primitive, family }) => {
    const samples = family.samples.filter(({ dtypes }) => dtypes.includes('f32'));

    test.each(samples.map((sample) => [sample.name, sample] as const))('sample: %s', (name, sample) => {
      const operands = operandsOf(sample, drawInputs(sample, 'f32'));
      const params = paramsOf(sample, 'f32');
      const program = programOfPrimitive(
        primitive,
        operands.map((x) => x.aval),
        params,
      );
      const { results, algorithms } = run(program, operands);
      expect(algorithms[convolution]).toBe(name === 'odd channels' || name === 'sixteen channels' ? 1 : 0);
      expectWithinBound(primitive, operands, params, results[0]!);
    });
  });

  test.each(shapes.map((each) => [`[${each.x}] to ${each.o}`, each] as const))('%s', (name, { x, o, padding }) => {
    const [n, h, w, c] = x as [number, number, number, number];
    const filter = [3, 3, c, o];
    const y = [n, h + padding[0][0]! + padding[0][1]! - 2, w + padding[1][0]! + padding[1][1]! - 2, o];
    const geometry = { strides: [1, 1], padding, dilation: [1, 1], groups: 1 };
    const random = new Random(7, name);
    const draw = (shape: Shape): Tensor =>
      tensorOf(uniform(-1, 1)(random, sizeOf(shape)).map(Math.fround), shape, 'f32');
    const [image, taps, cotangent] = [draw(x), draw(filter), draw(y)];
    for (const [primitive, operands, params] of [
      [primitives.conv2d, [image, taps], geometry],
      [primitives.conv2dInputGrad, [cotangent, taps], { ...geometry, inputSize: [h, w] }],
      [primitives.conv2dFilterGrad, [image, cotangent], { ...geometry, filterSize: [3, 3] }],
    ] as readonly [Primitive, Tensor[], ParamsOf<'conv2d'>][]) {
      const program = programOfPrimitive(
        primitive,
        operands.map((operand) => operand.aval),
        params,
      );
      const { results, algorithms } = run(program, operands);
      expect(algorithms).toEqual({ direct: 0, winograd: 0, winograd4: 0, [convolution]: 1 });
      expectWithinBound(primitive, operands, params, results[0]!);
    }
  });

  /** What src/compile/convolution.ts says, and half as much again for other random numbers. */
  test.each([16, 64])('the errors on record, %i channels', (channels) => {
    const x = { shape: [8, 16, 16, channels], dtype: 'f32' as const };
    const f = { shape: [3, 3, channels, channels], dtype: 'f32' as const };
    const random = new Random(1, String(channels));
    const draw = (shape: Shape): Tensor => {
      const values = Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
      return tensorOf(values, shape, 'f32');
    };
    const [image, taps, cotangent] = [draw(x.shape), draw(f.shape), draw(x.shape)];
    const params = { strides: [1, 1], padding: around(1, 1, 1, 1), dilation: [1, 1], groups: 1 };
    const cases: readonly [Primitive, Tensor[], object][] = [
      [primitives.conv2d, [image, taps], params],
      [primitives.conv2dInputGrad, [cotangent, taps], { ...params, inputSize: [16, 16] }],
      [primitives.conv2dFilterGrad, [image, cotangent], { ...params, filterSize: [3, 3] }],
    ];
    cases.forEach(([primitive, operands, its], i) => {
      const resultOf = (backend: Backend, inputs: readonly Tensor[]): ArrayLike<number> => {
        const avals = inputs.map((input) => input.aval);
        return backend
          .compile(programOfPrimitive(primitive, avals, its as Params))
          .run(inputs)[0]!
          .data();
      };
      const exact = resultOf(getBackend(executor, { convolution: 'direct' }), operands.map(widen));
      const largest = Array.from(exact).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const got = resultOf(backend, operands);
      expectClose(got, exact, { absolute: 1.5e-7 * ON_RECORD[convolution][channels as 16 | 64][i]! * largest });
    });
  });

  test('through a network: its gradient, and a Hessian product by reverse over reverse', () => {
    const points = pointsIn('f32');
    const exact = pointsIn('f64');
    points.forEach(({ program, inputs }, i) => {
      const { results, algorithms } = run(program, inputs);
      expect(algorithms.direct).toBe(0);
      expect(algorithms[convolution]).toBeGreaterThanOrEqual(CONVOLUTIONS[i]!);
      const { program: wide, inputs: at } = exact[i]!;
      expect(relativeError(results.map(widen), reference.run(wide, at))).toBeLessThan(THROUGH_A_NETWORK);
    });
  });
});
