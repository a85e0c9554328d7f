import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentBackend, withBackend } from '../../src/backends/index.js';
import { nativeAddon } from '../../src/backends/native.js';
import { cnnHypergradient, expectSameBits, trainingStep } from '../support/cnn-threads.js';
import { addonExists } from '../support/targets.js';

const COUNTS = [1, 2, 8];
const REPEATS = 20;

describe.skipIf(!addonExists)('threads', () => {
  const threads = addonExists ? nativeAddon().info().threads : 1;
  const setThreads = (count: number): void => nativeAddon().setThreads(count);
  afterAll(() => setThreads(threads));

  test('a training step of a CNN has the same bits on 1, 2 and 8 threads', async () => {
    await expectSameBits(() => withBackend('native', trainingStep), COUNTS, REPEATS, setThreads);
  });

  test('so has a hypergradient', async () => {
    expect(currentBackend().name).toBe('native');
    await expectSameBits(cnnHypergradient, COUNTS, REPEATS, setThreads);
  });

  describe('after a run', () => {
    beforeAll(() => setThreads(8));

    test('they sleep: waiting takes no processor time', async () => {
      withBackend('native', trainingStep);
      await sleep(50);
      const before = process.cpuUsage();
      await sleep(300);
      const { user, system } = process.cpuUsage(before);
      // Eight threads that spin would take all of two processors, 600 ms; Node itself takes a few.
      expect((user + system) / 1000).toBeLessThan(100);
    });
  });
});
