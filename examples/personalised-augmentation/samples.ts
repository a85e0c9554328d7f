import {
  AugmentationNoise,
  augmentationPolicy,
  augmentOperations,
  compile,
  type PolicyParams,
  pdaTransform,
  Random,
  tensor,
  type Value,
} from 'autobalance';

/** What is read of a data set: pixels 0 … 255, [n, height, width, channels], and classes. */
export interface LabelledImages {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  readonly imageShape: readonly [number, number, number];
  readonly classes: number;
}

/** Images [n, H, W, C] with pixels 0 … 1, and their classes i32 [n]. */
export interface Images {
  readonly x: Float32Array;
  readonly y: Int32Array;
  readonly imageShape: readonly [number, number, number];
}

export interface Samples {
  /** As the camera took them. */
  readonly train: Images;
  /** As the model will meet them, and disjoint from `train`: what the policies are learned on. */
  readonly validation: Images;
  /** As the model will meet them. */
  readonly test: Images;
  readonly classes: number;
}

/** What happens to the images of a class before the model meets them. */
export type Fate = 'rotated' | 'shifted' | 'untouched';
const FATES: readonly Fate[] = ['rotated', 'shifted', 'untouched'];

/** Every third class is rotated, every third shifted, every third left alone. */
export const fateOf = (label: number): Fate => FATES[label % FATES.length]!;

/** The most that images are rotated by (degrees) and shifted by (of their side); each by a random share of it from a half to the whole. */
const ROTATION = 45;
const SHIFT = 0.25;
const BATCH = 500;

/** The images as the model will meet them. */
export function deployed({ x, y, imageShape }: Images, classes: number, random: Random): Images {
  const { rotate, translate } = augmentOperations;
  const policy = augmentationPolicy({
    operations: [
      { ...rotate, range: [0, ROTATION] },
      { ...translate, range: [0, SHIFT] },
    ],
    cells: classes,
    spread: 0.5,
  });
  const always = 40;
  const rows = Array.from({ length: classes }, (_, label) =>
    ['rotated', 'shifted'].map((fate) => (fateOf(label) === fate ? always : -always)),
  );
  const params: PolicyParams = { logit: tensor(rows), strength: tensor(rows.map((row) => row.map(() => always))) };
  const noise = new AugmentationNoise(policy, imageShape, random);
  const transform = compile((images: Value, cells: Value, randomness: ReturnType<typeof noise.at>) =>
    pdaTransform(policy, params, images, cells, randomness),
  );
  const pixels = imageShape[0] * imageShape[1] * imageShape[2];
  const out = new Float32Array(x.length);
  for (let from = 0; from < y.length; from += BATCH) {
    const labels = y.slice(from, from + BATCH);
    const images = tensor(x.slice(from * pixels, (from + BATCH) * pixels), { shape: [labels.length, ...imageShape] });
    out.set(transform(images, tensor(labels), noise.at(from, labels.length)).data(), from * pixels);
  }
  return { x: out, y, imageShape };
}

/** The images at `indices`. */
export function pick({ images, labels, imageShape }: LabelledImages, indices: Int32Array): Images {
  const pixels = imageShape[0] * imageShape[1] * imageShape[2];
  const x = new Float32Array(indices.length * pixels);
  indices.forEach((index, i) => {
    for (let k = 0; k < pixels; k++) x[i * pixels + k] = images[index * pixels + k]! / 255;
  });
  return { x, y: indices.map((index) => labels[index]!), imageShape };
}

export interface Amounts {
  /** Images of each class to train on. */
  readonly train: number;
  /** And to learn the policies on. */
  readonly validation: number;
  /** Test images in all. */
  readonly test: number;
}

/** Training and validation images drawn without replacement from the training set, equally many of every class, and the first of the test set. */
export function drawSamples(
  data: { readonly train: LabelledImages; readonly test: LabelledImages },
  amounts: Amounts,
  seed: number,
): Samples {
  const random = new Random(seed, 'personalised augmentation');
  const { labels, classes } = data.train;
  const order = random.fork('samples').permutation(labels.length);
  const taken = Array.from({ length: classes }, (): number[] => []);
  const each = amounts.train + amounts.validation;
  for (const index of order) if (taken[labels[index]!]!.length < each) taken[labels[index]!]!.push(index);
  const part = (from: number, to: number): Images =>
    pick(data.train, Int32Array.from(taken.flatMap((indices) => indices.slice(from, to))));
  const first = Int32Array.from({ length: Math.min(amounts.test, data.test.labels.length) }, (_, i) => i);
  return {
    train: part(0, amounts.train),
    validation: deployed(part(amounts.train, each), classes, random.fork('validation')),
    test: deployed(pick(data.test, first), classes, random.fork('test')),
    classes,
  };
}
