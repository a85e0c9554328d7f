import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { summarySchema } from '../../src/cli/schema.js';
import { addonExists } from '../support/targets.js';
import { jsonOf, makeWorkplace, type Outcome, type Workplace } from './tiny.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist', 'src', 'cli', 'main.js');
let work: Workplace;

beforeAll(async () => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  work = await makeWorkplace();
}, 120_000);
afterAll(() => work.remove());

interface Control {
  readonly env?: Readonly<Record<string, string>>;
  /** Told of all of standard error so far; may act on the process. */
  readonly onErr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the compiled program in a process of its own, with an empty environment but for PATH. */
function start(
  args: readonly string[],
  { env = {}, onErr }: Control = {},
): Promise<Outcome & { signal: string | null }> {
  return new Promise((resolve, reject) => {
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [main, ...args], { cwd: work.folder, env: { PATH, ...env } });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      onErr?.(err, (signal) => child.kill(signal));
    });
    child.on('error', reject).on('close', (code, signal) => resolve({ code: code ?? -1, signal, out, err }));
  });
}

const run = (...more: string[]): string[] => ['run', 'mnist-lt', ...work.options, ...more];
const typescript = { AUTOBALANCE_BACKEND: 'typescript' };
/** Long enough to be interrupted wherever one likes. */
const LONG = ['--epochs', '2000', '--methods', 'cross-entropy'];

describe('the program', () => {
  test('info --json says what runs, and why the rest does not', async () => {
    const { code, out, err } = await start(['info', '--json', '--seed', '4'], { env: typescript });
    expect([code, err]).toEqual([0, '']);
    const info = jsonOf(out);
    expect(info).toMatchObject({ backend: 'typescript', isa: null, threads: 1, settings: { seed: 4 } });
    const backends = info.backends as { name: string; runs: boolean; reason?: string }[];
    expect(backends.map(({ name }) => name)).toContain('native');
    for (const { name, runs, reason } of backends) {
      expect(runs).toBe(name === 'typescript');
      if (!runs) expect(reason).toMatch(/./);
    }
    const text = await start(['info'], { env: typescript });
    expect(text.out).toMatch(/backend typescript +runs: JavaScript/);
    expect(text.out).toMatch(/Node\.js +node \d+\./);
  });

  test('a backend that does not exist', async () => {
    const env = { AUTOBALANCE_BACKEND: 'abacus' };
    const { code, err } = await start(run(), { env });
    expect(code).toBe(2);
    expect(err).toMatch(/^ERR_CONFIG: backend: there is no "abacus"/);
    const info = await start(['info', '--json'], { env });
    expect(jsonOf(info.out)).toMatchObject({ backend: null });
    expect(info.out).toContain('there is no \\"abacus\\"');
  });

  test('the algorithm of convolutions is chosen by the environment, and shown', async () => {
    const chosen = await start(['info', '--json'], { env: { AUTOBALANCE_CONVOLUTION: 'winograd4' } });
    expect(jsonOf(chosen.out).convolution).toBe(addonExists ? 'winograd4' : null);
    const { code, err } = await start(run(), { env: { AUTOBALANCE_CONVOLUTION: 'wino' } });
    expect(code).toBe(2);
    expect(err).toMatch(/^ERR_CONFIG: AUTOBALANCE_CONVOLUTION: expects one of direct, winograd, winograd4, got "wino"/);
  });

  test('a whole run: one JSON object, exit code 0, everything else on standard error', async () => {
    const { code, out, err } = await start(run('--json'), { env: typescript });
    expect(code).toBe(0);
    const { runDirectory: _, ...summary } = jsonOf(out);
    expect(summarySchema.parse(summary).backend).toBe('typescript');
    expect(err).toMatch(/autobalance: balanced error/);
    expect(err).not.toMatch(/cannot run here/);
  });

  test('an addon that cannot be used: one sentence says so and why, and everything runs', async () => {
    // An instruction set that does not exist: the addon, if there is one, refuses to load.
    const args = run('--json', '--epochs', '1', '--methods', 'cross-entropy');
    const { code, out, err } = await start(args, { env: { AUTOBALANCE_ISA: 'abacus' } });
    expect(code).toBe(0);
    expect(jsonOf(out)).toMatchObject({ backend: 'wasm', methods: { 'cross-entropy': expect.anything() } });
    const notices = err.split('\n').filter((line) => line.includes('cannot run here'));
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(
      /^The native backend cannot run here, so everything runs on the slower wasm backend: .+\.$/,
    );
  });

  test('an error is one line and exit code 2; the stack only on request', async () => {
    const args = ['run', 'mnist-lt', '--data-dir', 'nowhere'];
    const plain = await start(args);
    expect([plain.code, plain.out]).toEqual([2, '']);
    expect(plain.err.trimEnd().split('\n').at(-1)).toMatch(/^ERR_FILE: /);
    expect(plain.err).not.toMatch(/ {2}at /);
    expect((await start(args, { env: { AUTOBALANCE_DEBUG: '1' } })).err).toMatch(/ {2}at /);
    const json = await start([...args, '--json']);
    expect(jsonOf(json.out)).toEqual({ error: { code: 'ERR_FILE', message: expect.stringContaining('nowhere') } });
  });
});

