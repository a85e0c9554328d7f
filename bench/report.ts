import type { Measurement } from './measure.js';

/** A case that has been timed, here and at the peers that do such work. */
export interface TimedCase extends Measurement {
  readonly suite: string;
  /** Floating-point operations, where they are worth counting. */
  readonly flop?: number;
  /** Median of the multiply-add rates measured around our samples, GFLOP/s: what the processor gave meanwhile. */
  readonly fmaGflopsThen?: number;
  /** Bytes read and written at least, for what memory bounds. */
  readonly bytes?: number;
  /** Intermediate memory while it runs. */
  readonly arenaBytes?: number;
  /** Memory of what it keeps for later products. */
  readonly residualBytes?: number;
  readonly peers?: { readonly [name: string]: PeerTime };
}

/** What a peer took for the same work; where each of its samples is known, with their spread. */
export interface PeerTime {
  readonly ms: number;
  readonly fastest?: number;
  readonly slowest?: number;
  readonly samples?: number;
  readonly bytes?: number;
}

export interface Peak {
  readonly fmaGflops: number;
  readonly fmaGflopsF64: number;
  readonly copyGBs: number;
}

export interface Report {
  readonly machine: Readonly<Record<string, string | number | boolean>>;
  /** Limits measured in this same run, where it measures them. */
  readonly peak?: Peak;
  readonly cases: readonly ReportedCase[];
  /** `<suite>/<peer>`: geometric mean of the ratios. */
  readonly geomeans: Readonly<Record<string, number>>;
}

interface ReportedCase {
  readonly suite: string;
  readonly name: string;
  readonly ours: {
    readonly ms: number;
    readonly fastest: number;
    readonly slowest: number;
    readonly samples: number;
    readonly gflops?: number;
    readonly gbs?: number;
    /** Of the FMA peak, or of the copy bandwidth for what memory bounds. */
    readonly shareOfPeak?: number;
    /** Of the multiply-adds that the processor gave meanwhile, median against median. */
    readonly shareThen?: number;
    readonly ratio?: number;
    readonly arenaBytes?: number;
    readonly residualBytes?: number;
  };
  /** Ratio: the peer's time by ours, above 1 if we are faster. */
  readonly peers: { readonly [name: string]: PeerTime & { readonly ratio: number } };
}

export function makeReport(machine: Report['machine'], peak: Peak | undefined, timed: readonly TimedCase[]): Report {
  const cases = timed.map((each) => reported(each, peak));
  const logs = new Map<string, number[]>();
  for (const { suite, peers } of cases) {
    for (const [name, { ratio }] of Object.entries(peers)) {
      const key = `${suite}/${name}`;
      logs.set(key, [...(logs.get(key) ?? []), Math.log(ratio)]);
    }
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const geomeans = Object.fromEntries(Array.from(logs, ([key, values]) => [key, Math.exp(mean(values))]));
  return { machine, ...(peak && { peak }), cases, geomeans };
}

function reported(timed: TimedCase, peak?: Peak): ReportedCase {
  const {
    suite,
    name,
    ms,
    fastest,
    slowest,
    samples,
    flop,
    fmaGflopsThen,
    bytes,
    ratio,
    arenaBytes,
    residualBytes,
    peers = {},
  } = timed;
  const gflops = flop === undefined ? undefined : flop / ms / 1e6;
  const gbs = bytes === undefined ? undefined : bytes / ms / 1e6;
  const limit = suite === 'dgemm' ? peak?.fmaGflopsF64 : peak?.fmaGflops;
  return {
    suite,
    name,
    ours: {
      ms,
      fastest,
      slowest,
      samples,
      ...(gflops !== undefined && { gflops, ...(limit !== undefined && { shareOfPeak: gflops / limit }) }),
      ...(gflops !== undefined && fmaGflopsThen !== undefined && { shareThen: gflops / fmaGflopsThen }),
      ...(gbs !== undefined && { gbs, ...(peak && { shareOfPeak: gbs / peak.copyGBs }) }),
      ...(ratio !== undefined && { ratio }),
      ...(arenaBytes !== undefined && { arenaBytes }),
      ...(residualBytes !== undefined && { residualBytes }),
    },
    peers: Object.fromEntries(Object.entries(peers).map(([peer, times]) => [peer, { ...times, ratio: times.ms / ms }])),
  };
}

export function printHeader(machine: Report['machine'], { fmaGflops, fmaGflopsF64, copyGBs }: Peak): string {
  const facts = Object.entries(machine).map(([key, value]) => `${key} ${value}`);
  return `${facts.join(', ')}\nmeasured limits: ${fmaGflops.toFixed(0)} GFLOP/s f32, ${fmaGflopsF64.toFixed(0)} f64, copy ${copyGBs.toFixed(1)} GB/s`;
}

export function printCase(timed: TimedCase, peak: Peak): string {
  const { suite, name, ours, peers } = reported(timed, peak);
  const share = ours.shareOfPeak === undefined ? '' : ` ${(100 * ours.shareOfPeak).toFixed(0)} %`;
  const then = ours.shareThen === undefined ? '' : ` (${(100 * ours.shareThen).toFixed(0)} % then)`;
  const rate = ours.gflops === undefined ? '' : `  ${ours.gflops.toFixed(0)} GFLOP/s${share}${then}`;
  const traffic = ours.gbs === undefined ? '' : `  ${ours.gbs.toFixed(1)} GB/s${share} of copy`;
  const spread = `(${ours.fastest.toFixed(3)} – ${ours.slowest.toFixed(3)})`;
  const ratio = ours.ratio === undefined ? '' : `  ×${ours.ratio.toFixed(2)}`;
  const memory = mebibytes('arena', ours.arenaBytes) + mebibytes('residuals', ours.residualBytes);
  const against = Object.entries(peers).map(([peer, { ms, ratio: times, bytes }]) => {
    return `  ${peer} ${ms.toFixed(3)} ms ×${times.toFixed(2)}${mebibytes('', bytes)}`;
  });
  return `${suite.padEnd(17)}${name.padEnd(54)}${ours.ms.toFixed(3).padStart(10)} ms ${spread}${rate}${traffic}${ratio}${memory}${against.join('')}`;
}

export const printGeomeans = ({ geomeans }: Report): string =>
  Object.entries(geomeans)
    .map(([key, value]) => `geometric mean ${key}: ×${value.toFixed(2)}`)
    .join('\n');

const mebibytes = (what: string, bytes?: number): string =>
  bytes === undefined ? '' : `  ${what} ${(bytes / 2 ** 20).toFixed(0)} MiB`;
