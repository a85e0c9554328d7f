import Benchmark from 'benchmark';
import { timed } from './timed.js';

/** Times of one case. */
export interface Measurement {
  readonly name: string;
  /** Median, fastest and slowest of the samples, milliseconds. */
  readonly ms: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly samples: number;
  /** Median of this case's time against that of the first in the same round, where cases take turns. */
  readonly ratio?: number;
}

/** Samples of a function, milliseconds, for about `seconds`: by the benchmark package, or one call at a time if it is asynchronous. */
export async function samplesOf(name: string, fn: () => unknown, seconds: number): Promise<number[]> {
  const first = fn();
  if (first instanceof Promise) {
    await first;
    return timed(fn, seconds);
  }
  const bench = new Benchmark(name, () => void fn(), { maxTime: seconds, minSamples: 3 });
  bench.run();
  const failure: unknown = (bench as unknown as { error?: unknown }).error;
  if (failure) throw failure;
  return bench.stats.sample.map((s: number) => s * 1000);
}

/** Times functions in turn, `rounds` times after one that is not counted. Ratios are to the first of them, round by round. */
export function measureTogether(cases: { readonly [name: string]: () => unknown }, rounds: number): Measurement[] {
  const names = Object.keys(cases);
  const times = names.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    names.forEach((name, i) => {
      const from = performance.now();
      cases[name]!();
      if (round >= 0) times[i]!.push(performance.now() - from);
    });
  }
  return names.map((name, i) => ({
    ...summary(name, times[i]!),
    ratio: median(times[i]!.map((time, round) => time / times[0]![round]!)),
  }));
}

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
export const median = (values: readonly number[]): number => ascending(values)[Math.floor(values.length / 2)]!;

/** The median of the samples, for these machines are shared and noisy, with their spread. */
export function summary(name: string, times: readonly number[]): Measurement {
  const sorted = ascending(times);
  return { name, ms: median(times), fastest: sorted[0]!, slowest: sorted.at(-1)!, samples: times.length };
}
