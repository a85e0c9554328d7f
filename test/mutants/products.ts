import type { Shape, Value } from '../../src/ir/index.js';
import { matmul, mul, reverse, stopGradient } from '../../src/ops/index.js';
import { type Mutant, mutant, whereItFits } from './mutant.js';

type ConvName = 'conv2d' | 'conv2dInputGrad' | 'conv2dFilterGrad';
type Geometry = {
  readonly strides: Shape;
  readonly padding: readonly [Shape, Shape];
  readonly dilation: Shape;
  readonly groups: number;
};

/** An adjoint with another geometry, where the shapes still fit. */
const geometry = (name: ConvName, fault: string, change: (of: Geometry) => Partial<Geometry>): Mutant =>
  mutant(name, fault, (right) => ({
    transpose: (context) => {
      const params = { ...context.params, ...change(context.params) };
      return right
        .transpose(context)
        .map((ct, i) => whereItFits(ct, () => right.transpose({ ...context, params })[i]!));
    },
  }));

/** An adjoint of one input that is made from the right one. */
const changed = (name: ConvName, fault: string, input: 0 | 1, change: (ct: Value) => Value): Mutant =>
  mutant(name, fault, (right) => ({
    transpose: (context) => right.transpose(context).map((ct, i) => (ct && i === input ? change(ct) : ct)),
  }));

const dropsSecond = (name: ConvName | 'dot'): Mutant =>
  mutant(name, 'a term of the product rule is dropped', (right) => ({
    jvp: (context) =>
      right.jvp({ ...context, tangents: [context.tangents[0]!, context.tangents[0] ? null : context.tangents[1]!] }),
  }));

const flipped = (x: Value): Value => reverse(x, [0, 1]);

/** Faults in matrix products and convolutions. */
export const products: readonly Mutant[] = [
  dropsSecond('dot'),
  mutant('dot', 'only the second derivative is wrong', (right) => ({
    jvp: (context) => right.jvp({ ...context, primals: context.primals.map(stopGradient) }),
  })),
  mutant('dot', 'the left adjoint loses a transposition', (right) => ({
    transpose: (context) => {
      const [ct] = context.cotangents;
      const [, b] = context.inputs;
      return right
        .transpose(context)
        .map((good, i) =>
          i === 0 ? whereItFits(good, () => matmul(ct!, b!, { transB: context.params.transB })) : good,
        );
    },
  })),
  mutant('dot', 'the right adjoint swaps its operands', (right) => ({
    transpose: (context) => {
      const [ct] = context.cotangents;
      const [a] = context.inputs;
      return right
        .transpose(context)
        .map((good, i) => (i === 1 ? whereItFits(good, () => matmul(ct!, a!, { transA: true })) : good));
    },
  })),
  dropsSecond('conv2d'),
  geometry('conv2d', 'the adjoints mirror the padding', ({ padding: [rows, columns] }) => ({
    padding: [rows.toReversed(), columns.toReversed()],
  })),
  geometry('conv2d', 'the adjoints forget the dilation', () => ({ dilation: [1, 1] })),
  changed('conv2d', 'the filter’s adjoint is turned round', 1, flipped),
  changed('conv2d', 'the input’s adjoint counts twice', 0, (ct) => mul(ct, 2)),
  dropsSecond('conv2dInputGrad'),
  geometry('conv2dInputGrad', 'the adjoints mirror the padding', ({ padding: [rows, columns] }) => ({
    padding: [rows.toReversed(), columns.toReversed()],
  })),
  mutant('conv2dInputGrad', 'the adjoint convolves with the filter turned round', (right) => ({
    transpose: (context) => {
      const [g, f] = context.inputs;
      return right.transpose({ ...context, inputs: [g!, f ? flipped(f) : null] });
    },
  })),
  dropsSecond('conv2dFilterGrad'),
  changed('conv2dFilterGrad', 'the input’s adjoint has the wrong sign', 0, (ct) => mul(ct, -1)),
  geometry('conv2dFilterGrad', 'the adjoints forget the dilation', () => ({ dilation: [1, 1] })),
];
