import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.js';

const root = new URL('../..', import.meta.url).pathname;

export default defineConfig({
  ...base,
  root,
  test: { ...base.test, include: ['test/kills/*.kills.ts', 'test/kills/files.test.ts'], disableConsoleIntercept: true },
});
