import {
  adam,
  areaUnderCurve,
  compile,
  concatenate,
  conjugateGradient,
  div,
  type Hypergradient,
  hypergradient,
  type ImplicitState,
  implicit,
  initAdam,
  mapTrees,
  mean,
  ones,
  Random,
  sigmoid,
  tensor,
  type Value,
  zeros,
} from 'autobalance';
import { cleaningProblem, initLayers, type Layers } from './problem.js';
import type { Labelled, Samples } from './samples.js';
import { accuracy, initTraining, train, trainingStep, trainWatched } from './training.js';

export interface CleaningSettings {
  /** Layer sizes. */
  readonly sizes: readonly number[];
  readonly weightDecay: number;
  /** Of Adam on w. */
  readonly learningRate: number;
  /** Steps of w before the first hypergradient, and between two. */
  readonly firstSteps: number;
  readonly steps: number;
  /** Hypergradients. */
  readonly rounds: number;
  /** Of Adam on λ: about the most that a λ_i moves in one round. */
  readonly hyperRate: number;
  /** Most products of conjugate gradients. */
  readonly iterations: number;
  /** Steps of each training that is reported. */
  readonly retrainSteps: number;
}

type Result = Hypergradient<Layers, Value, Labelled, ImplicitState>;

export interface Round {
  readonly round: number;
  readonly result: Result;
  readonly weights: readonly number[];
}

/** Rounds between two estimates of the spectrum. */
const SPECTRUM_EVERY = 10;

const moveHyper = compile(adam<Value>);

/** Learns λ and returns the weights σ(λ), one for each training sample. Reads training and validation samples, nothing else. */
export async function learnWeights(
  { train: batch, validation }: Pick<Samples, 'train' | 'validation'>,
  settings: CleaningSettings,
  seed: number,
  onRound: (round: Round) => void = () => {},
): Promise<Value> {
  const { weightDecay, firstSteps, steps, rounds, hyperRate, iterations, sizes } = settings;
  const problem = cleaningProblem(weightDecay);
  const method = implicit({ solver: conjugateGradient({ iterations, tolerance: 1e-3 }) });
  const step = trainingStep(settings);
  let lambda: Value = zeros([batch.y.size]);
  let moments = initAdam(lambda);
  let state = initTraining(initLayers(sizes, new Random(seed, 'learning')));
  let known: ImplicitState | undefined;
  for (let round = 0; round < rounds; round++) {
    state = await train(step, state, sigmoid(lambda), batch, round === 0 ? firstSteps : steps);
    const result: Result = await hypergradient(problem, {
      params: state.layers,
      hyper: lambda,
      batches: { inner: [batch], outer: [validation] },
      method,
      state: known,
    });
    const { spectrum } = result.state;
    known = spectrum && (round + 1) % SPECTRUM_EVERY !== 0 ? { spectrum } : undefined;
    const next = moveHyper(lambda, result.gradient, moments, { learningRate: hyperRate });
    [lambda, moments] = [next.params, next.state];
    onRound({ round: round + 1, result, weights: Array.from(sigmoid(lambda).data()) });
  }
  return sigmoid(lambda);
}

export interface CleaningReport {
  /** How well the learned weights tell clean from corrupted samples: the share of pairs in which the clean one weighs more. */
  readonly auc: number;
  /** On the test set, in percent, after training afresh on … */
  readonly accuracy: {
    /** … all training samples alike, wrong labels and all, */
    readonly all: number;
    /** … all of them with the learned weights, */
    readonly learned: number;
    /** … those whose labels are right, which no method can know, */
    readonly cleanHalf: number;
    /** … the validation samples alone, */
    readonly validation: number;
    /** … the validation samples and the training samples with the learned weights. */
    readonly both: number;
  };
}

/**
 * Learns the weights, then trains afresh with them, and with what they are to be compared with. Each of these trainings minimises
 * Σ wᵢCEᵢ / Σ wᵢ + (c/2)‖w‖² from the same start, and keeps the step with the least validation loss.
 */
export async function clean(
  samples: Samples,
  settings: CleaningSettings,
  seed: number,
  onRound?: (round: Round) => void,
): Promise<CleaningReport> {
  const learned = await learnWeights(samples, settings, seed, onRound);
  const { train: noisy, validation, corrupted, test } = samples;
  const step = trainingStep(settings);
  const start = initLayers(settings.sizes, new Random(seed, 'retraining'));
  const accuracyOf = async (batch: Labelled, weights: Value): Promise<number> => {
    const relative = div(weights, mean(weights));
    const options = { batch, watched: validation, steps: settings.retrainSteps };
    return accuracy(await trainWatched(step, start, relative, options), test);
  };
  const alike = ones([noisy.y.size]);
  const clean = corrupted.map((wrong) => !wrong);
  const joined = (a: Value, b: Value): Value => concatenate([a, b]);
  return {
    auc: areaUnderCurve(learned.data(), clean),
    accuracy: {
      all: await accuracyOf(noisy, alike),
      learned: await accuracyOf(noisy, learned),
      cleanHalf: await accuracyOf(noisy, tensor(clean)),
      validation: await accuracyOf(validation, alike),
      both: await accuracyOf(mapTrees(joined, noisy, validation), joined(learned, alike)),
    },
  };
}
