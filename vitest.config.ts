import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Examples import the package by its name, as users do.
  resolve: { alias: { autobalance: new URL('./src/index.ts', import.meta.url).pathname } },
  test: {
    include: ['test/**/*.test.ts'],
    // What the entry of the package does for Node: a test of one module alone runs on the same backends.
    setupFiles: ['src/backends/node.ts'],
    // Two cores: more workers than that only fight for the same native thread pool.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
