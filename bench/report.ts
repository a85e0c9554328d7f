import type { Measurement } from './measure.js';

export interface Case extends Measurement {
  readonly suite: string;
  /** Floating-point operations, where they are worth counting. */
  readonly flop?: number;
}

export interface Report {
  readonly machine: Readonly<Record<string, string | number | boolean>>;
  /** Limits measured in this same run. */
  readonly peak: { readonly fmaGflops: number; readonly copyGBs: number };
  readonly cases: readonly {
    readonly suite: string;
    readonly name: string;
    readonly ours: {
      readonly ms: number;
      readonly fastest: number;
      readonly slowest: number;
      readonly gflops?: number;
      readonly shareOfPeak?: number;
    };
  }[];
}

export function makeReport(machine: Report['machine'], peak: Report['peak'], cases: readonly Case[]): Report {
  return {
    machine,
    peak,
    cases: cases.map(({ suite, name, ms, fastest, slowest, flop }) => {
      const gflops = flop === undefined ? undefined : flop / ms / 1e6;
      return {
        suite,
        name,
        ours: { ms, fastest, slowest, ...(gflops !== undefined && { gflops, shareOfPeak: gflops / peak.fmaGflops }) },
      };
    }),
  };
}

export function printReport({ machine, peak, cases }: Report): string {
  const lines = [
    Object.entries(machine)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
    `measured limits: ${peak.fmaGflops.toFixed(0)} GFLOP/s f32, copy ${peak.copyGBs.toFixed(1)} GB/s`,
  ];
  for (const { suite, name, ours } of cases) {
    const rate =
      ours.gflops === undefined
        ? ''
        : `  ${ours.gflops.toFixed(0)} GFLOP/s  ${(100 * ours.shareOfPeak!).toFixed(0)} % of peak`;
    const spread = `(${ours.fastest.toFixed(3)} – ${ours.slowest.toFixed(3)})`;
    lines.push(`${suite.padEnd(14)}${name.padEnd(50)}${ours.ms.toFixed(3).padStart(10)} ms ${spread}${rate}`);
  }
  return lines.join('\n');
}
