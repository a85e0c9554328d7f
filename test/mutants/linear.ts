import { type MaybeZero, type Shape, sizeOf, type Value } from '../../src/ir/index.js';
import { apply, broadcastBack } from '../../src/ops/calculus.js';
import { addRowsPrimitive } from '../../src/ops/gather.js';
import {
  add,
  concatenate,
  convert,
  div,
  equal,
  iota,
  less,
  logicalAnd,
  mul,
  pad,
  reshape,
  reverse,
  slice,
  sum,
  transpose,
} from '../../src/ops/index.js';
import { type Mutant, mutant, whereItFits } from './mutant.js';

const mirrored = (axes: Shape, rank: number): number[] => axes.map((axis) => rank - 1 - axis).sort((a, b) => a - b);
const others = (axes: Shape, rank: number): number[] => [...Array(rank).keys()].filter((axis) => !axes.includes(axis));

/** 1 where an index is the first of its kind, 0 where it repeats an earlier one. */
function firstOfItsKind(index: Value, like: Value): Value {
  const count = index.size;
  const [column, row] = [reshape(index, [count, 1]), reshape(index, [1, count])];
  const earlier = less(iota([count, count], 1), iota([count, count], 0));
  const repeats = sum(convert(logicalAnd(equal(column, row), earlier), like.dtype), { axes: 1 });
  const mask = convert(equal(repeats, 0), like.dtype);
  return reshape(mask, [...index.shape, ...like.shape.slice(index.rank).map(() => 1)]);
}

