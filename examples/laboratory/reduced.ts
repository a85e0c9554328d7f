import {
  add,
  type Batches,
  type BilevelProblem,
  classCounts,
  compile,
  conjugateGradient,
  grad,
  hessianOperator,
  type ImageDataset,
  initVelocity,
  longTailIndices,
  matmul,
  mean,
  mul,
  objectives,
  Random,
  ravel,
  sgd,
  square,
  sub,
  sum,
  tanh,
  tensor,
  type Value,
} from 'autobalance';
import { adjustedLosses, type Hyper, neutral } from './network.js';

/** One hidden layer of tanh: smooth, and without normalisation, so that with weight decay there is a minimum to be at. */
export type Perceptron = {
  readonly first: Value;
  readonly firstBias: Value;
  readonly second: Value;
  readonly secondBias: Value;
};
export type Samples = { readonly x: Value; readonly y: Value };

/** Images of 28×28 are averaged to 7×7. */
const BLOCK = 4;
const HIDDEN = 8;
const DECAY = 0.03;
const HELD_OUT = 20;
const LONG_TAIL = { n0: 120, imbalance: 10 };

/** The AutoBalance problem made small enough for exact answers, in f64, with its inner problem solved. */
export interface ReducedProblem {
  readonly problem: BilevelProblem<Perceptron, Hyper, Samples>;
  /** The minimum under the neutral loss. */
  readonly params: Perceptron;
  readonly hyper: Hyper;
  /** All samples: one training batch, one validation batch with every class equally often. */
  readonly batches: Batches<Samples>;
  /** The parameters after so many steps of gradient descent. */
  readonly early: readonly { readonly name: string; readonly params: Perceptron }[];
  /** Random subsets of the training samples. */
  readonly subsets: (count: number, size: number) => Samples[];
  /** The minimum at λ, from the one at the neutral loss. */
  readonly solve: (hyper: Hyper) => Promise<Perceptron>;
  readonly size: number;
  readonly samples: number;
  /** ‖∂g/∂w‖ at the minimum. */
  readonly stationarity: number;
}

const outputs = ({ first, firstBias, second, secondBias }: Perceptron, { x }: Samples): Value =>
  add(matmul(tanh(add(matmul(x, first), firstBias)), second), secondBias);
const head = (logits: Value, hyper: Hyper, { y }: Samples): Value => mean(adjustedLosses(logits, hyper, y));
const problem: BilevelProblem<Perceptron, Hyper, Samples> = {
  inner: (w, hyper, batch) => head(outputs(w, batch), hyper, batch),
  outer: (w, _, batch) => objectives.calibrated(outputs(w, batch), batch.y),
  head: { outputs, loss: head },
  weightDecay: DECAY,
};
/** The inner objective with its weight decay, of vectors. */
const { unravel } = ravel(initialise(new Random(0), 10));
const objective = (w: Value, hyper: Hyper, batch: Samples): Value =>
  add(problem.inner(unravel(w), hyper, batch), mul(sum(square(w)), DECAY / 2));
const gradient = compile((w: Value, hyper: Hyper, batch: Samples) => grad(objective)(w, hyper, batch));

export async function reducedProblem(train: ImageDataset, seed: number): Promise<ReducedProblem> {
  const random = new Random(seed, 'reduced');
  const { labels, classes } = train;
  const indices = longTailIndices(labels, classes, LONG_TAIL);
  const counts = classCounts(labels, classes, indices);
  // The long tail takes the first samples of each class, so those after the largest count are free.
  const held = classCounts(labels, classes).flatMap((_, k) =>
    positionsOf(labels, k).slice(Math.max(...counts), Math.max(...counts) + HELD_OUT),
  );
  const all = samplesOf(train, indices);
  const batches = { inner: [all], outer: [samplesOf(train, Int32Array.from(held))] };
  const hyper = neutral(classes, 'f64');

  const { early, last } = descend(ravel(initialise(random.fork('weights'), classes)).vector, hyper, all);
  const newton = async (w: Value, at: Hyper): Promise<Value> => {
    for (let step = 0; step < 8; step++) w = await newtonStep(w, at, all);
    return w;
  };
  const minimum = await newton(last, hyper);
  return {
    problem,
    params: unravel(minimum),
    hyper,
    batches,
    early,
    subsets: (count, size) =>
      Array.from({ length: count }, (_, i) =>
        samplesOf(train, random.fork(`subset ${i} of ${size}`).shuffle(indices.slice()).slice(0, size)),
      ),
    solve: async (at) => unravel(await newton(minimum, at)),
    size: minimum.size,
    samples: indices.length,
    stationarity: Math.hypot(...gradient(minimum, hyper, all).data()),
  };
}

/** Gradient descent with momentum; far enough for Newton's method to do the rest. */
function descend(start: Value, hyper: Hyper, batch: Samples) {
  const step = compile((w: Value, velocity: Value) =>
    sgd(w, grad(objective)(w, hyper, batch), velocity, { learningRate: 0.2, momentum: 0.9, weightDecay: 0 }),
  );
  const early: { name: string; params: Perceptron }[] = [];
  let [params, velocity] = [start, initVelocity(start)];
  for (let k = 1; k <= 3000; k++) {
    ({ params, velocity } = step(params, velocity));
    if ([100, 300, 1000, 3000].includes(k)) early.push({ name: `after ${k} steps`, params: unravel(params) });
  }
  return { early, last: params };
}

/** w − H⁻¹ ∂g/∂w. */
async function newtonStep(w: Value, hyper: Hyper, batch: Samples): Promise<Value> {
  const b = gradient(w, hyper, batch);
  const operator = hessianOperator(objective, w, hyper, batch);
  const { solution } = await conjugateGradient({ iterations: 400, tolerance: 1e-9 }).solve({ operator, b });
  return sub(w, solution);
}

function initialise(random: Random, classes: number): Perceptron {
  const inputs = (28 / BLOCK) ** 2;
  const normal = (rows: number, columns: number): Value =>
    tensor(
      Float64Array.from({ length: rows * columns }, () => random.normal() / Math.sqrt(rows)),
      { shape: [rows, columns] },
    );
  return {
    first: normal(inputs, HIDDEN),
    firstBias: tensor(new Float64Array(HIDDEN)),
    second: normal(HIDDEN, classes),
    secondBias: tensor(new Float64Array(classes)),
  };
}

const positionsOf = (labels: Int32Array, k: number): number[] =>
  Array.from(labels.keys()).filter((position) => labels[position] === k);

/** Means over blocks of pixels, roughly of mean 0 and variance 1. */
function samplesOf({ images, labels, imageShape: [height, width] }: ImageDataset, indices: Int32Array): Samples {
  const [rows, columns] = [height / BLOCK, width / BLOCK];
  const x = new Float64Array(indices.length * rows * columns);
  indices.forEach((index, n) => {
    for (let pixel = 0; pixel < height * width; pixel++) {
      const [i, j] = [Math.floor(pixel / width / BLOCK), Math.floor((pixel % width) / BLOCK)];
      x[(n * rows + i) * columns + j]! += images[index * height * width + pixel]! / 255 / BLOCK ** 2;
    }
  });
  return {
    x: tensor(
      x.map((value) => (value - 0.13) / 0.25),
      { shape: [indices.length, rows * columns] },
    ),
    y: tensor(
      indices.map((index) => labels[index]!),
      { dtype: 'i32' },
    ),
  };
}
