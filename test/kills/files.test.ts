import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { RunDirectory } from '../../src/index.js';
import { type Built, build } from '../support/built.js';
import { temporaryFolder } from '../support/folder.js';
import { dieAt, node, operationsIn } from './processes.js';

const folder = temporaryFolder();
const writer = fileURLToPath(new URL('writer.mjs', import.meta.url));
let built: Built;
let operations: readonly string[];

/** Writes in a process of its own, in a fresh folder. */
async function write(name: string, env: Readonly<Record<string, string>>) {
  const run = join(folder.path, name);
  rmSync(run, { recursive: true, force: true });
  mkdirSync(run);
  const module = join(dirname(built.main), 'data', 'run-directory.js');
  return { run, ending: await node(['--import', dieAt, writer, module, run], { env }) };
}

beforeAll(async () => {
  built = await build();
  const log = join(folder.path, 'operations');
  writeFileSync(log, '');
  const { ending } = await write('whole', { OPERATIONS: log });
  expect(ending).toMatchObject({ code: 0, err: '' });
  operations = operationsIn(log);
}, 120_000);

test('each step appends and flushes a line, then writes, flushes, renames, and flushes the folder', () => {
  const step = ['open', 'writeFile', 'datasync', 'open', 'writeFile', 'sync', 'rename', 'sync'];
  expect(operations).toEqual([...step, ...step, ...step]);
});

test('a process killed at any of its file operations leaves whole files, and the next one goes on', async () => {
  for (let at = 0; at < operations.length; at++) {
    for (const torn of operations[at] === 'writeFile' ? [false, true] : [false]) {
      const what = `${torn ? 'half of' : 'before'} operation ${at}, ${operations[at]}`;
      const { run, ending } = await write('killed', { DIE_AT: String(at), ...(torn && { DIE_TORN: '1' }) });
      expect(ending.signal, what).toBe('SIGKILL');

      const path = join(run, 'checkpoint');
      const steps = existsSync(path) ? [...new Set(readFileSync(path))] : [0];
      // One value throughout: the old content or the new one. The operations of a step are eight, the rename its seventh.
      expect(steps, what).toEqual([Math.floor((at + 1) / 8)]);

      const again = await RunDirectory.open(run);
      // Half-written files go, those of a process that lives stay.
      const living = join(run, `.tmp-${process.pid}-0123456789abcdef`);
      writeFileSync(living, '');
      await again.removeLeftovers();
      expect(readdirSync(run).filter((entry) => entry.startsWith('.tmp-'))).toEqual([basename(living)]);
      const lines = await again.readMetrics();
      // The line is there once it is written, half of it never.
      expect(lines, what).toEqual(Array.from({ length: Math.floor((at + 6) / 8) }, (_, i) => ({ step: i + 1 })));
      await again.appendMetrics({ step: 'next' });
      expect((await again.readMetrics()).at(-1), what).toEqual({ step: 'next' });
    }
  }
}, 120_000);
