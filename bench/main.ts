import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { Command, Option } from 'commander';
import { nativeAddon } from '../src/backends/native.js';
import { ConfigError, currentBackend } from '../src/index.js';
import { median, samplesOf, summary } from './measure.js';
import { allPeers } from './peers/all.js';
import type { Peer } from './peers/peer.js';
import { makeReport, printCase, printGeomeans, printHeader, type TimedCase } from './report.js';
import { backendCases } from './suites/backends.js';
import { convCases } from './suites/conv.js';
import { derivativeCases } from './suites/derivatives.js';
import { fusedCases } from './suites/fused.js';
import { gemmCases } from './suites/gemm.js';
import { hypergradientCases, smallCases, stepCases } from './suites/networks.js';
import type { Case } from './work.js';

/** Suites measured beside peers, and one that is a comparison with itself. */
const suites: { readonly [name: string]: () => Case[] } = {
  gemm: gemmCases,
  conv: () => convCases(),
  'conv-winograd': () => convCases('winograd'),
  'conv-winograd4': () => convCases('winograd4'),
  fused: fusedCases,
  step: () => stepCases(),
  'step-winograd': () => stepCases('winograd'),
  'step-winograd4': () => stepCases('winograd4'),
  hypergradient: hypergradientCases,
  small: smallCases,
  backends: backendCases,
};
const names = [...Object.keys(suites), 'derivatives'];

const whole = (name: string) => (text: string) => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ConfigError(`bench: ${name} takes a whole number from 1, got ${text}`);
};
const options = new Command('bench')
  .description('Measures the engine beside its peers and the limits of this machine, all in one run.')
  .addOption(new Option('--suite <names...>', 'which figures').choices(names))
  .option('--threads <n>', 'threads of every engine', whole('--threads'))
  .option('--rounds <n>', 'how often engines take turns', whole('--rounds'), 3)
  .option('--seconds <s>', 'for each engine and turn', Number, 0.4)
  .option('--no-peers', 'measure ours alone')
  .option('--json <file>', 'also write the figures as JSON')
  .parse()
  .opts<{ suite?: string[]; threads?: number; rounds: number; seconds: number; peers: boolean; json?: string }>();

const addon = nativeAddon();
if (options.threads !== undefined) addon.setThreads(options.threads);
const { isa, threads } = addon.info();
const limits = () => ({
  fmaGflops: addon.fmaPeak(threads),
  fmaGflopsF64: addon.fmaPeak(threads, true),
  copyGBs: addon.copyBandwidth(threads),
});
const before = limits();

const statuses = options.peers ? await allPeers(threads) : [];
const peers = statuses.flatMap((status) => ('peer' in status ? [status.peer] : []));
const machine = {
  processor: cpus()[0]?.model ?? 'unknown',
  backend: currentBackend().name,
  isa,
  threads,
  node: process.version,
  ...Object.fromEntries(
    statuses.map((status) => [status.name, 'peer' in status ? status.peer.version : `absent: ${status.absent}`]),
  ),
};
console.log(printHeader(machine, before));

/**
 * Multiply-adds a second that the processor gives at this moment, samples: on a virtual processor that shares its core they fall to three quarters
 * of the peak for seconds at a time, and no kernel is faster than that.
 */
const ratesNow = (f64: boolean): number[] => Array.from({ length: 30 }, () => addon.fmaPeak(threads, f64, 1));

/** Ours and each peer in turn, so that what else happens on the machine meets all of them. */
async function timeCase({ suite, name, work, flop, bytes, prepare }: Case): Promise<TimedCase> {
  const prepared = prepare();
  const ours: number[] = [];
  const rates: number[] = [];
  const f64 = 'dtype' in work && work.dtype === 'f64';
  const theirs = new Map<Peer, { times: number[]; bytes: number }>();
  for (let round = 0; round < options.rounds; round++) {
    rates.push(...ratesNow(f64));
    ours.push(...(await samplesOf(name, prepared.run, options.seconds)));
    rates.push(...ratesNow(f64));
    for (const peer of peers) {
      const timed = await peer.time(work, options.seconds);
      if (!timed) continue;
      const sofar = theirs.get(peer) ?? { times: [], bytes: 0 };
      theirs.set(peer, { times: [...sofar.times, ...timed.times], bytes: Math.max(sofar.bytes, timed.bytes ?? 0) });
    }
  }
  const peerTimes = Array.from(theirs, ([peer, { times, bytes: held }]) => {
    const wanted = work.kind === 'step' || work.kind === 'derivative';
    return [peer.name, { ms: summary(peer.name, times).ms, ...(wanted && held > 0 && { bytes: held }) }] as const;
  });
  return {
    suite,
    ...summary(name, ours),
    ...(flop !== undefined && { flop, fmaGflopsThen: median(rates) }),
    ...(bytes !== undefined && { bytes }),
    ...(prepared.peakBytes !== undefined && { arenaBytes: prepared.peakBytes }),
    peers: Object.fromEntries(peerTimes),
  };
}

const timed: TimedCase[] = [];
const note = (each: TimedCase): void => {
  timed.push(each);
  console.log(printCase(each, before));
};
const chosen = options.suite ?? names;
for (const [name, cases] of Object.entries(suites)) {
  if (chosen.includes(name)) for (const each of cases()) note(await timeCase(each));
}
if (chosen.includes('derivatives')) derivativeCases().forEach(note);
for (const peer of peers) peer.stop();

// The limits once more: on a shared machine a share of a peak says little if the peak moved meanwhile.
const after = limits();
const peak = {
  ...before,
  ...Object.fromEntries(
    Object.entries(after).map(([key, value]) => [key, Math.max(value, before[key as keyof typeof after])]),
  ),
};
const report = makeReport(machine, peak, timed);
console.log(
  `measured limits at the end: ${after.fmaGflops.toFixed(0)} GFLOP/s f32, copy ${after.copyGBs.toFixed(1)} GB/s`,
);
console.log(printGeomeans(report));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
process.exit(0);