/** Faults in the adjoints of what is linear. */
export const linear: readonly Mutant[] = [
  mutant('broadcast', 'the adjoint sums over the wrong axes', (right) => ({
    transpose: (context) => {
      const { shape, axes } = context.params;
      const wrong = () => sum(context.cotangents[0]!, { axes: others(mirrored(axes, shape.length), shape.length) });
      return [whereItFits(right.transpose(context)[0]!, wrong)];
    },
  })),
  mutant('broadcast', 'the adjoint averages', (right) => ({
    transpose: (context) => {
      const ct = right.transpose(context)[0]!;
      return [div(ct, Math.max(1, sizeOf(context.params.shape) / Math.max(1, ct.size)))];
    },
  })),
  mutant('broadcast', 'the tangent is lost', () => ({ jvp: () => [null] })),
  mutant('sum', 'the adjoint averages', (right) => ({
    transpose: (context) => {
      const ct = right.transpose(context)[0]!;
      return [div(ct, Math.max(1, ct.size / Math.max(1, context.cotangents[0]!.size)))];
    },
  })),
  mutant('sum', 'the adjoint repeats along the wrong axes', (right) => ({
    transpose: (context) => {
      const { shape } = context.avals[0]!;
      const wrong = () => broadcastBack(context.cotangents[0]!, shape, mirrored(context.params.axes, shape.length));
      return [whereItFits(right.transpose(context)[0]!, wrong)];
    },
  })),
  mutant('sum', 'the tangent counts twice', (right) => ({
    jvp: (context) => right.jvp(context).map((t) => t && add(t, t)),
  })),
  mutant('max', 'equal maxima each take the whole tangent', () => ({
    jvp: ({ primals: [x], tangents: [t], outputs: [y], params: { axes } }) => [
      sum(mul(t!, convert(equal(x!, broadcastBack(y!, x!.shape, axes)), x!.dtype)), { axes }),
    ],
  })),
  mutant('max', 'the tangent is the mean of all', () => ({
    jvp: ({ primals: [x], tangents: [t], outputs: [y], params: { axes } }) => [
      div(sum(t!, { axes }), Math.max(1, x!.size / Math.max(1, y!.size))),
    ],
  })),
  mutant('reshape', 'the adjoint turns the order round', (right) => ({
    transpose: (context) => right.transpose(context).map((ct) => ct && reverse(ct, others([], ct.rank))),
  })),
  mutant('transpose', 'the adjoint permutes as the operation does, not back', (right) => ({
    transpose: (context) => [
      whereItFits(right.transpose(context)[0]!, () => transpose(context.cotangents[0]!, context.params.permutation)),
    ],
  })),
  mutant('slice', 'the adjoint is off by one', (right) => ({
    transpose: (context) => [shifted(right.transpose(context)[0]!)],
  })),
  mutant('slice', 'the adjoint forgets the steps', (right) => ({
    transpose: (context) => {
      const { start } = context.params;
      const { shape } = context.avals[0]!;
      const ct = context.cotangents[0]!;
      const wrong = () =>
        pad(
          ct,
          start,
          shape.map((extent, i) => extent - start[i]! - ct.shape[i]!),
        );
      return [whereItFits(right.transpose(context)[0]!, wrong)];
    },
  })),
  mutant('pad', 'the adjoint is off by one', (right) => ({
    transpose: (context) => {
      const { low, interior } = context.params;
      const { shape } = context.avals[0]!;
      const from = low.map((before) => Math.max(0, before - 1));
      const stride = interior.map((gap) => gap + 1);
      const limit = from.map((begin, i) => begin + Math.max(0, (shape[i]! - 1) * stride[i]! + 1));
      return [whereItFits(right.transpose(context)[0]!, () => slice(context.cotangents[0]!, from, limit, stride))];
    },
  })),
  mutant('pad', 'the adjoint forgets the gaps', (right) => ({
    transpose: (context) => {
      const { low } = context.params;
      const { shape } = context.avals[0]!;
      const limit = low.map((begin, i) => begin + shape[i]!);
      return [whereItFits(right.transpose(context)[0]!, () => slice(context.cotangents[0]!, low, limit))];
    },
  })),
  mutant('concatenate', 'the adjoint deals the parts out in reverse', (right) => ({
    transpose: (context) => {
      const parts = right.transpose(context);
      return parts.map((part, i) => whereItFits(part, () => parts.at(-1 - i)!));
    },
  })),
  mutant('concatenate', 'the adjoint of every part is that of the first', (right) => ({
    transpose: (context) => {
      const parts = right.transpose(context);
      return parts.map((part) => whereItFits(part, () => parts[0]!));
    },
  })),
  mutant('reverse', 'the adjoint does not turn back', () => ({ transpose: ({ cotangents: [ct] }) => [ct!] })),
  mutant('takeRows', 'the adjoint loses repeated rows', () => ({
    transpose: ({ cotangents: [ct], inputs: [index], avals: [, x] }) => [
      null,
      apply(addRowsPrimitive, [index!, mul(ct!, firstOfItsKind(index!, ct!))], { rows: x!.shape[0]! }),
    ],
  })),
  mutant('addRows', 'the adjoint reads rows in order, not at the indices', (right) => ({
    transpose: (context) => {
      const [index] = context.inputs;
      const order = reshape(iota([index!.size]), index!.shape);
      return right.transpose({ ...context, inputs: [order, null] });
    },
  })),
  mutant('planeTake', 'the adjoint writes one position on', (right) => ({
    transpose: (context) => right.transpose({ ...context, inputs: [add(context.inputs[0]!, 1), null] }),
  })),
  mutant('planeTake', 'the adjoint takes rows for columns', (right) => ({
    transpose: (context) => {
      const [, x] = context.avals;
      const turned = (aval: { readonly shape: Shape }) => [
        aval.shape[0]!,
        aval.shape[2]!,
        aval.shape[1]!,
        aval.shape[3]!,
      ];
      const wrong = right.transpose({ ...context, avals: [context.avals[0]!, { ...x!, shape: turned(x!) }] })[1]!;
      return [null, transpose(wrong, [0, 2, 1, 3])];
    },
  })),
  mutant('planePut', 'the adjoint reads one position on', (right) => ({
    transpose: (context) => right.transpose({ ...context, inputs: [add(context.inputs[0]!, 1), null] }),
  })),
  mutant('windowSum', 'the adjoint mirrors the padding', (right) => ({
    transpose: (context) => {
      const { params } = context;
      const [rows, columns] = params.padding;
      const padding = [rows.toReversed(), columns.toReversed()] as const;
      return right.transpose({ ...context, params: { ...params, padding } });
    },
  })),
  mutant('windowSpread', 'the adjoint averages', (right) => ({
    transpose: (context) => right.transpose(context).map((ct) => ct && div(ct, sizeOf(context.params.window))),
  })),
];

/** Everything one element further along the last axis. */
function shifted(ct: MaybeZero): MaybeZero {
  if (ct === null || ct.rank === 0 || ct.shape.at(-1)! === 0) return ct;
  const zeros = ct.shape.map(() => 0);
  const last = ct.rank - 1;
  const tail = slice(ct, zeros.with(last, ct.shape[last]! - 1), ct.shape);
  return concatenate([tail, slice(ct, zeros, ct.shape.with(last, ct.shape[last]! - 1))], last);
}
