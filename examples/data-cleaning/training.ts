import {
  type AdamState,
  adam,
  argmax,
  type Compiled,
  compile,
  crossEntropy,
  grad,
  initAdam,
  type Value,
} from 'autobalance';
import { type Layers, logits, weightedLoss, withDecay } from './problem.js';
import type { Labelled } from './samples.js';

export interface TrainState {
  readonly layers: Layers;
  readonly adam: AdamState<Layers>;
}

export interface TrainSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
}

export type Step = Compiled<[state: TrainState, weights: Value, batch: Labelled], TrainState>;

export const initTraining = (layers: Layers): TrainState => ({ layers, adam: initAdam(layers) });

/** One step of Adam on the weighted loss of the whole training set. */
export const trainingStep = ({ learningRate, weightDecay }: TrainSettings): Step =>
  compile((state, weights, batch) => {
    const { layers } = state;
    const gradient = withDecay(grad(weightedLoss)(layers, weights, batch), layers, weightDecay);
    const { params, state: next } = adam(layers, gradient, state.adam, { learningRate });
    return { layers: params, adam: next };
  });

export async function train(
  step: Step,
  state: TrainState,
  weights: Value,
  batch: Labelled,
  steps: number,
): Promise<TrainState> {
  let now = state;
  for (let i = 0; i < steps; i++) now = await step.async(now, weights, batch);
  return now;
}

const loss = compile((layers: Layers, { x, y }: Labelled) => crossEntropy(logits(layers, x), y));
const predict = compile((layers: Layers, x: Value) => argmax(logits(layers, x), 1));

/** How often training looks whether the validation loss still falls. */
const WATCHED_EVERY = 10;

/** Trains from `start` and returns the weights at which the loss of `watched`, looked at every ten steps, was least. */
export async function trainWatched(
  step: Step,
  start: Layers,
  weights: Value,
  { batch, watched, steps }: { readonly batch: Labelled; readonly watched: Labelled; readonly steps: number },
): Promise<Layers> {
  let state = initTraining(start);
  let best = { layers: start, loss: Number.POSITIVE_INFINITY };
  for (let done = 0; done < steps; done += WATCHED_EVERY) {
    state = await train(step, state, weights, batch, WATCHED_EVERY);
    const now = loss(state.layers, watched).item();
    if (now < best.loss) best = { layers: state.layers, loss: now };
  }
  return best.layers;
}

/** Share of right predictions, in percent. */
export function accuracy(layers: Layers, { x, y }: Labelled): number {
  const [predicted, labels] = [predict(layers, x).data(), y.data()];
  return (100 * predicted.filter((label, i) => label === labels[i]).length) / labels.length;
}
