import { setImmediate } from 'node:timers/promises';
import { clustersOf, Experiment, type ExperimentEvent, isByGroup, type MethodName } from '../autobalance/index.js';
import { currentBackend } from '../backends/index.js';
import { type Dataset, groupNamed, type RunDirectory } from '../data/index.js';
import { DataError } from '../ir/index.js';
import type { Evaluation } from '../metrics/index.js';
import { CHECKPOINT, type Checkpoint, encodeCheckpoint, restoring, type TrainingCommand } from './checkpoint.js';
import type { LoadedData } from './data.js';
import { evaluateOn, readEvaluations, writeEvaluations } from './evaluation-file.js';
import type { InterruptSignal } from './interrupt.js';
import type { Io } from './io.js';
import { lossFor, lossTables } from './loss-file.js';
import { modelFor } from './model.js';
import { planOf, stagesFor } from './plan.js';
import { colorIn, Progress } from './progress.js';
import type { LossFile, RunConfig } from './schema.js';
import { encodeWeights, WEIGHTS } from './weights-file.js';

export interface SessionOptions {
  readonly command: TrainingCommand;
  readonly config: RunConfig;
  readonly data: LoadedData;
  /** The loss to retrain under, and the name of its file. */
  readonly loss?: { readonly file: LossFile; readonly source: string };
  readonly io: Io;
  /** Rewrite a live line on standard error. */
  readonly live: boolean;
  /** Seconds between two checkpoints. */
  readonly checkpointEvery: number;
  /** The progress of a larger work of which this is a part, and the place of this part's first stage in it. */
  readonly part?: { readonly progress: Progress; readonly firstStage: number };
}

/** What runs now, as checkpoints note it. */
export const runningDevice = (): string => {
  const { name, device } = currentBackend().info();
  return `${name} (${device})`;
};

/** What the groups are called that the run tells apart; none by default. */
const groupsOf = ({ data: { group } = {} }: RunConfig, { train }: LoadedData): readonly string[] =>
  group === undefined ? [] : groupNamed(train.groups, group, train.name).names;

/** An experiment at work in its run directory: what is learned is on disk before it is needed. */
export class Session {
  readonly experiment: Experiment<unknown, unknown, Dataset>;
  readonly progress: Progress;
  readonly options: SessionOptions;
  readonly #evaluations: Record<string, Evaluation> = {};
  #metrics = 0;

  /** @throws {ConfigError|DataError} if settings, data and loss do not fit together. */
  constructor(options: SessionOptions) {
    const { command, config, data, loss, io, live, part } = options;
    this.options = options;
    const stages = stagesFor(command, config);
    const learned = loss && lossFor(loss.file, data.train.classes, groupsOf(config, data), loss.source);
    this.experiment = new Experiment<unknown, unknown, Dataset>(
      modelFor(config, data),
      data,
      stages,
      config,
      learned && { learned, ...(loss.file.augmentation && { augmentation: loss.file.augmentation }) },
    );
    const plan = planOf(stages, config, this.experiment.counts);
    this.progress = part?.progress ?? new Progress(io, { live, color: colorIn(live), plan });
  }

  /**
   * Goes on from a checkpoint; what metrics.ndjson says beyond it is cut off.
   * @throws {ConfigError|DataError} if the checkpoint is of other data or damaged
   */
  async restore(run: RunDirectory, { data, snapshot, metrics, device }: Checkpoint, source: string): Promise<void> {
    if (data !== this.options.data.fingerprint) {
      throw new DataError(
        `${source}: the run began with other data than this; give the same --data-dir, or start a new run`,
      );
    }
    if ((snapshot.json.stageIndex as number) > this.experiment.stages.length) {
      throw new DataError(
        `${source}: says stage ${snapshot.json.stageIndex} of ${this.experiment.stages.length}; start a new run`,
      );
    }
    restoring(source, () => this.experiment.restore(snapshot));
    await this.#restoreEvaluations(run);
    if (device !== runningDevice()) {
      this.progress.line(`The run was saved on ${device} and goes on with ${runningDevice()}: expect other rounding.`);
    }
    const lines = await run.readMetrics();
    const kept = lines.slice(0, metrics);
    this.#metrics = kept.length;
    if (lines.length > kept.length) {
      await run.write('metrics.ndjson', kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
    }
  }

  /** Those of methods that had ended. */
  async #restoreEvaluations(run: RunDirectory): Promise<void> {
    const { evaluations } = await readEvaluations(run);
    for (const method of this.experiment.results.keys()) {
      const evaluation = evaluations[method];
      if (evaluation) this.#evaluations[method] = evaluation;
    }
  }

