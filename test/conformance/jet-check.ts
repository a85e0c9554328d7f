import { Random } from '../../src/data/random.js';
import { allocateArray, type Shape, sizeOf, Tensor } from '../../src/ir/index.js';
import { expectClose, unitOf } from '../support/compare.js';
import {
  activeOf,
  type Point,
  type Prepared,
  prepareDerivatives,
  pulledBack,
  tangentsAt,
} from '../support/derivatives.js';
import { awayFromZero, tensorOf } from '../support/tensors.js';
import type { Jet } from './jet.js';
import { paramsOf, type Sample } from './sample.js';

/**
 * Every mode in f64 at a point where the derivatives are told (`Jet`), element by element: with e_i the unit directions,
 *   jvp             Df[v]
 *   vjp             Σ u·Df[e_i]
 *   over reverse    forward: Σ u·D²f[e_i, w] + du·Df[e_i];   reverse: Σ u·D²f[e_i, c] and Df[c]
 *   third order     the tangent of that last: Σ u·D³f[e_i, c, w] + du·D²f[e_i, c] + u·D²f[e_i, dc] and D²f[c, w] + Df[dc].
 * That the remaining mixtures are adjoints of each other needs no telling, and is asserted of them all.
 */

/** Units in the last place of Σ|terms|. Closed forms and the functions of JavaScript are no better. */
const ULPS = 64;

/** A sum with the size of what was added. */
class Sum {
  value = 0;
  size = 0;
  /** A factor of 0 is no term at all, whatever it would multiply. */
  add(factor: number, weight = 1): void {
    if (factor === 0) return;
    this.value += factor * weight;
    this.size += Math.abs(factor * weight);
  }
}

const expectSums = (got: Tensor | undefined, sums: readonly Sum[], what: string): void =>
  expectClose(
    got!.data(),
    sums.map(({ value }) => value),
    { absolute: sums.map(({ size }) => ULPS * unitOf('f64') * size), what: `f64 ${what}` },
  );

export function prepareJet(jet: Jet, sample: Sample, point: Point): Prepared {
  const { inputs: x, program } = point;
  const { shape } = program.outputs[0]!.aval;
  const params = paramsOf(sample, 'f64');
  const random = new Random(4, sample.name);
  const draw = (of: Shape, dtype: Tensor['dtype']): Tensor => {
    const values = (jet.draw ?? awayFromZero(0.25, 1))(random, sizeOf(of));
    return tensorOf(values.map(Math.fround), of, dtype);
  };
  const moving = activeOf(x, point);
  const directions = (): Tensor[] => moving.map((input) => draw(input.shape, input.dtype));
  /** One tensor per input, zero where it does not move. */
  const all = (active: readonly Tensor[]): Tensor[] =>
    x.map((input, i) => active[jet.active.indexOf(i)] ?? zeros(input.shape, input.dtype));
  const unit = (k: number, element: number): Tensor[] =>
    all(moving.map((input, j) => (j === k ? oneAt(input, element) : zeros(input.shape, input.dtype))));
  /** For each element of each moving input: the sum that `terms` makes from its unit direction. */
  const pull = (terms: (e: readonly Tensor[], sum: Sum) => void): Sum[][] =>
    moving.map((input, k) =>
      Array.from({ length: input.size }, (_, element) => {
        const sum = new Sum();
        terms(unit(k, element), sum);
        return sum;
      }),
    );
  /** Σ over the single elements of a direction: what each contributes to every element of the result. */
  const push = (terms: readonly [form: (e: readonly Tensor[]) => number[], v: readonly Tensor[]][]): Sum[] => {
    const sums = Array.from({ length: sizeOf(shape) }, () => new Sum());
    for (const [form, v] of terms) {
      moving.forEach((input, k) => {
        for (let element = 0; element < input.size; element++) {
          form(unit(k, element)).forEach((factor, o) => {
            sums[o]!.add(factor, v[k]!.data()[element]!);
          });
        }
      });
    }
    return sums;
  };

  const first = (v: readonly Tensor[]): number[] => jet.first(x, v, params, shape);
  const second = (v: readonly Tensor[], w: readonly Tensor[]): number[] => jet.second?.(x, v, w, params, shape) ?? [];
  const third = (v: readonly Tensor[], w: readonly Tensor[], z: readonly Tensor[]): number[] =>
    jet.third?.(x, v, w, z) ?? [];

  const output = program.outputs[0]!.aval;
  const [v, w, c, dc] = [directions(), directions(), directions(), directions()];
  const [u, du] = [draw(shape, output.dtype), draw(shape, output.dtype)];
  const [cs, ws, dcs] = [all(c), all(w), all(dc)];
  const weighted = (sum: Sum, form: readonly number[], weights: Tensor): void => {
    form.forEach((factor, o) => {
      sum.add(factor, weights.data()[o]!);
    });
  };
  /** A second derivative is known as well as the first: that counts as a term. */
  const known = (sum: Sum, e: readonly Tensor[]): void => {
    const term = new Sum();
    weighted(term, first(e), u);
    sum.size += term.size;
  };

  const expected = {
    jvp: push([[first, v]]),
    vjp: pull((e, sum) => weighted(sum, first(e), u)),
    forward: pull((e, sum) => {
      weighted(sum, second(e, ws), u);
      weighted(sum, first(e), du);
      known(sum, e);
    }),
    reverse: pull((e, sum) => {
      weighted(sum, second(e, cs), u);
      known(sum, e);
    }),
    seed: push([[first, c]]),
    third: pull((e, sum) => {
      weighted(sum, third(e, cs, ws), u);
      weighted(sum, second(e, cs), du);
      weighted(sum, second(e, dcs), u);
      known(sum, e);
    }),
    thirdSeed: push([
      [(e) => second(e, ws), c],
      [first, dc],
    ]),
  };
  const pulled = pulledBack(point, [u]);
  const twice = pulledBack(pulled, c);
  // Numbers that are none do not meet in inner products.
  const adjoints = prepareDerivatives(point, 3, new Random(5, sample.name), { smooth: false });
  return (target) => {
    expectSums(tangentsAt(target, point, v)[0], expected.jvp, 'jvp');
    const back = target.run(pulled.program, pulled.inputs);
    const tangents = tangentsAt(target, pulled, [...w, du]);
    const again = target.run(twice.program, twice.inputs);
    const thirds = tangentsAt(target, twice, [...w, du, ...dc]);
    moving.forEach((_, k) => {
      expectSums(back[k], expected.vjp[k]!, 'vjp');
      expectSums(tangents[k], expected.forward[k]!, 'forward over reverse');
      expectSums(again[k], expected.reverse[k]!, 'reverse over reverse');
      expectSums(thirds[k], expected.third[k]!, 'third order');
    });
    expectSums(again[moving.length], expected.seed, 'reverse over reverse');
    expectSums(thirds[moving.length], expected.thirdSeed, 'third order');
    adjoints(target);
  };
}

const zeros = (shape: Shape, dtype: Tensor['dtype']): Tensor =>
  Tensor.of(allocateArray(dtype, sizeOf(shape)), shape, dtype);

function oneAt({ shape, dtype }: Tensor, element: number): Tensor {
  const values = allocateArray(dtype, sizeOf(shape));
  values[element] = 1;
  return Tensor.of(values, shape, dtype);
}
