import { sizeOf, stridesOf } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { offsetOf } from './body.js';
import { type Launch, type Limits, Scratch } from './launch.js';
import { gather, type Lower, type Operand } from './lower.js';

/** Reads each element of the output at an offset that is linear in its index. */
const strided = (x: Operand, strides: readonly number[], start: number, output: Operand, limits: Limits): Launch[] => [
  gather(output, limits, (body, index) => `${body.array(x.place)}[${offsetOf(index, strides, start)}]`),
];

export const transpose: Lower<ParamsOf<'transpose'>> = ([x], { permutation }, output, limits) => {
  const strides = stridesOf(x!.shape);
  return strided(
    x!,
    permutation.map((axis) => strides[axis]!),
    0,
    output,
    limits,
  );
};

export const slice: Lower<ParamsOf<'slice'>> = ([x], { start, stride }, output, limits) => {
  const strides = stridesOf(x!.shape);
  const first = strides.reduce((sum, each, axis) => sum + each * start[axis]!, 0);
  return strided(
    x!,
    strides.map((each, axis) => each * stride[axis]!),
    first,
    output,
    limits,
  );
};

export const reverse: Lower<ParamsOf<'reverse'>> = ([x], { axes }, output, limits) => {
  const strides = stridesOf(x!.shape);
  const last = axes.reduce((sum, axis) => sum + (x!.shape[axis]! - 1) * strides[axis]!, 0);
  return strided(
    x!,
    strides.map((each, axis) => (axes.includes(axis) ? -each : each)),
    last,
    output,
    limits,
  );
};

/** Zeros wherever an index is none of the input's. */
export const pad: Lower<ParamsOf<'pad'>> = ([x], { low, interior }, output, limits) => [
  gather(output, limits, (body, index) => {
    if (sizeOf(x!.shape) === 0) return '0';
    const conditions: string[] = [];
    const source = index.map((digit, axis) => {
      const extent = x!.shape[axis]!;
      const gap = interior[axis]! + 1;
      if (low[axis] === 0 && gap === 1 && output.shape[axis]! <= extent) return digit;
      const from = low[axis] === 0 ? digit : body.set(`${digit} - ${low[axis]}`);
      if (low[axis] !== 0) conditions.push(`${from} >= 0`);
      conditions.push(`${from} < ${(extent - 1) * gap + 1}`);
      if (gap === 1) return from;
      // Below 0 the quotient is of no use, and not used.
      const place = body.set(body.quotient(from, gap));
      conditions.push(`${place} * ${gap} == ${from}`);
      return place;
    });
    const value = `${body.array(x!.place)}[${offsetOf(source, stridesOf(x!.shape))}]`;
    return conditions.length === 0 ? value : `(${conditions.join(' && ')}) ? ${value} : 0`;
  }),
];

export const concatenate: Lower<ParamsOf<'concatenate'>> = (inputs, { axis }, output, limits) => {
  const parts = inputs.filter(({ shape }) => sizeOf(shape) > 0);
  if (parts.length > limits.inputs) {
    // As many as one kernel can read are joined first.
    const some = parts.slice(0, limits.inputs);
    const shape = output.shape.with(
      axis,
      some.reduce((sum, part) => sum + part.shape[axis]!, 0),
    );
    const joined: Operand = { place: new Scratch(sizeOf(shape)), shape };
    const rest = [joined, ...parts.slice(limits.inputs)];
    return [...concatenate(some, { axis }, joined, limits), ...concatenate(rest, { axis }, output, limits)];
  }
  return [
    gather(output, limits, (body, index) => {
      let end = output.shape[axis]!;
      let value = '';
      for (const { place, shape } of parts.toReversed()) {
        const from = end - shape[axis]!;
        const strides = stridesOf(shape);
        const here = `${body.array(place)}[${offsetOf(index, strides, -from * strides[axis]!)}]`;
        value = value === '' ? here : `(${index[axis]} < ${end}) ? ${here} : (${value})`;
        end = from;
      }
      return value;
    }),
  ];
};

export const iota: Lower<ParamsOf<'iota'>> = (_, { axis }, output, limits) => [
  // Rounded, or the kernel would return integers.
  gather(output, limits, (_, index) => `Math.floor(${index[axis]})`),
];
