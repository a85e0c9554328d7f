import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The package as it is published: compiled JavaScript, which worker threads and other processes can run. */
export interface Built {
  /** Its main module. */
  readonly main: string;
  readonly library: typeof import('../../src/index.js');
}

/** Compiles the package into a folder of its own, which goes when the tests of this file are done. */
export async function build(): Promise<Built> {
  // Inside node_modules, so that the compiled files find their dependencies.
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'built-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--outDir', folder, '--noCheck', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...options], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed: ${stdout}`);
  const main = join(folder, 'src', 'index.js');
  return { main, library: await import(/* @vite-ignore */ pathToFileURL(main).href) };
}
