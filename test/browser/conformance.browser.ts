import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { entries } from '../conformance/matrix.js';
import { build, launch, open, type Site, serve } from '../support/chromium.js';
import { pageBackends } from './backends.js';
import { checksIn } from './checks.js';
import type { Conformance } from './page.js';

// The conformance matrix (values, and derivatives in every mode to second order and beyond) inside Chromium, on every backend of a page.

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let folder: string;
let site: Site;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autobalance-browser-'));
  await build({
    root: here('.'),
    resolve: { alias: { vitest: here('expect.ts') } },
    build: { outDir: folder, emptyOutDir: true, target: 'es2023', minify: false },
  });
  [site, browser] = await Promise.all([serve(folder), launch()]);
  ({ page, errors } = await open(browser, site.url));
});

afterAll(async () => {
  await Promise.all([browser?.close(), site?.close()]);
  await rm(folder, { recursive: true, force: true });
});

/** Calls what the page offers. */
const ask = <K extends keyof Conformance>(what: K, ...args: Parameters<Conformance[K]>) =>
  page.evaluate(
    ([name, given]) =>
      (globalThis as unknown as { conformance: Record<string, (...args: unknown[]) => unknown> }).conformance[name](
        ...given,
      ),
    [what, args] as const,
  ) as Promise<Awaited<ReturnType<Conformance[K]>>>;

describe.each(Object.entries(pageBackends))('%s', (name, { ran, dtypes }) => {
  test('starts, and is what it is taken for', async () => {
    expect(await ask('start', name)).toMatchObject(ran);
  });

  test.each(entries.map((entry) => [entry.name, entry] as const))('%s', async (primitive, entry) => {
    const asked = checksIn(entry, dtypes).length;
    expect(asked).toBeGreaterThan(0);
    expect(await ask('check', name, primitive)).toEqual({ checks: asked, failures: [] });
  });

  test('a backend that is wrong in its last digits is found out', async () => {
    const { checks, failures } = await ask('check', name, 'mul', 1e-5);
    expect(failures.length).toBeGreaterThan(checks / 2);
  });
});

test('nothing went wrong in the page unseen', () => {
  expect(errors).toEqual([]);
});
