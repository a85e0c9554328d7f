import { messageOf } from '../../src/ir/message-of.js';
import { type Measurement, summary } from '../measure.js';
import type { TimedCase } from '../report.js';
import type { Session, SideStatus, Started } from './session.js';

export interface RoundsOptions {
  /** How often sides take turns, and for how many seconds each time. */
  readonly rounds: number;
  readonly seconds: number;
  /** What a case, `task, side`, must have in its name. */
  readonly only: string;
}

/** Two results whose Σ v² differ by more are not of one computation: f32 and the order of sums make up a hundredth of it, another 3×3 filter fifty times. */
const SAME = 1e-4;
/** A side whose calls take longer than this, in milliseconds, gets no other turn at the task. */
const LONGEST = 20_000;

type Running = Extract<SideStatus, { readonly device: string }>;

/** A task's figures on one side. */
interface Figures extends Measurement {
  readonly side: Running;
  readonly flop?: number;
}

/**
 * Times each task on all sides that run, in turn, so that what else happens on the machine meets all of them.
 * @param say is told each figure, and each case that is left out and why
 * @returns a case for each of our sides, what peers took beside it; and what was left out
 * @throws if one of our sides fails, or computes something else than the first
 */
export async function measureInRounds(
  { turn }: Pick<Session, 'turn'>,
  { tasks, sides }: Pick<Started, 'tasks' | 'sides'>,
  { rounds, seconds, only }: RoundsOptions,
  say: (line: string) => void,
): Promise<{ readonly timed: readonly TimedCase[]; readonly leftOut: readonly string[] }> {
  const running = sides.filter((side): side is Running => 'device' in side);
  const timed: TimedCase[] = [];
  const leftOut: string[] = [];
  for (const { name, flop } of tasks) {
    const times = new Map<Running, number[]>();
    let squares: number | undefined;
    /** @returns whether the side goes on to the next round */
    const takeTurn = async (side: Running): Promise<boolean> => {
      const result = await turn(name, side.name, seconds);
      if (!result) throw new Error('it does no such work');
      squares ??= result.squares;
      if (!(Math.abs(result.squares / squares - 1) <= SAME)) {
        throw new Error(`it computes something else: Σ v² is ${result.squares} and not ${squares}`);
      }
      times.set(side, [...(times.get(side) ?? []), ...result.times]);
      return Math.min(...result.times) <= LONGEST;
    };
    let inTurn = running.filter((side) => `${name}, ${side.name}`.includes(only));
    for (let round = 0; round < rounds; round++) {
      const next: Running[] = [];
      for (const side of inTurn) {
        try {
          if (await takeTurn(side)) next.push(side);
        } catch (error) {
          const why = `${name}, ${side.name}: ${messageOf(error)}`;
          if (!side.peer) throw new Error(`bench: ${why}`, { cause: error });
          leftOut.push(why);
          say(`left out: ${why}`);
        }
      }
      inTurn = next;
    }
    const figures = Array.from(times, ([side, samples]): Figures => {
      return { ...summary(name, samples), side, ...(flop !== undefined && { flop }) };
    });
    for (const each of figures) say(printed(each));
    timed.push(...casesOf(figures));
  }
  return { timed, leftOut };
}

function casesOf(figures: readonly Figures[]): TimedCase[] {
  const ours = figures.filter(({ side }) => !side.peer);
  const theirs = figures.filter(({ side }) => side.peer);
  const peers = Object.fromEntries(
    theirs.map(({ side, ms, fastest, slowest, samples }) => [side.name, { ms, fastest, slowest, samples }]),
  );
  return ours.map(({ side, ...rest }) => ({ suite: `page, ${side.name}`, ...rest, peers }));
}

function printed({ name, side, ms, fastest, slowest, samples, flop }: Figures): string {
  const rate = flop === undefined ? '' : `  ${(flop / ms / 1e6).toPrecision(2)} GFLOP/s`;
  const spread = `(${fastest.toFixed(2)} – ${slowest.toFixed(2)}, ${samples} samples)`;
  return `${name.padEnd(34)}${side.name.padEnd(24)}${ms.toFixed(2).padStart(10)} ms ${spread}${rate}`;
}
