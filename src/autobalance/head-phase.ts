import type { Phase, Snapshot, StepReport } from './phase.js';
import type { SgdPhase } from './sgd-phase.js';

/** A trained network. */
export interface Trained<P, S> {
  readonly params: P;
  readonly state: S;
}

/** A stage that ends with a trained network. */
export type TrainingPhase<P, S> = Phase & { readonly result: Trained<P, S> };

/** Training of a last layer alone, as a stage that ends with the whole network. @param whole the network with these parameters of the layer */
export function headPhase<P, S, H, X>(
  phase: SgdPhase<H, Record<string, never>, X>,
  whole: (head: H) => Trained<P, S>,
): TrainingPhase<P, S> {
  return {
    totalSteps: phase.totalSteps,
    stepsPerEpoch: phase.stepsPerEpoch,
    epochs: phase.epochs,
    get completedSteps() {
      return phase.completedSteps;
    },
    get result() {
      return whole(phase.result.params);
    },
    step: () => phase.step(),
    snapshot: () => phase.snapshot(),
    restore: (snapshot) => phase.restore(snapshot),
  };
}

/** A network that is made from another by a formula: one step, which trains nothing, so its loss is NaN. */
export class AdjustPhase<P, S> implements TrainingPhase<P, S> {
  readonly totalSteps = 1;
  readonly stepsPerEpoch = 1;
  readonly epochs = 1;
  readonly result: Trained<P, S>;
  #completed = 0;

  constructor(result: Trained<P, S>) {
    this.result = result;
  }

  get completedSteps(): number {
    return this.#completed;
  }

  async step(): Promise<StepReport> {
    this.#completed = 1;
    return { loss: Number.NaN };
  }

  snapshot(): Snapshot {
    return { arrays: {}, json: { completed: this.#completed } };
  }

  restore({ json }: Snapshot): void {
    this.#completed = json.completed as number;
  }
}
