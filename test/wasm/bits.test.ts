import { afterAll, describe, expect, test } from 'vitest';
import { useBackend } from '../../src/backends/index.js';
import { nativeAddon } from '../../src/backends/native.js';
import { bitsOf, cnnHypergradient, trainingStep } from '../support/cnn-threads.js';
import { addonExists } from '../support/targets.js';

// What a reader of two tables, one trained on each, relies on: where their numbers differ, it is because AVX2 rounds a product and a sum once.
describe.skipIf(!addonExists)('WebAssembly and the native executor without fused multiply-adds', () => {
  const before = {
    backend: process.env.AUTOBALANCE_BACKEND ?? 'native',
    isa: addonExists ? nativeAddon().info().isa : '',
  };
  afterAll(() => {
    nativeAddon().setIsa(before.isa);
    useBackend(before.backend);
  });

  test.each([
    ['a training step', trainingStep],
    ['a hypergradient', cnnHypergradient],
  ])('%s has the same bits', async (_, run) => {
    const bitsOn = async (backend: string, isa: string) => {
      nativeAddon().setIsa(isa);
      useBackend(backend);
      return bitsOf(await run());
    };
    const wasm = await bitsOn('wasm', 'generic');
    const plain = await bitsOn('native', 'generic');
    expect(plain).toEqual(wasm);
    // And the test can tell: a set that fuses gives others.
    if (before.isa !== 'generic') expect(await bitsOn('native', before.isa)).not.toEqual(wasm);
  });
});
