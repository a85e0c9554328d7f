import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BackendName, backends, scenarios } from '../../examples/playground/choices.js';
import { build, ISOLATED, launch, open, type Site, serve } from '../support/chromium.js';

// The page of examples/playground, built and served as files, used by mouse and by keyboard. Screenshots are left in .cache/playground.

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const pictures = here('../../.cache/playground');

/** Graphics processors are software here: seconds for each step. */
const SHORT: readonly BackendName[] = ['webgl2', 'webgpu'];

/** What the page must say that it ran on. */
const DEVICES: { readonly [name in BackendName]: string } = {
  wasm: 'WebAssembly simd128, 1 thread',
  typescript: 'JavaScript, 1 thread',
  webgl2: 'webgl2',
  webgpu: 'webgpu; synchronous runs on webgl2',
};

let folder: string;
let site: Site;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autobalance-playground-'));
  await mkdir(pictures, { recursive: true });
  await build({
    configFile: here('../../examples/playground/vite.config.ts'),
    build: { outDir: folder, emptyOutDir: true },
  });
  [site, browser] = await Promise.all([serve(folder), launch()]);
});

afterEach(async () => {
  expect(errors).toEqual([]);
  await page.close();
});

afterAll(async () => {
  await Promise.all([browser?.close(), site?.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function visit(width = 1280, height = 900, colorScheme: 'light' | 'dark' = 'light'): Promise<void> {
  ({ page, errors } = await open(browser, site.url));
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width, height });
}

const choose = (name: string, value: string) => page.selectOption(`select[name=${name}]`, value);
const text = async (id: string): Promise<string> => (await page.textContent(`#${id}`)) ?? '';
const click = (name: string) => page.getByRole('button', { name }).click();
const errorOf = async (method: string): Promise<number> => Number.parseFloat(await text(`error-${method}`));
const done = (timeout: number) =>
  page.waitForFunction(() => document.querySelector('#stage')?.textContent === 'Done.', undefined, { timeout });
const picture = (name: string) => page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });

/** What a finished run shows, whatever it was. */
async function expectBetter(backend: BackendName): Promise<void> {
  expect(await page.evaluate(() => document.body.dataset.device)).toBe(DEVICES[backend]);
  expect(await errorOf('autobalance')).toBeLessThan((await errorOf('cross-entropy')) - 1);
  expect(await text('verdict')).toMatch(/takes \d+\.\d points off/);
  expect(await text('speed')).toMatch(/^\d+ steps a second on /);
  expect(await page.locator('.view canvas').count()).toBe(2);
  expect(await page.locator('#residuals circle').count()).toBeGreaterThan(10);
}

describe.each(Object.keys(backends) as BackendName[])('on %s', (backend) => {
  test('a loss learned for clouds beats cross-entropy', async () => {
    await visit();
    await choose('backend', backend);
    await choose('imbalance', '100');
    if (SHORT.includes(backend)) await choose('length', 'short');
    await click('Start');
    await done(900_000);
    await expectBetter(backend);
  });
});

test('a loss learned for digits beats cross-entropy', async () => {
  await visit(1280, 900, 'dark');
  await choose('scenario', 'digits');
  await choose('imbalance', '100');
  await click('Start');
  await done(400_000);
  await expectBetter('wasm');
  await picture('digits-dark');
});

test('pause stops it, resume goes on, reset clears, and the page answers all the while', async () => {
  await visit();
  await choose('backend', 'typescript');
  await click('Start');
  await page.waitForFunction(() => document.querySelector('progress')!.value > 0.02);
  // How long the page is kept from drawing while the worker trains.
  const longest = await page.evaluate(async () => {
    let [last, worst] = [performance.now(), 0];
    for (let frame = 0; frame < 60; frame++) {
      await new Promise(requestAnimationFrame);
      worst = Math.max(worst, performance.now() - last);
      last = performance.now();
    }
    return worst;
  });
  expect(longest).toBeLessThan(500);
  await click('Pause');
  await page.waitForTimeout(300);
  const progress = () => page.evaluate(() => document.querySelector('progress')!.value);
  const paused = await progress();
  await page.waitForTimeout(600);
  expect(await progress()).toBe(paused);
  expect(await text('stage')).toMatch(/^Paused in stage 1/);
  await click('Resume');
  await page.waitForFunction((before) => document.querySelector('progress')!.value > before, paused);
  await click('Reset');
  expect(await progress()).toBe(0);
  expect(await text('error-cross-entropy')).toBe('–');
  await page.waitForTimeout(300);
  expect(await progress()).toBe(0);
});

test('by keyboard alone', async () => {
  await visit();
  // Every control is reached by Tab, in the order in which they are seen.
  const reached: string[] = [];
  for (let i = 0; i < 7; i++) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement!.getAttribute('name') ?? document.activeElement!.id));
  }
  expect(reached).toEqual(['scenario', 'imbalance', 'objective', 'backend', 'length', 'seed', 'start']);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('progress')!.value > 0);
  expect(await page.evaluate(() => document.activeElement!.id)).toBe('pause');
  await page.keyboard.press('Space');
  expect(await page.textContent('#pause')).toBe('Resume');
});

test.each([
  ['light', 1280, 'light'],
  ['dark', 1280, 'dark'],
  ['phone', 390, 'light'],
  ['phone-dark', 390, 'dark'],
] as const)('nothing sticks out: %s', async (name, width, scheme) => {
  await visit(width, 844, scheme);
  await choose('imbalance', '30');
  await click('Start');
  await done(240_000);
  await picture(name);
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content).toBeLessThanOrEqual(window!);
});

test('served with the headers that npm run playground sends, it has threads', async () => {
  const isolated = await serve(folder, ISOLATED);
  try {
    ({ page, errors } = await open(browser, isolated.url));
    await click('Start');
    await page.waitForFunction(() => document.body.dataset.device);
    const [device, processors] = await page.evaluate(
      () => [document.body.dataset.device, navigator.hardwareConcurrency] as const,
    );
    const threads = Math.min(processors, 4);
    expect(device).toBe(`WebAssembly simd128, ${threads} thread${threads === 1 ? '' : 's'}`);
    await page.waitForFunction(() => document.querySelector('progress')!.value > 0.02);
  } finally {
    await isolated.close();
  }
});

test('what cannot be done is said', async () => {
  await visit();
  await page.route('**/*.wasm', (route) => route.fulfill({ status: 404 }));
  await click('Start');
  await page.waitForFunction(() => document.querySelector('#stage')?.textContent?.startsWith('It failed'));
  expect(await text('stage')).toMatch(/autobalance.*\.wasm answers 404/);
  // The browser itself notes that the file was not there.
  errors.length = 0;
  expect(Object.keys(scenarios)).toContain(await page.inputValue('select[name=scenario]'));
});
