import { describe, expect, test } from 'vitest';
import { grad, hvp, vmap } from '../../src/ad/index.js';
import { backends, compile, withBackend } from '../../src/backends/index.js';
import { Random } from '../../src/data/random.js';
import { mapTrees, sizeOf, type Tensor, type Value } from '../../src/ir/index.js';
import { flatten } from '../../src/ir/tree.js';
import { crossEntropy } from '../../src/losses/index.js';
import {
  batchNorm,
  conv,
  type DenseParams,
  dense,
  type NormParams,
  type NormState,
  smallCnn,
} from '../../src/nn/index.js';
import { maxPool, relu, reshape, slice, sum, tanh } from '../../src/ops/index.js';
import { tensor } from '../../src/tensor/index.js';
import { relativeError } from '../support/compare.js';

const random = new Random(5);
const normal = (shape: readonly number[], scale = 1) =>
  tensor(
    Array.from({ length: sizeOf(shape) }, () => scale * random.normal()),
    { shape, dtype: 'f64' },
  );
const labels = (classes: number, count: number) =>
  tensor(
    Array.from({ length: count }, () => random.integer(classes)),
    { dtype: 'i32' },
  );
const example = (batch: Value, i: number): Value =>
  reshape(
    slice(batch, [i, ...batch.shape.slice(1).map(() => 0)], [i + 1, ...batch.shape.slice(1)]),
    batch.shape.slice(1),
  );

type Data = { x: Value; y: Value };

/** A loss of one example under parameters P. */
interface Model<P> {
  readonly name: string;
  readonly params: P;
  readonly data: Data;
  loss(params: P, data: Data): Value;
}

const ofOne = (logits: Value, y: Value): Value => crossEntropy(reshape(logits, [1, logits.size]), reshape(y, [1]));

const layer = (inputs: number, outputs: number): DenseParams => ({
  weight: normal([inputs, outputs], 0.5),
  bias: normal([outputs], 0.1),
});

const mlp: Model<readonly DenseParams[]> = {
  name: 'a perceptron of three layers',
  params: [layer(7, 6), layer(6, 5), layer(5, 4)],
  data: { x: normal([5, 7]), y: labels(4, 5) },
  loss: (params, { x, y }) =>
    ofOne(
      params.reduce((h, weights, i) => dense(i === 0 ? h : tanh(h), weights), x),
      y,
    ),
};

const network = smallCnn({ classes: 4, imageShape: [9, 8, 2], channels: [3, 4] });
const { params: weights } = network.init(random, 'f64');
const states: NormState[] = [3, 4].map((channels) => ({
  mean: normal([channels], 0.2),
  variance: tensor(
    Array.from({ length: channels }, () => 0.5 + random.uniform()),
    { dtype: 'f64' },
  ),
}));
const statistics: NormState = { mean: normal([4], 0.2), variance: states[1]!.variance };
const images: Data = { x: normal([5, 9, 8, 2]), y: labels(4, 5) };

const cnn: Model<typeof weights> = {
  name: 'the small CNN with running statistics',
  params: weights,
  data: images,
  loss: (params, { x, y }) =>
    ofOne(network.apply(params, states, reshape(x, [1, 9, 8, 2]), { train: false }).logits, y),
};

/** The CNN’s layers once more, with a stride, groups and overlapping windows. */
const layers: Model<{ first: Value; second: Value; norm: NormParams; head: DenseParams }> = {
  name: 'strided and grouped convolutions, overlapping windows',
  params: {
    first: normal([3, 3, 2, 4], 0.4),
    second: normal([3, 2, 2, 6], 0.4),
    norm: { scale: normal([4]), shift: normal([4]) },
    head: layer(24, 4),
  },
  data: images,
  loss: ({ first, second, norm, head }, { x, y }) => {
    const h = conv(reshape(x, [1, 9, 8, 2]), { filter: first }, { strides: 2 });
    const { output } = batchNorm(h, norm, statistics, { train: false });
    const g = conv(relu(output), { filter: second }, { groups: 2, padding: 'valid' });
    return ofOne(dense(reshape(maxPool(g, { window: 2, strides: 1 }), [1, 24]), head), y);
  },
};

const leavesOf = (tree: unknown): Tensor[] => flatten(tree).leaves as Tensor[];
const ofExample = ({ x, y }: Data, i: number): Data => ({ x: example(x, i), y: example(y, i) });
const COUNT = 5;

function expectPerExample<P>({ params, data, loss }: Model<P>): void {
  const gradient = compile(grad(loss));
  const perExample = compile(vmap(grad(loss), { inAxes: [null, 0] }));
  const got = perExample(params, data);
  for (let i = 0; i < COUNT; i++) {
    const wanted = leavesOf(gradient(params, ofExample(data, i)));
    const row = leavesOf(got).map((leaf) => example(leaf, i) as Tensor);
    expect(relativeError(row, wanted)).toBeLessThan(1e-12);
  }
}

/** Products of each example's Hessian with a direction of its own, and of the whole batch's with one direction. */
function expectProducts<P>({ params, data, loss }: Model<P>): void {
  const product = (params: P, data: Data, v: P): P => hvp((p: P) => loss(p, data), params, v);
  const directions = mapTrees((leaf) => normal([COUNT, ...leaf.shape]), params);
  const got = compile(vmap(product, { inAxes: [null, 0, 0] }))(params, data, directions);
  const one = compile(product);
  for (let i = 0; i < COUNT; i++) {
    const direction = mapTrees((leaf) => example(leaf, i), directions);
    const wanted = leavesOf(one(params, ofExample(data, i), direction));
    const row = leavesOf(got).map((leaf) => example(leaf, i) as Tensor);
    expect(relativeError(row, wanted)).toBeLessThan(1e-12);
  }
  const v = mapTrees((leaf) => example(leaf, 0), directions);
  const total = (p: P): Value => sum(vmap(loss, { inAxes: [null, 0] })(p, data));
  const whole = leavesOf(compile((p: P, v: P) => hvp(total, p, v))(params, v));
  const each = leavesOf(compile(vmap(product, { inAxes: [null, 0, null] }))(params, data, v));
  const added = each.map((leaf) => sum(leaf, { axes: 0 }) as Tensor);
  expect(relativeError(whole, added)).toBeLessThan(1e-12);
}

const available = backends().filter(({ backend }) => backend);

describe.each(available.map(({ name }) => name))('per example on %s', (name) => {
  const check = (what: () => void) => () => withBackend(name, what);
  for (const of of [mlp, cnn, layers]) {
    test(
      `gradients of ${of.name} are those of a loop over examples`,
      check(() => expectPerExample(of as Model<unknown>)),
    );
    test(
      `Hessian products of ${of.name} are those of a loop over examples`,
      check(() => expectProducts(of as Model<unknown>)),
    );
  }
});
