import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ConfigError } from '../../src/index.js';
import { makeReport } from '../report.js';
import { openPage } from './open.js';
import { measureInRounds } from './rounds.js';

const options = new Command('bench:page')
  .description(
    'Times the tasks of suite backends inside Chromium, on every backend that a page has, beside peers there.',
  )
  .option('--rounds <n>', 'how often engines take turns', Number, 3)
  .option('--seconds <s>', 'for each engine and turn', Number, 0.4)
  .option('--only <text>', 'cases that have this in "task, engine"', '')
  .option('--no-peers', 'measure ours alone')
  .option('--json <file>', 'also write the figures as JSON')
  .parse()
  .opts<{ rounds: number; seconds: number; only: string; peers: boolean; json?: string }>();
const { rounds, seconds, only, peers, json } = options;
if (!(Number.isSafeInteger(rounds) && rounds >= 1)) {
  throw new ConfigError(`bench:page: --rounds takes a whole number from 1, got ${rounds}`);
}
if (!(seconds > 0)) throw new ConfigError(`bench:page: --seconds takes a number above 0, got ${seconds}`);

// From dist/bench/page: the page is built from the sources.
const page = await openPage(fileURLToPath(new URL('../../../bench/page', import.meta.url)));
try {
  const started = await page.session.start(peers);
  const { crossOriginIsolated, processors, webgl2, webgpu, sides } = started;
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    processors,
    ...page.versions,
    crossOriginIsolated,
    webgl2,
    webgpu,
    graphicsInSoftware: /swiftshader|llvmpipe|software/i.test(`${webgl2} ${webgpu}`),
    ...Object.fromEntries(sides.map((side) => [side.name, 'device' in side ? side.device : `absent: ${side.absent}`])),
  };
  for (const [fact, value] of Object.entries(machine)) console.log(`${fact}: ${value}`);
  const { timed, leftOut } = await measureInRounds(page.session, started, { rounds, seconds, only }, console.log);
  const report = { ...makeReport(machine, undefined, timed), leftOut };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  for (const error of page.errors) console.error(`the page said: ${error}`);
  await page.close();
}
