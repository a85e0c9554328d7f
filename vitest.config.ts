import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Two cores: more workers than that only fight for the same native thread pool.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
