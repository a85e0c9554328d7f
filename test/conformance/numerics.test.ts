import { describe, expect, test } from 'vitest';
import { transposeProgram } from '../../src/ad/index.js';
import { type DType, type Shape, sizeOf, type Tensor, type Value } from '../../src/ir/index.js';
import {
  convert,
  expm1,
  log,
  log1p,
  logSoftmax,
  logSumExp,
  max,
  maximum,
  maxPool,
  minimum,
  mul,
  neg,
  pow,
  relu,
  select,
  sigmoid,
  softmax,
  softplus,
  sqrt,
  sub,
  sum,
  tanh,
} from '../../src/ops/index.js';
import { expectClose, expectEqual } from '../support/compare.js';
import { tangentsAt, vjpProgram } from '../support/derivatives.js';
import { evaluate } from '../support/evaluate.js';
import { programOf } from '../support/programs.js';
import { type Target, targets } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const single: DType = 'f32';

type Fn = (...inputs: Value[]) => Value;

const numbers = (tensor: Tensor): number[] => Array.from(tensor.data());

/** fn at `inputs`. */
const at = (target: Target, fn: Fn, ...inputs: Tensor[]): number[] => numbers(evaluate(fn, inputs, target));

/** Gradient of Σ weights · fn(inputs) in the first input; all weights 1 unless given. */
function gradient(target: Target, fn: Fn, inputs: readonly Tensor[], weights?: readonly number[]): number[] {
  const program = programOf(
    (...values) => [fn(...values)],
    inputs.map((x) => x.aval),
  );
  const { shape, dtype } = program.outputs[0]!.aval;
  const u = tensorOf(weights ?? new Array<number>(sizeOf(shape)).fill(1), shape, dtype);
  const pull = vjpProgram({ program, active: inputs.map((_, i) => i === 0) });
  return numbers(target.run(pull, [...inputs, u])[0]!);
}

/** Derivative of the gradient of Σ fn along all ones: the row sums of the Hessian. */
function second(target: Target, fn: Fn, x: Tensor): number[] {
  const program = programOf((value) => [sum(fn(value!))], [x.aval]);
  const pull = vjpProgram({ program, active: [true] });
  const ones = tensorOf(new Array<number>(x.size).fill(1), x.shape, x.dtype);
  const one = tensorOf([1], [], x.dtype);
  return numbers(tangentsAt(target, { program: pull, inputs: [x, one], active: [true, false] }, [ones])[0]!);
}

const vector = (...values: number[]): Tensor => tensorOf(values, [values.length], single);
const matrix = (shape: Shape, ...values: number[]): Tensor => tensorOf(values, shape, single);

/** A few rounding errors of f32. */
const FEW = { relative: 16 * 2 ** -24 };

