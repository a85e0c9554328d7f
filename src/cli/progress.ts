import pc from 'picocolors';
import { type ExperimentEvent, flatTable, type HypergradientReport, type Stage } from '../autobalance/index.js';
import { Eta } from '../report/eta.js';
import { duration, fixed, percent, span, tally, truncate } from '../report/format.js';
import type { Io } from './io.js';

/** Time between two redraws of the live line. */
const REDRAW_MS = 100;
const ERASE_LINE = '\r\x1b[2K';

export const stageName = ({ method, kind }: Stage): string => (kind === 'train' ? method : `${method} ${kind}`);

/** Stages whose steps take about the same time: the search's also solve for hypergradients, those of a last layer do less. */
const kindOf = ({ kind }: Stage): string => (kind === 'train' || kind === 'retrain' ? 'sgd' : kind);

/** Whether to colour what is written to a terminal. */
export const colorIn = (live: boolean): boolean => live && process.env.NO_COLOR === undefined;

export interface ProgressOptions {
  /** Rewrite one line while working; otherwise only whole lines are written. */
  readonly live: boolean;
  readonly color: boolean;
  /** A line for each epoch. Default true; without, only results stay. */
  readonly epochLines?: boolean;
  /** The stages, with their steps as far as known. */
  readonly plan: readonly { readonly stage: Stage; readonly steps: number }[];
}

/** Shows how far an experiment is: one line per epoch and result, and in a terminal a live line below them. */
export class Progress {
  /** What goes on, in front of everything that is said of it; for work of many parts. */
  label = '';
  readonly #io: Pick<Io, 'err' | 'columns'>;
  readonly #live: boolean;
  readonly #colors: ReturnType<typeof pc.createColors>;
  readonly #epochLines: boolean;
  readonly #eta: Eta;
  /** Hypergradients since the last line. */
  #hypergradients: HypergradientReport[] = [];
  #balanced: number | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #drawn = false;

  constructor(io: Pick<Io, 'err' | 'columns'>, { live, color, plan, epochLines = true }: ProgressOptions) {
    this.#io = io;
    this.#live = live;
    this.#epochLines = epochLines;
    this.#colors = pc.createColors(color);
    this.#eta = new Eta(plan.map(({ stage, steps }) => ({ kind: kindOf(stage), steps })));
  }

  /** A line that stays. */
  line(text: string): void {
    this.clear();
    this.#io.err(`${text}\n`);
  }

  /** Removes the live line. */
  clear(): void {
    if (this.#drawn) this.#io.err(ERASE_LINE);
    this.#drawn = false;
  }

  /** @param seconds how long the step took */
  step(event: ExperimentEvent, seconds: number): void {
    const { stage, stageIndex, completedSteps, totalSteps, report, result } = event;
    this.#eta.add(stageIndex, totalSteps, seconds);
    if (report.hypergradient) this.#hypergradients.push(report.hypergradient);
    if (report.epoch) {
      this.#balanced = report.epoch.balancedError;
      if (this.#epochLines) this.#epochEnded(event, report.epoch);
      this.#hypergradients = [];
    }
    if (completedSteps === totalSteps) this.#balanced = undefined;
    if (result) {
      this.line(
        this.#colors.bold(
          `${this.label}${stage.method}: balanced error ${percent(result.balancedError)}, error ${percent(result.error)}, ${duration(result.seconds)}`,
        ),
      );
    }
    this.#draw(event);
  }

  #left({ stageIndex, completedSteps }: ExperimentEvent): string {
    const seconds = this.#eta.remaining(stageIndex, completedSteps);
    return seconds === undefined ? '' : `${duration(seconds)} left`;
  }

  #epochEnded(event: ExperimentEvent, epoch: NonNullable<ExperimentEvent['report']['epoch']>): void {
    this.line(this.#epochLine(event, epoch));
    const summary = hypergradientLine(this.#hypergradients);
    if (summary) this.line(this.#colors.dim(`  ${summary}`));
  }

  #epochLine(event: ExperimentEvent, epoch: NonNullable<ExperimentEvent['report']['epoch']>): string {
    const epochs = event.totalSteps / event.stepsPerEpoch;
    return [
      `${this.label}${stageName(event.stage)}, epoch ${String(epoch.epoch).padStart(String(epochs).length)}/${epochs}`,
      `loss ${fixed(epoch.trainLoss, 4)}`,
      ...(epoch.balancedError === undefined ? [] : [`balanced error ${percent(epoch.balancedError)}`]),
      this.#left(event),
    ].join('  ');
  }

  #draw(event: ExperimentEvent): void {
    const now = performance.now();
    if (!this.#live || now - this.#drawnAt < REDRAW_MS) return;
    const { stage, completedSteps, totalSteps, stepsPerEpoch, report } = event;
    const epoch = Math.min(Math.floor(completedSteps / stepsPerEpoch) + 1, totalSteps / stepsPerEpoch);
    const last = this.#hypergradients.at(-1);
    const text = [
      this.label + stageName(stage),
      `epoch ${epoch}/${totalSteps / stepsPerEpoch}`,
      `step ${completedSteps}/${totalSteps}`,
      `loss ${fixed(report.loss, 4)}`,
      ...(this.#balanced === undefined ? [] : [`balanced error ${percent(this.#balanced)}`]),
      this.#left(event),
      ...(last ? [`validation ${fixed(last.outer, 4)} (${last.status})`] : []),
    ].join(' · ');
    const width = (this.#io.columns ?? 80) - 1;
    this.#io.err(`${ERASE_LINE}${this.#colors.cyan(truncate(text, width))}`);
    this.#drawn = true;
    this.#drawnAt = now;
  }
}

/** The hypergradients of an epoch in one line; `undefined` if there were none. */
export function hypergradientLine(reports: readonly HypergradientReport[]): string | undefined {
  const last = reports.at(-1);
  if (!last) return undefined;
  return (
    `${reports.length} hypergradients (${tally(reports.map(({ status }) => status))}), ` +
    `validation ${fixed(last.outer, 4)}, residual ${fixed(last.residuals.at(-1), 3)}, Δ ${span(flatTable(last.delta))}, ι ${span(flatTable(last.iota))}` +
    (last.augmentation
      ? `, augmentation probability ${span(last.augmentation.flatMap(({ probability }) => probability))}`
      : '')
  );
}
