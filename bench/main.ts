import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { nativeAddon } from '../src/backends/native.js';
import { ConfigError, currentBackend } from '../src/index.js';
import { gemmCases } from './gemm.js';
import { hypergradientCases, stepCases } from './network.js';
import { type Case, makeReport, printReport } from './report.js';

const suites: { readonly [name: string]: () => Case[] } = {
  gemm: gemmCases,
  step: stepCases,
  hypergradient: hypergradientCases,
};

const options = new Command('bench')
  .description('Measures the engine beside the limits of this machine, both in one run.')
  .addOption(new Option('--suite <name>', 'which figures').choices(Object.keys(suites)))
  .option('--threads <n>', 'threads of the native pool', Number)
  .option('--json <file>', 'also write the figures as JSON')
  .parse()
  .opts<{ suite?: string; threads?: number; json?: string }>();

const addon = nativeAddon();
if (options.threads !== undefined) {
  if (!Number.isSafeInteger(options.threads) || options.threads < 1) {
    throw new ConfigError(`bench: --threads takes a whole number from 1, got ${options.threads}`);
  }
  addon.setThreads(options.threads);
}
const { isa, threads } = addon.info();
const peak = { fmaGflops: addon.fmaPeak(threads), copyGBs: addon.copyBandwidth(threads) };
const chosen = options.suite === undefined ? Object.values(suites) : [suites[options.suite]!];
const report = makeReport(
  { backend: currentBackend().name, isa, threads, node: process.version },
  peak,
  chosen.flatMap((run) => run()),
);
console.log(printReport(report));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
