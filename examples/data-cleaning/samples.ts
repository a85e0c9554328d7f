import { fillBatch, fillLabels, type ImageDataset, Normaliser, Random, tensor, type Value } from 'autobalance';

/** Images as rows of numbers 0 … 1, and the digit each is said to show. */
export interface Labelled {
  readonly x: Value;
  readonly y: Value;
}

export interface Samples {
  /** Half of its labels are wrong. */
  readonly train: Labelled;
  /** Clean, and disjoint from `train`. */
  readonly validation: Labelled;
  readonly test: Labelled;
  /** Which training labels are wrong. Read by reports only, never by what learns. */
  readonly corrupted: readonly boolean[];
}

/**
 * `count` training and `count` validation images drawn without replacement from MNIST's training set, and the first `tests` of its test set.
 * Exactly half of the training labels are replaced, each by one drawn uniformly from the nine others.
 */
export function drawSamples(
  data: { readonly train: ImageDataset; readonly test: ImageDataset },
  { count, tests, seed }: { readonly count: number; readonly tests: number; readonly seed: number },
): Samples {
  const { classes, labels } = data.train;
  const random = new Random(seed, 'data cleaning');
  const order = random.fork('samples').permutation(labels.length);
  const chosen = new Set(
    random
      .fork('which')
      .permutation(count)
      .subarray(0, Math.floor(count / 2)),
  );
  const corrupted = Array.from({ length: count }, (_, i) => chosen.has(i));
  const clean = labelled(data.train, order.slice(0, count));
  const wrong = random.fork('wrong labels');
  const y = Int32Array.from(clean.y.data(), (label, i) =>
    corrupted[i] ? (label + 1 + wrong.integer(classes - 1)) % classes : label,
  );
  return {
    train: { x: clean.x, y: tensor(y) },
    validation: labelled(data.train, order.slice(count, 2 * count)),
    test: labelled(
      data.test,
      Int32Array.from({ length: tests }, (_, i) => i),
    ),
    corrupted,
  };
}

function labelled(dataset: ImageDataset, indices: Int32Array): Labelled {
  const features = dataset.images.length / dataset.labels.length;
  const pixels = new Float32Array(indices.length * features);
  const labels = new Int32Array(indices.length);
  fillBatch(dataset, indices, Normaliser.identity(features), pixels);
  fillLabels(dataset, indices, labels);
  return { x: tensor(pixels, { shape: [indices.length, features] }), y: tensor(labels) };
}