describe.each(targets.map((target) => [target.name, target] as const))('numerics on %s', (_, target) => {
  test('tanh keeps its derivative where 1 − tanh² has lost it', () => {
    const x = [8, -8, 20, -20, 40, 0];
    const exact = x.map((value) => {
      const e = Math.exp(-2 * Math.abs(value));
      return (4 * e) / (1 + e) ** 2;
    });
    expectClose(gradient(target, tanh, [vector(...x)]), exact, FEW);
  });

  test('tanh keeps its second derivative too', () => {
    const x = [8, -8, 20, 3];
    const exact = x.map((value) => {
      const e = Math.exp(-2 * Math.abs(value));
      return (-2 * Math.tanh(value) * (4 * e)) / (1 + e) ** 2;
    });
    expectClose(
      second(target, (value) => tanh(value!), vector(...x)),
      exact,
      { relative: 64 * 2 ** -24 },
    );
  });

  test('sigmoid is right in both tails, with its derivative', () => {
    const x = [0, 80, -80, 100, -100, 1e4, -1e4, 17, -17];
    const sigma = (value: number): number =>
      value < 0 ? Math.exp(value) / (1 + Math.exp(value)) : 1 / (1 + Math.exp(-value));
    const tiny = { ...FEW, absolute: 2 ** -126 };
    expectClose(at(target, sigmoid, vector(...x)), x.map(sigma), tiny);
    expectClose(
      gradient(target, sigmoid, [vector(...x)]),
      x.map((value) => sigma(value) * sigma(-value)),
      tiny,
    );
  });

  test('softplus neither overflows nor vanishes, and its derivative is the sigmoid', () => {
    const x = [0, 80, -80, 100, -100, 1e4, -1e4, 17, -17];
    const exact = x.map((value) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value))));
    const tiny = { ...FEW, absolute: 2 ** -126 };
    expectClose(at(target, softplus, vector(...x)), exact, tiny);
    const slope = x.map((value) => 1 / (1 + Math.exp(-value)));
    expectClose(gradient(target, softplus, [vector(...x)]), slope, tiny);
  });

  test('expm1 and log1p keep small numbers', () => {
    const x = [1e-10, -1e-10, 1e-20, 1e-4, -1e-4].map(Math.fround);
    expectClose(at(target, expm1, vector(...x)), x.map(Math.expm1), FEW);
    expectClose(at(target, log1p, vector(...x)), x.map(Math.log1p), FEW);
  });

  const ROWS = [
    [0, 0, 0],
    [1, 1, -1],
    [100, -100, 0],
    [-100, -100, -101],
    [1e4, -1e4, 1e4],
    [-1e4, -1e4, -1e4],
  ];
  const logits = matrix([ROWS.length, 3], ...ROWS.flat());
  const softmaxOf = (row: readonly number[]): number[] => {
    const exps = row.map((value) => Math.exp(value - Math.max(...row)));
    const total = exps.reduce((a, b) => a + b);
    return exps.map((value) => value / total);
  };
  const logSumExpOf = (row: readonly number[]): number =>
    Math.max(...row) + Math.log(row.reduce((a, value) => a + Math.exp(value - Math.max(...row)), 0));
  /** Rounding relative to the logits themselves, which is as well as a difference of them can be known. */
  const around = { relative: 4 * 2 ** -24, absolute: 2e-7 };

  test('logSoftmax is right at ties and far apart', () => {
    const exact = ROWS.flatMap((row) => row.map((value) => value - logSumExpOf(row)));
    expectClose(
      at(target, (x) => logSoftmax(x!), logits),
      exact,
      around,
    );
  });

  test('the gradient of cross-entropy is softmax − target, at ties and in saturation', () => {
    const exact = ROWS.flatMap((row) => softmaxOf(row).map((p, k) => (k === 0 ? 1 : 0) - p));
    const first = ROWS.flatMap(() => [1, 0, 0]);
    expectClose(
      gradient(target, (x) => logSoftmax(x!), [logits], first),
      exact,
      around,
    );
  });

  test('the Hessian of cross-entropy has rows that sum to 0', () => {
    const rowSums = second(target, (x) => logSoftmax(x!), logits);
    expectClose(rowSums, new Array<number>(rowSums.length).fill(0), { absolute: 1e-6 });
  });

  test('softmax sums to 1', () => {
    const p = at(target, (x) => softmax(x!), logits);
    ROWS.forEach((row, i) => {
      expectClose(p.slice(3 * i, 3 * i + 3), softmaxOf(row), around);
    });
  });

  test('logSumExp is right at ties, far apart and of infinities', () => {
    const rows = [...ROWS, [-inf, -inf, -inf], [inf, 0, 1], [-inf, 2, -inf], [nan, 1, 2]];
    const exact = [...ROWS.map(logSumExpOf), -inf, inf, 2, nan];
    expectClose(
      at(target, (x) => logSumExp(x!, { axes: 1 }), matrix([rows.length, 3], ...rows.flat())),
      exact,
      around,
    );
    const slopes = gradient(target, (x) => logSumExp(x!, { axes: 1 }), [logits]);
    expectClose(slopes, ROWS.flatMap(softmaxOf), around);
  });

  test('relu has derivative 0 at 0, and hands NaN on', () => {
    const x = vector(-1, -0, 0, 2, nan, inf, -inf);
    expectClose(at(target, relu, x), [0, 0, 0, 2, nan, inf, 0]);
    expectClose(gradient(target, relu, [x]), [0, 0, 0, 1, 1, 1, 0]);
    expectClose(
      second(target, (value) => mul(relu(value!), relu(value!)), vector(-1, 0, 2)),
      [0, 0, 2],
    );
  });

  test('equal maxima share the tangent', () => {
    const x = matrix([3, 4], 1, 5, 5, 2, 7, 7, 7, 7, 1, 2, 3, 4);
    const third = [0, 0.5, 0.5, 0, 0.25, 0.25, 0.25, 0.25, 0, 0, 0, 1];
    expectClose(
      gradient(target, (value) => max(value!, { axes: 1 }), [x]),
      third,
    );
  });

  test('maximum and minimum share a tie in halves', () => {
    const inputs = [vector(1, 2, 3), vector(2, 2, 2)];
    expectClose(
      gradient(target, (x, y) => maximum(x!, y!), inputs),
      [0, 0.5, 1],
    );
    expectClose(
      gradient(target, (x, y) => minimum(x!, y!), inputs),
      [1, 0.5, 0],
    );
  });

  test('the first of equal maxima in a window takes the whole tangent', () => {
    const x = matrix([1, 2, 4, 1], 3, 3, 1, 2, 3, 3, 2, 2);
    const pooled = (value: Value): Value => maxPool(value, { window: 2 });
    expectClose(
      at(target, (value) => pooled(value!), x),
      [3, 2],
    );
    expectClose(
      gradient(target, (value) => pooled(value!), [x]),
      [1, 0, 0, 1, 0, 0, 0, 0],
    );
    const squares = (value?: Value): Value => mul(pooled(value!), pooled(value!));
    expectClose(second(target, squares, x), [2, 0, 0, 2, 0, 0, 0, 0]);
  });

  test('the branch not taken gets a tangent of exactly 0, even if it is NaN', () => {
    const predicate = tensorOf([1, 0], [2], 'bool');
    const inputs = [vector(nan, nan), vector(5, 6), predicate];
    const fn: Fn = (x, y, p) => select(p!, y!, mul(x!, x!));
    expectClose(at(target, fn, ...inputs), [5, nan]);
    expectClose(
      gradient(target, (x, y, p) => select(p!, y!, x!), inputs),
      [0, 1],
    );
  });

  test('a guarded logarithm has a gradient everywhere', () => {
    const x = vector(2, 0, -1);
    const guarded: Fn = (value, p) => select(p!, log(select(p!, value!, 1)), 0);
    const inputs = [x, tensorOf([1, 0, 0], [3], 'bool')];
    expectClose(at(target, guarded, ...inputs), [Math.log(2), 0, 0], FEW);
    expectClose(gradient(target, guarded, inputs), [0.5, 0, 0], FEW);
  });

  test('powers at 0', () => {
    const zeros = (n: number): Tensor => vector(...new Array<number>(n).fill(0));
    const exponents = vector(0, 1, 2, 3, 2.5);
    expectClose(
      at(target, (x, y) => pow(x!, y!), zeros(5), exponents),
      [1, 0, 0, 0, 0],
    );
    expectClose(
      gradient(target, (x, y) => pow(x!, y!), [zeros(5), exponents]),
      [0, 1, 0, 0, 0],
    );
    expectClose(
      gradient(target, (y, x) => pow(x!, y!), [exponents, zeros(5)]),
      [0, 0, 0, 0, 0],
    );
    expectClose(
      second(target, (x) => pow(x!, 2), zeros(2)),
      [2, 2],
    );
    expectClose(
      second(target, (x) => pow(x!, 3), zeros(2)),
      [0, 0],
    );
    expectClose(
      at(target, (x) => pow(x!, -1), zeros(1)),
      [inf],
    );
  });

  test('powers of negative numbers', () => {
    expectClose(
      at(target, (x) => pow(x!, 3), vector(-2, -1)),
      [-8, -1],
    );
    expectClose(
      at(target, (x) => pow(x!, 0.5), vector(-2)),
      [nan],
    );
    expectClose(
      gradient(target, (x) => pow(x!, 3), [vector(-2, -1)]),
      [12, 3],
    );
    expectClose(
      second(target, (x) => pow(x!, 3), vector(-2, -1)),
      [-12, -6],
    );
  });

  test('the edges of domains', () => {
    expectClose(at(target, log, vector(0, -0, -1, inf)), [-inf, -inf, nan, inf]);
    expectClose(at(target, sqrt, vector(0, -1, inf)), [0, nan, inf]);
    expectClose(at(target, log1p, vector(-1, -2)), [-inf, nan]);
    expectClose(at(target, sigmoid, vector(inf, -inf, nan)), [1, 0, nan]);
    expectClose(at(target, softplus, vector(inf, -inf, nan)), [inf, 0, nan]);
    expectClose(at(target, tanh, vector(inf, -inf, nan)), [1, -1, nan]);
  });

  test('the sign of zero survives', () => {
    expectEqual(at(target, neg, vector(0, -0)), [-0, 0], true);
    expectEqual(
      at(target, (x, y) => mul(x!, y!), vector(0, -0, -0), vector(-1, 3, -2)),
      [-0, -0, 0],
      true,
    );
    const bits = tensorOf([1, 0], [2], 'bool');
    expectEqual(
      at(target, (p, x, y) => select(p!, x!, y!), bits, vector(-0, 1), vector(1, -0)),
      [-0, -0],
      true,
    );
    expectEqual(
      at(target, (x) => sub(x!, 0), vector(-0)),
      [-0],
      true,
    );
  });

  test('between f32 and f64 a tangent is converted, and so is a cotangent', () => {
    const program = programOf((x) => [convert(mul(x!, x!), 'f64')], [{ shape: [1], dtype: 'f32' }]);
    const [tangent] = tangentsAt(target, { program, inputs: [vector(3)], active: [true] }, [vector(0.5)]) as [Tensor];
    expect(tangent.dtype).toBe('f64');
    expect(tangent.item()).toBe(3);
    const pull = vjpProgram({ program, active: [true] });
    const [cotangent] = target.run(pull, [vector(3), tensorOf([0.5], [1], 'f64')]) as [Tensor];
    expect(cotangent.dtype).toBe('f32');
    expect(cotangent.item()).toBe(3);
  });
});

test('an operation that is linear in nothing cannot be transposed', () => {
  const program = programOf((x) => [tanh(x!)], [{ shape: [1], dtype: 'f64' }]);
  expect(() => transposeProgram(program, 0)).toThrow('tanh has no adjoint');
});
