import { type DType, type Program, type Tensor, trace, type Value } from '../../src/ir/index.js';
import {
  abs,
  add,
  broadcastTo,
  div,
  exp,
  lessEqual,
  max,
  maximum,
  mul,
  neg,
  reshape,
  select,
  sqrt,
  sub,
  sum,
  tanh,
  transpose,
} from '../../src/ops/index.js';
import { tensorOf } from '../support/tensors.js';

/** A small generator, so that a failure names the seed that repeats it. */
export function generator(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    state ^= state >>> 12;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Shapes that reshape into each other; the last has rows longer than a block. */
const families = [
  [[4, 6, 5], [24, 5], [120], [4, 30]],
  [[2, 3, 4, 50], [6, 200], [24, 50], [1200]],
  [[8, 9, 10, 16], [720, 16], [11520], [8, 1440], [72, 160]],
  [[7, 1500], [10500], [7, 3, 500]],
  [[3, 5, 2100], [15, 2100], [31500], [3, 10500]],
];

/** A random straight-line function over one family of shapes and what comes of folding and repeating them. */
function randomFunction(seed: number, steps: number): { shape: number[]; fn: (...inputs: Value[]) => Value[] } {
  const choose = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(choose() * list.length)]!;
  const family = families[seed % families.length]!;
  const fn = (...inputs: Value[]): Value[] => {
    const values: Value[] = [...inputs];
    const full = (): Value => {
      const x = pick(values);
      const size = family[0]!.reduce((a, b) => a * b, 1);
      if (x.size === size) return reshape(x, pick(family));
      // Folded values come back repeated along the axes that fit.
      const shape = pick(family);
      const axis = shape.indexOf(x.size);
      if (x.size === 1) return broadcastTo(reshape(x, []), shape);
      if (axis < 0) return reshape(pick(inputs), shape);
      return broadcastTo(
        reshape(
          x,
          shape.map((extent, i) => (i === axis ? extent : 1)),
        ),
        shape,
      );
    };
    const like = (x: Value): Value => {
      for (let i = 0; i < 8; i++) {
        const y = full();
        if (y.shape.join() === x.shape.join()) return y;
      }
      return x;
    };
    for (let i = 0; i < steps; i++) {
      const x = full();
      const y = like(x);
      const axes = x.shape.map((_, axis) => axis).filter(() => choose() < 0.5);
      values.push(
        pick<() => Value>([
          () => add(x, y),
          () => sub(x, mul(y, 0.5)),
          () => mul(tanh(x), y),
          () => maximum(x, neg(y)),
          () => div(x, add(abs(y), 1)),
          () => select(lessEqual(x, y), 0.25, x),
          () => sqrt(abs(x)),
          () => exp(neg(abs(x))),
          () => mul(sum(x, { axes }), 1 / 64),
          () => max(x, { axes }),
          () => transpose(x),
        ])(),
      );
    }
    return [values.at(-1)!, values.at(-2)!, pick(values), pick(values.slice(inputs.length))];
  };
  return { shape: family[0]!, fn };
}

/** A random program of two inputs and four outputs, and inputs for it. */
export function randomProgram(seed: number, dtype: DType = 'f64'): { program: Program; inputs: Tensor[] } {
  const { shape, fn } = randomFunction(seed, 4 + (seed % 23));
  const { program } = trace(fn, [
    { shape, dtype },
    { shape, dtype },
  ]);
  const random = generator(seed + 1000);
  const inputs = program.inputs.map(({ aval }) => {
    const size = aval.shape.reduce((a, b) => a * b, 1);
    return tensorOf(
      Array.from({ length: size }, () => random() * 2 - 1),
      aval.shape,
      dtype,
    );
  });
  return { program, inputs };
}
