import { sizeOf, stridesOf } from '../../ir/index.js';
import { Body, isNotNumber, offsetOf } from './body.js';
import { type Launch, type Limits, type Place, Scratch } from './launch.js';

interface Reduction {
  readonly kind: 'sum' | 'max';
  readonly extents: readonly number[];
  /** Which of the axes the result has. */
  readonly kept: readonly boolean[];
  readonly output: Place;
  readonly limits: Limits;
  /** Writes the value of an element; `offset` gives its place in an array with these strides over the extents. */
  write(body: Body, offset: (strides: readonly number[]) => string): string;
}

/** A thread adds at most about this many numbers: longer sums are added in parts, which is both more exact and more parallel. */
export const LONGEST = 1024;

/** Folds axes away: a thread for each element of the result, or for each part of it, and then another reduction of the parts. */
export function reduce({ kind, extents, kept, output, limits, write }: Reduction): Launch[] {
  const folded = extents.flatMap((extent, axis) => (kept[axis] ? [] : [{ axis, extent }]));
  const count = folded.reduce((product, { extent }) => product * extent, 1);
  const widest = folded.reduce((a, b) => (b.extent > a.extent ? b : a));
  const length = Math.max(1, Math.floor(LONGEST / (count / widest.extent)));
  const parts = Math.ceil(widest.extent / length);
  const split = parts > 1;
  const keptExtents = extents.filter((_, axis) => kept[axis]);

  const body = new Body(limits);
  const { digits, grid } = body.threads(split ? [parts, ...keptExtents] : keptExtents);
  const part = split ? digits.shift()! : '';
  // Each part takes every so many-th element, so that neighbouring threads read neighbouring numbers.
  const loops = folded.map(({ axis, extent }, i) => ({
    name: `k${i}`,
    axis,
    extent: split && axis === widest.axis ? Math.ceil(extent / parts) : extent,
    step: split && axis === widest.axis ? parts : 1,
  }));
  const names = loops.map(({ name }) => name);
  const guarded = split && widest.extent % parts !== 0;

  body.add(`let total = ${kind === 'sum' ? '0' : body.literal(Number.NEGATIVE_INFINITY)};`);
  /** Where the loops begin: what does not change in them is written before. */
  const before = body.position;
  for (const { name, extent } of loops) body.add(`for (let ${name} = 0; ${name} < ${extent}; ${name}++) {`);
  if (guarded) {
    const long = loops.find(({ axis }) => axis === widest.axis)!;
    body.add(`if (${offsetOf([long.name, part], [parts, 1])} < ${widest.extent}) {`);
  }
  const bases = new Map<string, string>();
  const value = write(body, (strides) => {
    const key = strides.join();
    let base = bases.get(key);
    if (base === undefined) {
      const keptStrides = strides.filter((_, axis) => kept[axis]);
      const start = split
        ? offsetOf([part, ...digits], [strides[widest.axis]!, ...keptStrides])
        : offsetOf(digits, keptStrides);
      base = start === '0' ? start : body.fresh();
      if (start !== '0') body.insert(before, `const ${base} = ${start};`);
      bases.set(key, base);
    }
    const steps = loops.map(({ axis, step }) => strides[axis]! * step);
    return offsetOf([base, ...names], [1, ...steps]);
  });
  body.add(
    kind === 'sum' ? `total += ${value};` : `total = (${value} > total || ${isNotNumber(value)}) ? ${value} : total;`,
  );
  body.add('}'.repeat(loops.length + Number(guarded)));
  body.add('return total;');
  if (!split) return [body.launch(output, grid)];

  const partial = new Scratch(parts * sizeOf(keptExtents));
  const rest: Reduction = {
    kind,
    extents: [parts, ...keptExtents],
    kept: [false, ...keptExtents.map(() => true)],
    output,
    limits,
    write: (into, at) => into.set(`${into.array(partial)}[${at(stridesOf([parts, ...keptExtents]))}]`),
  };
  return [body.launch(partial, grid), ...reduce(rest)];
}
