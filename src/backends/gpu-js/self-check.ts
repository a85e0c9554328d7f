import { type Program, Tensor, trace, type Value } from '../../ir/index.js';
import { add, argmax, div, exp, less, log, matmul, maximum, mul, select, sub, sum } from '../../ops/index.js';
import { referenceBackend } from '../reference.js';

/** Largest error, relative to 1 + |value|, that a device may make in the check: a few hundred roundings of f32. */
const ALLOWED = 1e-5;

const numbers = (size: number, step: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(1 + i * step));

/** Products, long sums, elementary functions, comparisons and the special numbers: what modes of gpu.js have been seen to get wrong. */
function everything(a: Value, b: Value): Value[] {
  const product = matmul(a, b);
  const ratio = div(exp(product), add(exp(mul(product, product)), 1));
  const infinite = select(less(product, -1e30), product, Number.POSITIVE_INFINITY);
  const none = maximum(sub(infinite, infinite), product);
  return [
    product,
    ratio,
    log(maximum(ratio, 1e-6)),
    sum(product),
    sum(a, { axes: 0 }),
    argmax(product),
    infinite,
    none,
  ];
}

const given = [
  Tensor.of(numbers(9 * 1500, 0.7), [9, 1500], 'f32'),
  Tensor.of(numbers(1500 * 6, 0.3), [1500, 6], 'f32'),
];

/** A program that a device must get right before it is trusted, with inputs. */
export function selfCheck(): { readonly program: Program; readonly inputs: readonly Tensor[] } {
  const { program } = trace(
    (a, b) => everything(a!, b!),
    given.map(({ aval }) => aval),
  );
  return { program, inputs: given };
}

/** The largest error among results of the check. */
export function errorOf(results: readonly Tensor[]): number {
  const { program, inputs } = selfCheck();
  const expected = referenceBackend.compile(program).run(inputs);
  let worst = 0;
  results.forEach((result, i) => {
    const wanted = expected[i]!.data();
    result.data().forEach((got, j) => {
      if (Object.is(got, wanted[j])) return;
      const error = Math.abs(got - wanted[j]!) / (1 + Math.abs(wanted[j]!));
      // NaN against a number is no error of any size.
      worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    });
  });
  return worst;
}

/** Why results of the check are not to be trusted; `undefined` if they are. */
export function faultOf(error: number): string | undefined {
  return error <= ALLOWED ? undefined : `numbers are off by ${error.toPrecision(2)} in the check at the start`;
}
