import {
  argmaxRows,
  classificationErrors,
  currentBackend,
  type Dataset,
  Experiment,
  type ExperimentEvent,
  stagesOfAll,
} from 'autobalance/browser';
import type { Choices } from './choices.js';
import type { Message, Method, StageName } from './messages.js';
import { type Network, type Scenario, settingsOf } from './scenario.js';

/** Whom a run works for. */
export interface Host {
  tell(message: Message): void;
  /** Called after every step; resolves when the run may go on. */
  turn(): Promise<void>;
}

/** Milliseconds between two looks at a network in training, and between two reports of progress. */
const LOOK = 400;
const REPORT = 150;

/** Trains under cross-entropy, searches, and trains under what was found, telling what happens. */
export async function run<P, S, D extends Dataset>(
  { model, data: load, extents, solver, points, viewer }: Scenario<P, S, D>,
  { imbalance, objective, length, seed }: Choices,
  host: Host,
): Promise<void> {
  const data = await load(seed);
  const extent = extents[length];
  const experiment = new Experiment(model, data, stagesOfAll(['cross-entropy', 'autobalance']), {
    ...settingsOf(extent, solver, objective),
    seed,
    longTail: { n0: extent.n0, imbalance },
  });
  const view = await viewer(experiment, data);
  host.tell({
    kind: 'started',
    device: currentBackend().info().device,
    counts: experiment.counts,
    ...(points && { points: points(data.train, experiment.trainIndices) }),
  });

  const { labels, classes } = data.test;
  const show = (method: Method, network: Network<P, S>, logits: Float32Array, final: boolean): void => {
    const predictions = argmaxRows(logits, classes);
    const { classError, balancedError } = classificationErrors(predictions, labels, classes);
    host.tell({ kind: 'classifier', method, final, classError, balancedError, view: view(network, predictions) });
  };
  const pace = new Pace();
  let looked = 0;
  while (!experiment.done) {
    const event = await experiment.step();
    const method = event.stage.method as Method;
    tellHypergradient(event, host);
    const now = performance.now();
    if (event.logits) {
      show(
        method,
        experiment.modelFrom(experiment.weights, 'run', `${method}.${event.stage.kind}`),
        event.logits,
        true,
      );
    } else if (event.report.epoch && event.completedSteps < event.totalSteps && now - looked > LOOK) {
      const network = experiment.network!;
      show(method, network, await experiment.testLogits(network, method), false);
      looked = performance.now();
    }
    const stepsPerSecond = pace.step(now);
    if (stepsPerSecond !== undefined || experiment.done) {
      const done = (event.stageIndex + event.completedSteps / event.totalSteps) / experiment.stages.length;
      host.tell({ kind: 'progress', stage: stageName(event), done, stepsPerSecond: stepsPerSecond ?? pace.last });
    }
    const before = performance.now();
    await host.turn();
    pace.leaveOut(performance.now() - before);
  }
  host.tell({ kind: 'done' });
}

const stageName = ({ stage }: ExperimentEvent): StageName =>
  stage.kind === 'search' || stage.kind === 'retrain' ? stage.kind : 'cross-entropy';

function tellHypergradient({ report: { hypergradient } }: ExperimentEvent, { tell }: Host): void {
  if (!hypergradient) return;
  const { status, residuals, delta, iota } = hypergradient;
  tell({
    kind: 'hypergradient',
    status,
    residual: residuals.at(-1)!,
    // There are no groups here, so a number for each class.
    delta: delta as readonly number[],
    iota: iota as readonly number[],
  });
}

/** Steps per second, measured afresh for each report, without the time in which the run waited. */
class Pace {
  last = 0;
  #since = performance.now();
  #steps = 0;

  /** @returns the figure, when it is time for a report */
  step(now: number): number | undefined {
    this.#steps += 1;
    if (now - this.#since < REPORT) return undefined;
    this.last = (1000 * this.#steps) / (now - this.#since);
    this.#since = now;
    this.#steps = 0;
    return this.last;
  }

  leaveOut(milliseconds: number): void {
    this.#since += milliseconds;
  }
}