  /** Works until everything is done or someone wants it to stop; saves in both cases. */
  async work(run: RunDirectory): Promise<InterruptSignal | undefined> {
    try {
      return await this.#work(run);
    } finally {
      await this.experiment.close();
    }
  }

  async #work(run: RunDirectory): Promise<InterruptSignal | undefined> {
    const { io, checkpointEvery, part } = this.options;
    let savedAt = performance.now();
    while (!this.experiment.done && !io.interrupt.requested) {
      const started = performance.now();
      const event = await this.experiment.step();
      this.progress.step(
        { ...event, stageIndex: event.stageIndex + (part?.firstStage ?? 0) },
        (performance.now() - started) / 1000,
      );
      await this.#record(run, event);
      const ended = event.completedSteps === event.totalSteps;
      if (ended) await this.#saveStage(run, event);
      if (ended || performance.now() - savedAt >= checkpointEvery * 1000) {
        await this.save(run);
        savedAt = performance.now();
      }
      // Lets signals in, also where a backend works on this thread.
      await setImmediate();
    }
    this.progress.clear();
    if (this.experiment.done) return undefined;
    await this.save(run);
    return io.interrupt.requested;
  }

  async #record(run: RunDirectory, { stage, completedSteps, report }: ExperimentEvent): Promise<void> {
    const common = { method: stage.method, stage: stage.kind, step: completedSteps };
    if (report.hypergradient) await this.#append(run, { kind: 'hypergradient', ...common, ...report.hypergradient });
    if (report.epoch) await this.#append(run, { kind: 'epoch', ...common, ...report.epoch });
  }

  async #append(run: RunDirectory, line: Readonly<Record<string, unknown>>): Promise<void> {
    await run.appendMetrics(line);
    this.#metrics += 1;
  }

  async #saveStage(run: RunDirectory, { stage, logits }: ExperimentEvent): Promise<void> {
    const { config } = this.options;
    if (logits) {
      const { test, counts } = this.experiment;
      this.#evaluations[stage.method] = evaluateOn(test, logits, { counts, seed: config.seed });
      await this.saveEvaluations(run);
    }
    if (stage.kind === 'search') await run.writeJson('loss.json', this.#learnedLoss());
    await run.write(WEIGHTS, encodeWeights(this.experiment.weights, config));
  }

  /** What is known of a method that has ended. */
  evaluationOf(method: MethodName): Evaluation {
    return this.#evaluations[method]!;
  }

  /** What is known of the methods that have ended. */
  get evaluations(): Readonly<Record<string, Evaluation>> {
    return this.#evaluations;
  }

  /** Writes what is known of the methods that have ended. */
  saveEvaluations(run: RunDirectory): Promise<void> {
    const { preset, seed } = this.options.config;
    const { counts, test } = this.experiment;
    return writeEvaluations(run, {
      dataset: preset,
      seed,
      classCounts: [...counts],
      classNames: test.dataset.classNames,
      evaluations: this.#evaluations,
    });
  }

  #learnedLoss(): LossFile {
    const { counts, learned, learnedAugmentation, groups } = this.experiment;
    const { parametrisation, clusters } = this.options.config.search;
    const tables = lossTables(learned!);
    return {
      parametrisation,
      classCounts: [...counts],
      ...(Object.values(tables).some(isByGroup) && { groups: [...groups] }),
      ...(clusters && { clusters: [...clustersOf(clusters, counts)] }),
      ...tables,
      ...(learnedAugmentation && { augmentation: learnedAugmentation }),
    };
  }

  async save(run: RunDirectory): Promise<void> {
    const { command, config, data } = this.options;
    const bytes = encodeCheckpoint({
      command,
      config,
      data: data.fingerprint,
      device: runningDevice(),
      metrics: this.#metrics,
      snapshot: this.experiment.snapshot(),
    });
    await run.write(CHECKPOINT, bytes);
  }
}
