import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, launch, open, serve } from '../support/chromium.js';

// The package as it would be published, in a folder where nothing else is, on a machine without a compiler.

const execute = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const NO_COMPILER = { CC: '/nowhere/cc', CXX: '/nowhere/c++' };

let folder: string;
let installed: string;
let packedBytes: number;
let files: string[];

async function run(command: string, ...args: string[]): Promise<string> {
  const environment = Object.entries(process.env).filter(([name]) => !/^(AUTOBALANCE|VITEST|NODE_ENV)/.test(name));
  const { stdout } = await execute(command, args, {
    cwd: folder,
    env: { ...Object.fromEntries(environment), ...NO_COMPILER },
    maxBuffer: 2 ** 26,
  });
  return stdout;
}
const lastLine = (text: string): unknown => JSON.parse(text.trim().split('\n').at(-1)!);

async function bytesUnder(path: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autobalance-package-'));
  const { stdout } = await execute('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as [
    { filename: string; size: number; files: { path: string }[] },
  ];
  packedBytes = packed.size;
  files = packed.files.map(({ path }) => path);
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  await cp(here, join(folder, 'app'), { recursive: true });
  await run('npm', 'install', '--no-audit', '--no-fund', join(folder, packed.filename));
  installed = join(folder, 'node_modules', 'autobalance');
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What learning the loss brought, in points of balanced error, is the same whoever trained. */
const expectTrained = (result: unknown): void => {
  expect(result).toMatchObject({ backend: 'wasm' });
  const { errors } = result as { errors: Record<string, number> };
  expect(errors.autobalance).toBeLessThan(errors['cross-entropy']! - 1);
};

describe('what is published', () => {
  test('has what it needs to run and to build, and nothing of the workshop', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/src/index.js',
        'dist/src/browser.js',
        'native/wasm/autobalance.wasm',
        'native/wasm/autobalance-threads.wasm',
        'binding.gyp',
      ]),
    );
    expect(files.filter((path) => /^(test|bench|docs|examples|src)\/|\.map$|native\/(test|fuzz)/.test(path))).toEqual(
      [],
    );
  });

  test('and what it depends on are as small as the README says', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const stated = /download of ([\d.]+) MB becomes ([\d.]+) MB on disk.*?another ([\d.]+) MB/s.exec(readme)!.slice(1);
    const megabytes = (bytes: number): number => bytes / 1e6;
    const own = (await bytesUnder(installed)) - (await bytesUnder(join(installed, 'build')));
    const others = (await bytesUnder(join(folder, 'node_modules'))) - (await bytesUnder(installed));
    const sizes = [packedBytes, own, others].map(megabytes);
    sizes.forEach((size, i) => {
      expect(Math.abs(Number(stated[i]) / size - 1), `${stated[i]} MB is ${size} MB`).toBeLessThan(0.1);
    });
  });
});

describe('in Node', () => {
  test('no addon could be built, and the reason is kept', async () => {
    const status = JSON.parse(await readFile(join(installed, 'build', 'addon-status.json'), 'utf8'));
    expect(status.built).toBe(false);
    expect(status.reason).toMatch(/nowhere/);
  });

  test('import trains on wasm; require hands out the same engine', async () => {
    const result = lastLine(await run(process.execPath, 'app/esm.mjs')) as { reasons: [string, string | null][] };
    expectTrained(result);
    expect(result).toMatchObject({ oneEngine: true });
    const reasons = Object.fromEntries(result.reasons);
    expect(Object.keys(reasons)).toEqual(['native', 'wasm', 'typescript', 'gpu.js', 'cuda']);
    expect(reasons.native).toMatch(/could not be built \(.*nowhere/);
    expect(reasons).toMatchObject({ wasm: null, typescript: null });
    expect(reasons['gpu.js']).toMatch(/gpu\.js/);
    expect(reasons.cuda).toMatch(/build:cuda/);
  });

  test('require trains on wasm', async () => {
    expectTrained(lastLine(await run(process.execPath, 'app/commonjs.cjs')));
  });

  test('the command line runs on wasm and says so', async () => {
    expect(lastLine(await run('npx', 'autobalance', 'info', '--json'))).toMatchObject({ backend: 'wasm' });
  });
});

describe('for TypeScript', () => {
  test.each([
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ])('the declarations hold under moduleResolution %s', async (resolution, module) => {
    const options = ['--noEmit', '--strict', '--ignoreConfig', '--lib', 'es2023,dom', '--target', 'es2023'];
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
    const args = [...options, ...types, '--module', module, '--moduleResolution', resolution, 'app/types.ts'];
    await expect(run(process.execPath, tsc, ...args).catch(({ stdout }) => Promise.reject(stdout))).resolves.toBe('');
  });
});

describe('in a bundle', () => {
  test('Vite finds nothing of Node in it, and the page trains on wasm', async () => {
    const page = join(folder, 'app', 'browser');
    const out = join(folder, 'site');
    await build({ root: page, base: './', build: { outDir: out, emptyOutDir: true } });
    const scripts = (await readdir(out, { recursive: true })).filter((name) => name.endsWith('.js'));
    for (const script of scripts) {
      expect(await readFile(join(out, script), 'utf8')).not.toMatch(/node:|__vite-browser-external|createRequire/);
    }
    const [site, browser] = await Promise.all([serve(out), launch()]);
    try {
      const { page, errors } = await open(browser, site.url);
      const result = (await page.evaluate('globalThis.result')) as { before: unknown };
      expectTrained(result);
      expect(result.before).toEqual({
        name: 'typescript',
        reasons: [
          ['wasm', expect.stringMatching(/await loadWasm\(url\) first/)],
          ['typescript', null],
        ],
      });
      expect(errors).toEqual([]);
    } finally {
      await Promise.all([browser.close(), site.close()]);
    }
  });
});
