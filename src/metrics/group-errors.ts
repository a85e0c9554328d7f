import { cellRate, cellSize, type GroupConfusion } from './group-confusion.js';
import { meanOfPresent } from './mean.js';
import { tooFewToJudge } from './wilson.js';

/** Error of the samples of one class in one group. */
export interface Cell {
  readonly class: number;
  readonly group: number;
  readonly samples: number;
  /** In percent; NaN of an empty cell. */
  readonly error: number;
  /** Whether so few samples stand behind it that the error says little; see {@link tooFewToJudge}. */
  readonly tooFew: boolean;
}

/** All in percent. */
export interface GroupErrors {
  /** K×G cells, class by class. */
  readonly cells: readonly Cell[];
  /** Share of wrong predictions in each group; NaN of an empty one. */
  readonly groupError: readonly number[];
  /** Mean over the cells that have samples. */
  readonly groupBalancedError: number;
  /** The cell with the largest error, among those that have samples; of equal ones the first. */
  readonly worst: Cell;
}

export function groupErrors(confusion: GroupConfusion): GroupErrors {
  const { classes, groups } = confusion;
  const cells = Array.from({ length: classes * groups }, (_, at): Cell => {
    const [y, g] = [Math.floor(at / groups), at % groups];
    const samples = cellSize(confusion, y, g);
    const right = cellRate(confusion, y, g, y);
    const error = 100 * (1 - right);
    return { class: y, group: g, samples, error, tooFew: tooFewToJudge(samples === 0 ? 0 : samples * right, samples) };
  });
  const filled = cells.filter(({ samples }) => samples > 0);
  return {
    cells,
    groupError: Array.from({ length: groups }, (_, g) => {
      const own = filled.filter(({ group }) => group === g);
      const [wrong, all] = own.reduce(([w, n], { samples, error }) => [w + samples * error, n + samples], [0, 0]);
      return wrong! / all!;
    }),
    groupBalancedError: meanOfPresent(filled.map(({ error }) => error)),
    worst: filled.reduce((worst, cell) => (cell.error > worst.error ? cell : worst)),
  };
}
