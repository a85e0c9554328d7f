import {
  type AugmentationPolicy,
  augmentationPolicy,
  initPolicy,
  type PolicyNumbers,
  type PolicyParams,
  policyNumbers,
  smallCnn,
} from 'autobalance';
import type { Images, Samples } from './samples.js';
import { learnPolicy, type Round, type SearchSettings } from './search.js';
import { classErrors, type Network, normalising, type TrainSettings, train } from './training.js';

export interface Settings {
  /** Filters of the small network's blocks. */
  readonly channels: readonly number[];
  /** How much the magnitudes of one policy vary from image to image. */
  readonly spread: number;
  readonly training: TrainSettings;
  readonly search: SearchSettings;
}

/** What the images that a network is trained on go through. */
export const kinds = ['no augmentation', 'one shared policy', 'a policy for each class'] as const;
export type Kind = (typeof kinds)[number];

export interface Result {
  /** Of the test images, in percent, for each class. */
  readonly errors: readonly number[];
  /** What was learned; absent where nothing was. */
  readonly policy?: PolicyNumbers;
}

/** The network that is trained in all cases, for images like these. */
export const networkFor = ({ train: images, classes }: Samples, { channels }: Settings): Network =>
  normalising(smallCnn({ classes, imageShape: images.imageShape, channels }), images);

const policyOf = (cells: number, { spread }: Settings): AugmentationPolicy => augmentationPolicy({ cells, spread });

/** Never does anything, but for one image in a million millions. */
const none = (policy: AugmentationPolicy): PolicyParams => initPolicy(policy, { probability: 1e-12 });

/** Learns what is to be learned on training and validation images, trains afresh on the training images alone, and only then looks at the test images. */
export async function compare(
  kind: Kind,
  samples: Samples,
  settings: Settings,
  seed: number,
  onRound?: (round: Round) => void,
): Promise<Result> {
  const model = networkFor(samples, settings);
  const policy = policyOf(kind === 'a policy for each class' ? samples.classes : 1, settings);
  const learns = kind !== 'no augmentation';
  const params = learns ? await learnPolicy(model, policy, samples, settings.search, seed, onRound) : none(policy);
  const errors = await errorsOf(model, policy, params, samples.train, samples, settings, seed);
  return { errors, ...(learns && { policy: policyNumbers(policy, params) }) };
}

/** What the validation images are worth as training images, without any augmentation. */
export function trainedOnBoth(samples: Samples, settings: Settings, seed: number): Promise<readonly number[]> {
  const policy = policyOf(1, settings);
  const { train: own, validation } = samples;
  const both: Images = {
    x: Float32Array.from([...own.x, ...validation.x]),
    y: Int32Array.from([...own.y, ...validation.y]),
    imageShape: own.imageShape,
  };
  return errorsOf(networkFor(samples, settings), policy, none(policy), both, samples, settings, seed);
}

async function errorsOf(
  model: Network,
  policy: AugmentationPolicy,
  params: PolicyParams,
  images: Images,
  { test, classes }: Samples,
  { training }: Settings,
  seed: number,
): Promise<readonly number[]> {
  return classErrors(model, await train(model, policy, params, images, training, seed), test, classes);
}
