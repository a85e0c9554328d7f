import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, ISOLATED, launch, open, serve } from '../support/chromium.js';
import type { Measured } from './threads/measure.js';

// The WebAssembly executor with threads inside Chromium, on a page that is cross-origin isolated and on one that is not.

let folder: string;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autobalance-threads-'));
  await build({
    root: fileURLToPath(new URL('./threads', import.meta.url)),
    worker: { format: 'es' },
    build: { outDir: folder, emptyOutDir: true, target: 'es2023', minify: true },
  });
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a page with these headers says of so many threads. */
async function measured(
  where: 'inPage' | 'inWorker',
  headers: Readonly<Record<string, string>>,
  threads: number,
): Promise<Measured> {
  const site = await serve(folder, headers);
  const { page, errors } = await open(browser, site.url);
  try {
    const result = await page.evaluate(
      ([name, count]) =>
        (globalThis as unknown as { threads: Record<string, (count: number) => Promise<Measured>> }).threads[name](
          count,
        ),
      [where, threads] as const,
    );
    expect(errors).toEqual([]);
    return result;
  } finally {
    await page.close();
    await site.close();
  }
}

describe('a page that is cross-origin isolated', () => {
  test.each([2, 3])('in a worker, %i threads take part, and the bits are those of one', async (count) => {
    const { info, present, same } = await measured('inWorker', ISOLATED, count);
    expect(info.device).toBe(`WebAssembly simd128, ${count} threads`);
    expect(info.details).not.toHaveProperty('oneThreadBecause');
    expect({ present, same }).toEqual({ present: count, same: true });
  });

  test('on its own thread there is one, and it says why', async () => {
    const { info, present, same } = await measured('inPage', ISOLATED, 2);
    expect(info.device).toBe('WebAssembly simd128, 1 thread');
    expect(info.details.oneThreadBecause).toMatch(/may not wait for others; compute in a worker/);
    expect({ present, same }).toEqual({ present: 1, same: true });
  });

  test('workers that a content security policy forbids: one thread, and it says why', async () => {
    const headers = { ...ISOLATED, 'Content-Security-Policy': "worker-src 'self'" };
    const { info, present } = await measured('inWorker', headers, 2);
    expect(info.device).toBe('WebAssembly simd128, 1 thread');
    expect(info.details.oneThreadBecause).toMatch(/content security policy|Content Security Policy/);
    expect(present).toBe(1);
  });
});

test('on a page that is not, there is one thread, and it names the headers', async () => {
  const { info, present, same } = await measured('inWorker', {}, 2);
  expect(info.device).toBe('WebAssembly simd128, 1 thread');
  expect(info.details.oneThreadBecause).toMatch(/not cross-origin isolated.*Cross-Origin-Opener-Policy: same-origin/);
  expect({ present, same }).toEqual({ present: 1, same: true });
});
