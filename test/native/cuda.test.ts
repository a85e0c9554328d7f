import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import '../../src/index.js';
import { loadCuda } from '../../src/backends/cuda.js';
import { backends } from '../../src/backends/index.js';
import { BackendError, ConfigError } from '../../src/ir/index.js';
import { add } from '../../src/ops/index.js';
import { programOf } from '../support/programs.js';
import { tensorOf } from '../support/tensors.js';

/** The backend above addons made for the purpose; what the real one does is tested in native/test. */

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/cuda/${name}.cjs`, import.meta.url));
const withAddon = (path: string): void => {
  vi.stubEnv('AUTOBALANCE_CUDA_ADDON', path);
};

afterEach(() => {
  vi.unstubAllEnvs();
});

const errorOf = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('the CUDA backend', () => {
  test('says how to build what is not there', () => {
    withAddon('/nowhere/autobalance_cuda.node');
    expect(() => loadCuda()).toThrow(BackendError);
    expect(() => loadCuda()).toThrow('/nowhere/autobalance_cuda.node does not exist; run npm run build:cuda');
  });

  test('hands on why there is no device, and its code', () => {
    withAddon(fixture('no-device'));
    const error = errorOf(() => loadCuda()) as BackendError;
    expect(error).toBeInstanceOf(BackendError);
    expect(error.message).toContain('finds no device');
    expect(error.cause).toMatchObject({ code: 'ERR_CUDA_NO_DEVICE' });
  });

  test('computes convolutions directly', () => {
    withAddon(fixture('doubling'));
    expect(() => loadCuda('winograd')).toThrow(ConfigError);
  });

  test('is known, and never the one that runs of itself', () => {
    const names = backends().map(({ name }) => name);
    expect(names).toContain('cuda');
    expect(names.indexOf('cuda')).toBeGreaterThan(names.indexOf('typescript'));
  });

  test('leaves results on the device until they are read, and gives them back as they are', async () => {
    const path = fixture('doubling');
    withAddon(path);
    const backend = loadCuda();
    expect(backend.info()).toMatchObject({ name: 'cuda', device: 'a device made for a test, CUDA 13.0' });
    const { log } = createRequire(import.meta.url)(path) as { log: string[] };
    log.length = 0;
    const double = backend.compile(programOf((x) => [add(x!, x!)], [{ shape: [3], dtype: 'f32' }]));
    const [once] = double.run([tensorOf([1, 2, 3], [3], 'f32')]);
    const [twice] = await double.runAsync([once!]);
    expect(log).toEqual(['array', 'handle', 'wait']);
    expect(Array.from(twice!.data())).toEqual([4, 8, 12]);
    expect(twice!.data()).toBe(twice!.data());
    expect(log).toEqual(['array', 'handle', 'wait', 'read']);
    expect(double.stats()).toMatchObject({ instructions: 1, arenaBytes: 64, sweeps: 1, constantBytes: 0 });
  });
});
