import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  resolve: { alias: { 'autobalance/browser': new URL('../../src/browser.ts', import.meta.url).pathname } },
  test: { include: ['test/browser/*.browser.ts'], testTimeout: 1_000_000, hookTimeout: 180_000, maxWorkers: 1 },
});
