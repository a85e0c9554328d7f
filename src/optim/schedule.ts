import { ConfigError } from '../ir/index.js';

export interface ScheduleOptions {
  /** Peak learning rate. */
  readonly learningRate: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Epochs of linear rise from 0 to the peak. */
  readonly warmupEpochs?: number;
  /** Fractions of the epochs after which the rate is multiplied by `factor`. */
  readonly milestones?: readonly number[];
  readonly factor?: number;
}

/**
 * Learning rate of each step: linear warm-up, then half a cosine from the peak down to 0 (Loshchilov and Hutter 2017).
 * @throws {ConfigError} on values out of range.
 */
export function cosine(options: Omit<ScheduleOptions, 'milestones' | 'factor'>): (step: number) => number {
  const { learningRate, epochs, stepsPerEpoch, warmupEpochs = 0 } = options;
  const rising = staircase({ learningRate, epochs, stepsPerEpoch, warmupEpochs });
  const [warmup, total] = [warmupEpochs * stepsPerEpoch, epochs * stepsPerEpoch];
  return (step) => {
    if (step < warmup || step >= total) return step < warmup ? rising(step) : 0;
    return (learningRate * (1 + Math.cos((Math.PI * (step - warmup)) / (total - warmup)))) / 2;
  };
}

/** Learning rate of each step: linear warm-up, then a staircase. @throws {ConfigError} on values out of range. */
export function staircase({
  learningRate,
  epochs,
  stepsPerEpoch,
  warmupEpochs = 0,
  milestones = [],
  factor = 0.1,
}: ScheduleOptions): (step: number) => number {
  if (!(learningRate > 0) || !(epochs > 0) || !(stepsPerEpoch > 0)) {
    throw new ConfigError(
      `schedule: learning rate, epochs and steps per epoch must be positive, got ${learningRate}, ${epochs}, ${stepsPerEpoch}`,
    );
  }
  if (!(warmupEpochs >= 0) || !(factor > 0) || !milestones.every((fraction) => fraction >= 0 && fraction <= 1)) {
    throw new ConfigError(
      'schedule: warm-up epochs must not be negative, the factor must be positive, milestones are fractions from 0 to 1; ' +
        `got ${warmupEpochs}, ${factor}, [${milestones}]`,
    );
  }
  const warmup = warmupEpochs * stepsPerEpoch;
  const drops = milestones.map((fraction) => Math.round(fraction * epochs) * stepsPerEpoch);
  return (step) => {
    if (step < warmup) return (learningRate * (step + 1)) / warmup;
    return learningRate * factor ** drops.filter((drop) => step >= drop).length;
  };
}
