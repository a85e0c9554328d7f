import Benchmark from 'benchmark';

/** One timed case. */
export interface Measurement {
  readonly name: string;
  /** Median, fastest and slowest of the samples, milliseconds. */
  readonly ms: number;
  readonly fastest: number;
  readonly slowest: number;
  readonly samples: number;
}

/** Times `fn` with the benchmark package for about `seconds`, and keeps the median: these machines are shared and noisy. */
export function measure(name: string, fn: () => unknown, seconds = 1): Measurement {
  const bench = new Benchmark(name, () => void fn(), { maxTime: seconds, minSamples: 5 });
  bench.run();
  const failure: unknown = (bench as unknown as { error?: unknown }).error;
  if (failure) throw failure;
  const times = bench.stats.sample.map((s: number) => s * 1000).sort((a: number, b: number) => a - b);
  return {
    name,
    ms: times[Math.floor(times.length / 2)]!,
    fastest: times[0]!,
    slowest: times.at(-1)!,
    samples: times.length,
  };
}
