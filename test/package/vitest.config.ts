import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('../..', import.meta.url).pathname,
  test: { include: ['test/package/*.package.ts'], testTimeout: 300_000, hookTimeout: 600_000 },
});