describe('Ctrl-C', () => {
  const interruptAt = (pattern: RegExp, signals: readonly NodeJS.Signals[]) => {
    let sent = 0;
    return (text: string, kill: (signal: NodeJS.Signals) => void): void => {
      const ready = sent === 0 ? pattern.test(text) : text.includes('once more stops at once');
      if (ready && sent < signals.length) kill(signals[sent++]!);
    };
  };

  test('saves, prints the command that resumes, exits with 130; that command goes on', async () => {
    const onErr = interruptAt(/cross-entropy, epoch +2\//, ['SIGINT']);
    const stopped = await start(run(...LONG), { env: typescript, onErr });
    expect(stopped.code).toBe(130);
    const command = /^Interrupted and saved\. To go on:\n {2}(node .+)\n$/.exec(stopped.out)![1]!;
    expect(command).toMatch(/main\.js run --resume .*mnist-lt-\d+$/);
    // As a shell takes it, in the same folder.
    let seen = '';
    const resumed = await new Promise<number | null>((resolve) => {
      const child = spawn('sh', ['-c', `exec ${command} --json`], {
        cwd: work.folder,
        env: { ...process.env, ...typescript },
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        seen += text;
        if (/epoch +[4-9]\//.test(seen)) child.kill('SIGINT');
      });
      child.on('close', resolve);
    });
    expect(resumed).toBe(130);
    expect(seen).toMatch(/^Going on in /);
    expect(seen).not.toMatch(/epoch +1\//);
  });

  test('with --json the command is in the object', async () => {
    const onErr = interruptAt(/epoch +1\//, ['SIGINT']);
    const { code, out } = await start(run(...LONG, '--json'), { env: typescript, onErr });
    expect(code).toBe(130);
    const { interrupted, resume, runDirectory } = jsonOf(out);
    expect([interrupted, resume]).toEqual(['SIGINT', expect.stringContaining(`run --resume ${runDirectory}`)]);
    expect(existsSync(join(String(runDirectory), 'checkpoint.safetensors'))).toBe(true);
  });

  test('twice ends at once with 130; what was saved stays', async () => {
    const onErr = interruptAt(/epoch +1\//, ['SIGINT', 'SIGINT']);
    const { code, signal } = await start(run(...LONG), { env: typescript, onErr });
    // 130 either way: at once, or because the step had ended before the second signal came.
    expect([code, signal]).toEqual([130, null]);
  });

  test('SIGTERM saves as well', async () => {
    const onErr = interruptAt(/epoch +1\//, ['SIGTERM']);
    const { code, out } = await start(run(...LONG, '--json'), { env: typescript, onErr });
    expect(code).toBe(143);
    expect(jsonOf(out)).toMatchObject({ interrupted: 'SIGTERM' });
  });
});

test('a reader that goes away ends the program quietly', () => {
  const shell = (line: string) =>
    spawnSync('sh', ['-c', line], {
      cwd: work.folder,
      encoding: 'utf8',
      timeout: 30_000,
      env: { ...process.env, ...typescript },
    });
  const node = `'${process.execPath}' '${main}'`;
  const short = shell(`${node} info | true`);
  expect([short.status, short.stderr]).toEqual([0, '']);
  // Progress into a pipe that closes after one line: a run that would take minutes ends soon, saved.
  const long = shell(`${node} ${run(...LONG).join(' ')} 2>&1 | head -n 1`);
  expect(long.status).toBe(0);
  const folder = /Writing to (.+);/.exec(long.stdout)![1]!;
  expect(existsSync(join(folder, 'checkpoint.safetensors'))).toBe(true);
  expect(long.stderr).toBe('');
});
