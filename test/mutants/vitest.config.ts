import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vitest/config';
import base from '../../vitest.config.js';
import { type SourceMutant, sourceMutants } from './sources.js';

const root = new URL('../..', import.meta.url).pathname;

/** Plants a fault in a source file as it is loaded. */
const plant = ({ file, find, replace }: SourceMutant): Plugin => ({
  name: 'plant',
  enforce: 'pre',
  transform: (code, id) => (id === resolve(root, file) ? code.replace(find, () => replace) : undefined),
});

// Set for the runs that sources.mutants.ts starts, one for each fault.
const fault = sourceMutants.find(({ name }) => name === process.env.PLANTED_FAULT);

/** The faults, and the tests that must find them, which must pass as they are. */
const suite = [
  'test/mutants/*.mutants.ts',
  'test/mutants/rules.test.ts',
  'test/conformance/single.test.ts',
  ...new Set(sourceMutants.flatMap(({ tests }) => tests)),
];

export default defineConfig({
  ...base,
  root,
  plugins: fault ? [plant(fault)] : [],
  // Two processes at a time, each with one worker.
  test: { ...base.test, include: fault ? [...fault.tests] : suite, maxConcurrency: 2 },
});
