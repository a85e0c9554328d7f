import { sizeOf } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { contract } from './contract.js';
import type { Lower } from './lower.js';

export const dot: Lower<ParamsOf<'dot'>> = ([a, b], { transA, transB }, output, limits) => {
  const [m, n] = output.shape.slice(-2) as [number, number];
  const k = a!.shape.at(transA ? -2 : -1)!;
  const batch = sizeOf(output.shape.slice(0, -2));
  return contract(
    {
      outer: [batch],
      rows: m,
      lanes: n,
      inner: [k],
      left: { place: a!.place, start: 0, outer: [m * k], own: transA ? 1 : k, inner: [transA ? m : 1] },
      right: { place: b!.place, start: 0, outer: [k * n], own: transB ? k : 1, inner: [transB ? 1 : n] },
      result: { outer: [m * n], row: n, lane: 1 },
      output: output.place,
    },
    limits,
  );
};
