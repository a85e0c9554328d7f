import { valueAndGrad } from '../ad/index.js';
import { type Compiled, compile } from '../backends/portable.js';
import type { Batch } from '../data/source.js';
import type { Value } from '../ir/index.js';
import type { Model } from '../nn/index.js';
import { initVelocity, sgd } from '../optim/index.js';
import type { AnyTrainingLoss } from './baselines/index.js';

/** Everything a step of training changes. */
export type TrainState<P, S> = {
  readonly params: P;
  readonly velocity: P;
  readonly state: S;
  /** What the loss remembers, a tree. */
  readonly memory: unknown;
};

export interface SgdSettings {
  readonly momentum: number;
  readonly weightDecay: number;
}

/** One step of SGD as one backend call. `numbers` are those of the loss. */
export type TrainStep<P, S, X = Value> = Compiled<
  [train: TrainState<P, S>, batch: Batch<X>, numbers: unknown, learningRate: Value | number],
  { train: TrainState<P, S>; loss: Value }
>;

/** The compiled programs that training a model needs. */
export interface TrainPrograms<P, S, X = Value> {
  /** Losses that share their function share the step. */
  step(loss: Pick<AnyTrainingLoss, 'apply'>): TrainStep<P, S, X>;
  /** Logits [N, K], with the running statistics. */
  readonly logits: Compiled<[params: P, state: S, x: X], Value>;
}

export function trainPrograms<P, S, X>(model: Model<P, S, X>, settings: SgdSettings): TrainPrograms<P, S, X> {
  const steps = new Map<AnyTrainingLoss['apply'], TrainStep<P, S, X>>();
  return {
    step({ apply }) {
      const known = steps.get(apply);
      if (known) return known;
      const made = trainStep(model, apply, settings);
      steps.set(apply, made);
      return made;
    },
    logits: compile((params, state, x) => model.apply(params, state, x, { train: false }).logits),
  };
}

function trainStep<P, S, X>(
  model: Model<P, S, X>,
  apply: AnyTrainingLoss['apply'],
  { momentum, weightDecay }: SgdSettings,
): TrainStep<P, S, X> {
  return compile((train, batch, numbers, learningRate) => {
    const objective = (params: P): [Value, { state: S; memory: unknown }] => {
      const { logits, state } = model.apply(params, train.state, batch.x, { train: true });
      const { loss, memory } = apply({ logits, labels: batch.y, groups: batch.g }, numbers, train.memory);
      return [loss, { state, memory }];
    };
    const { value, grad } = valueAndGrad(objective)(train.params);
    const { params, velocity } = sgd(train.params, grad, train.velocity, { learningRate, momentum, weightDecay });
    return { train: { params, velocity, ...value[1] }, loss: value[0] };
  });
}

/** A fresh start for SGD. @param memory what the loss remembers at the start */
export const initTraining = <P, S>(
  { params, state }: { params: P; state: S },
  memory: unknown = {},
): TrainState<P, S> => ({
  params,
  velocity: initVelocity(params),
  state,
  memory,
});
