import {
  type BilevelProblem,
  type Convolution,
  classLoss,
  compile,
  crossEntropy,
  fixedLosses,
  hessianOperator,
  hypergradient,
  implicit,
  initTraining,
  initVelocity,
  type Model,
  matmul,
  neumann,
  parametricCrossEntropy,
  parametricLoss,
  Random,
  ravel,
  relu,
  resNet,
  sgd,
  tensor,
  trainPrograms,
  type Value,
  valueAndGrad,
  withBackend,
} from '../../src/index.js';
import { add } from '../../src/ops/index.js';
import type { Case } from '../work.js';
import { noise } from './noise.js';

const CLASSES = 10;

function labels(count: number): Value {
  const random = new Random(5);
  return tensor(
    Int32Array.from({ length: count }, () => random.integer(CLASSES)),
    { dtype: 'i32' },
  );
}

function network(batch: number) {
  const model = resNet({ depth: 32, classes: CLASSES, imageShape: [32, 32, 3] });
  return { model, ...model.init(new Random(3)), x: noise([batch, 32, 32, 3]), y: labels(batch) };
}

/** One training step: forward, backward, SGD with momentum and weight decay. */
export function stepCases(convolution: Convolution = 'direct'): Case[] {
  const batch = 128;
  const native = <T>(fn: () => T): T => withBackend('native', fn, { convolution });
  return [
    {
      suite: convolution === 'direct' ? 'step' : `step-${convolution}`,
      name: `ResNet-32 training step, batch ${batch}${convolution === 'direct' ? '' : `, ${convolution}`}`,
      work: { kind: 'step', model: 'resnet32', batch },
      prepare() {
        const { model, params, state, x, y } = network(batch);
        const samples = { x, y, g: tensor(new Int32Array(batch)) };
        const plain = parametricLoss(fixedLosses['cross-entropy'](new Array<number>(CLASSES).fill(1)));
        const step = trainPrograms(model, { momentum: 0.9, weightDecay: 1e-4 }).step(plain);
        const loss = plain.numbers(0);
        let train = initTraining({ params, state });
        const stats = native(() => step.stats(train, samples, loss, 0.01));
        return {
          run: () => {
            train = native(() => step(train, samples, loss, 0.01).train);
          },
          peakBytes: stats.arenaBytes,
        };
      },
    },
  ];
}

/** A network so small that what is not arithmetic decides. */
export function smallCases(): Case[] {
  const batch = 32;
  const sizes = [64, 64, 64, CLASSES];
  return [
    {
      suite: 'small',
      name: `MLP 64-64-64-10 training step, batch ${batch}`,
      work: { kind: 'step', model: 'mlp', batch },
      prepare() {
        type Params = readonly { readonly weight: Value; readonly bias: Value }[];
        let params: Params = sizes.slice(1).map((outputs, i) => ({
          weight: noise([sizes[i]!, outputs]),
          bias: tensor(new Float32Array(outputs)),
        }));
        let velocity = initVelocity(params);
        const x = noise([batch, 64]);
        const y = labels(batch);
        const step = compile((p: Params, v: Params, images: Value, targets: Value) => {
          const loss = (at: Params): Value => {
            const last = at.length - 1;
            const logits = at.reduce((h, { weight, bias }, i) => {
              const z = add(matmul(h, weight), bias);
              return i < last ? relu(z) : z;
            }, images);
            return crossEntropy(logits, targets);
          };
          const { value, grad } = valueAndGrad(loss)(p);
          return { loss: value, ...sgd(p, grad, v, { learningRate: 0.01, momentum: 0.9, weightDecay: 1e-4 }) };
        });
        return {
          run: () => {
            ({ params, velocity } = step(params, velocity, x, y));
          },
        };
      },
    },
  ];
}

type Loss = { readonly delta: Value; readonly iota: Value };
type Data<S> = { readonly x: Value; readonly y: Value; readonly state: S };

function problemOf<P, S>(model: Model<P, S>): BilevelProblem<P, Loss, Data<S>> {
  const { weight } = classLoss(fixedLosses['cross-entropy'](new Array<number>(CLASSES).fill(1)));
  const logits = (p: P, { x, state }: Data<S>): Value => model.apply(p, state, x, { train: true }).logits;
  return {
    inner: (p, { delta, iota }, batch) => parametricCrossEntropy(logits(p, batch), batch.y, { delta, iota, weight }),
    outer: (p, _, batch) => crossEntropy(logits(p, batch), batch.y),
  };
}

/** Second order on ResNet-32: a Hessian product from a kept linearization, and a whole hypergradient of one batch, Neumann with J = 5. */
export function hypergradientCases(): Case[] {
  const batch = 128;
  const terms = 5;
  return [
    {
      suite: 'hypergradient',
      name: `ResNet-32 gradient, batch ${batch}`,
      work: { kind: 'derivative', what: 'gradient', batch, terms },
      prepare() {
        const { model, params, state, x, y } = network(batch);
        const gradient = compile(
          valueAndGrad((p: typeof params, images: Value, targets: Value) =>
            crossEntropy(model.apply(p, state, images, { train: true }).logits, targets),
          ),
        );
        return { run: () => gradient(params, x, y), peakBytes: gradient.stats(params, x, y).arenaBytes };
      },
    },
    {
      suite: 'hypergradient',
      name: `ResNet-32 Hessian product, kept linearization, batch ${batch}`,
      work: { kind: 'derivative', what: 'hessianProduct', batch, terms },
      prepare() {
        const { model, params, state, x, y } = network(batch);
        const loss = (p: typeof params, images: Value, targets: Value): Value =>
          crossEntropy(model.apply(p, state, images, { train: true }).logits, targets);
        const hessian = hessianOperator(loss, params, x, y);
        const v = noise([ravel(params).vector.size]);
        return { run: () => hessian.apply(v), peakBytes: hessian.residualBytes };
      },
    },
    {
      suite: 'hypergradient',
      name: `ResNet-32 hypergradient, one batch of ${batch}, Neumann J = ${terms}`,
      work: { kind: 'derivative', what: 'hypergradient', batch, terms },
      prepare() {
        const { model, params, state, x, y } = network(batch);
        const data = { x, y, state };
        const solver = neumann({ terms, stepSize: 1e-3, verify: false });
        const hyper = { delta: tensor(new Float32Array(CLASSES).fill(1)), iota: tensor(new Float32Array(CLASSES)) };
        const problem = problemOf(model);
        let peakBytes = 0;
        return {
          run: async () => {
            const at = { params, hyper, batches: { inner: [data], outer: [data] } };
            const result = await hypergradient(problem, { ...at, method: implicit({ solver, damping: 0 }) });
            peakBytes = result.peakBytes;
          },
          get peakBytes() {
            return peakBytes;
          },
        };
      },
    },
  ];
}
