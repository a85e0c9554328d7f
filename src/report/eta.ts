/** Steps of a stage, and what kind of step they are: those of one kind take about the same time. */
export interface PlannedStage {
  readonly kind: string;
  readonly steps: number;
}

/**
 * Estimates the time that is left: each stage at the measured pace of its kind of step, or, before any was measured, at that of the others.
 */
export class Eta {
  readonly #plan: PlannedStage[];
  readonly #measured = new Map<string, { steps: number; seconds: number }>();

  constructor(plan: readonly PlannedStage[]) {
    this.#plan = [...plan];
  }

  /** Notes that a step of stage `index` took `seconds`; `totalSteps` corrects the plan. */
  add(index: number, totalSteps: number, seconds: number): void {
    const { kind } = this.#plan[index]!;
    this.#plan[index] = { kind, steps: totalSteps };
    const { steps, seconds: sum } = this.#measured.get(kind) ?? { steps: 0, seconds: 0 };
    this.#measured.set(kind, { steps: steps + 1, seconds: sum + seconds });
  }

  /** Seconds left after `completedSteps` of stage `index`; `undefined` before anything was measured. */
  remaining(index: number, completedSteps: number): number | undefined {
    if (this.#measured.size === 0) return undefined;
    return this.#plan
      .slice(index)
      .reduce(
        (sum, { kind, steps }, i) => sum + Math.max(0, steps - (i === 0 ? completedSteps : 0)) * this.#pace(kind),
        0,
      );
  }

  #pace(kind: string): number {
    const own = this.#measured.get(kind);
    const all = own ? [own] : [...this.#measured.values()];
    const total = (pick: (m: { steps: number; seconds: number }) => number): number =>
      all.reduce((sum, measured) => sum + pick(measured), 0);
    return total(({ seconds }) => seconds) / total(({ steps }) => steps);
  }
}
