import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The matrix of derivatives takes as long as half of the other files together: begun last, as vitest would by its size, it would run alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rest = await super.sort(files);
    const long = (file: TestSpecification): number => (file.moduleId.includes('/conformance/') ? 0 : 1);
    return rest.sort((a, b) => long(a) - long(b));
  }
}

export default defineConfig({
  // Examples import the package by its name, as users do.
  resolve: { alias: { autobalance: new URL('./src/index.ts', import.meta.url).pathname } },
  test: {
    include: ['test/**/*.test.ts'],
    // What the entry of the package does for Node: a test of one module alone runs on the same backends.
    setupFiles: ['src/backends/node.ts'],
    // Two cores: more workers than that only fight for the same native thread pool.
    maxWorkers: 2,
    // Modules are loaded once for each worker, not once for each of 190 files: that was a third of the time. A test that needs modules of its own
    // says so by `vi.resetModules`.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
