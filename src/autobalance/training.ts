import { valueAndGrad } from '../ad/index.js';
import { type Compiled, compile } from '../backends/index.js';
import type { Batch } from '../data/source.js';
import type { Value } from '../ir/index.js';
import type { Model } from '../nn/index.js';
import { initVelocity, sgd } from '../optim/index.js';
import { type ClassLoss, parametricCrossEntropy } from './loss.js';

/** Everything SGD changes. */
export type TrainState<P, S> = { readonly params: P; readonly velocity: P; readonly state: S };

export interface SgdSettings {
  readonly momentum: number;
  readonly weightDecay: number;
}

/** The compiled programs that training a model under a parametric loss needs; one step is one backend call. */
export interface TrainPrograms<P, S, X = Value> {
  readonly step: Compiled<
    [train: TrainState<P, S>, batch: Batch<X>, loss: ClassLoss, learningRate: Value | number],
    { train: TrainState<P, S>; loss: Value }
  >;
  /** Logits [N, K], with the running statistics. */
  readonly logits: Compiled<[params: P, state: S, x: X], Value>;
}

export function trainPrograms<P, S, X>(
  model: Model<P, S, X>,
  { momentum, weightDecay }: SgdSettings,
): TrainPrograms<P, S, X> {
  return {
    step: compile((train, batch, loss, learningRate) => {
      const objective = (params: P): [Value, S] => {
        const { logits, state } = model.apply(params, train.state, batch.x, { train: true });
        return [parametricCrossEntropy(logits, batch.y, loss), state];
      };
      const { value, grad } = valueAndGrad(objective)(train.params);
      const { params, velocity } = sgd(train.params, grad, train.velocity, { learningRate, momentum, weightDecay });
      return { train: { params, velocity, state: value[1] }, loss: value[0] };
    }),
    logits: compile((params, state, x) => model.apply(params, state, x, { train: false }).logits),
  };
}

/** A fresh start for SGD. */
export const initTraining = <P, S>({ params, state }: { params: P; state: S }): TrainState<P, S> => ({
  params,
  velocity: initVelocity(params),
  state,
});
