import { describe, expect, test } from 'vitest';
import { compile, currentBackend, getBackend, withBackend } from '../../src/backends/index.js';
import { ConfigError } from '../../src/ir/index.js';
import { conv2d } from '../../src/ops/index.js';

import { tensor } from '../../src/tensor/index.js';
import { addonExists } from '../support/targets.js';

const x = tensor(new Float32Array(6 * 6 * 8).fill(1), { shape: [1, 6, 6, 8] });
const f = tensor(new Float32Array(9 * 8 * 8).fill(1), { shape: [3, 3, 8, 8] });

describe.skipIf(!addonExists)('the choice of an algorithm for convolutions', () => {
  test('holds for what runs inside, and a compiled function follows it', () => {
    const run = compile(conv2d);
    const counts = (convolution: 'direct' | 'winograd' | 'winograd4') =>
      withBackend('native', () => [run(x, f).data()[0], run.stats(x, f).convolutions], { convolution });
    const before = currentBackend();
    expect(counts('winograd')).toEqual([32, { direct: 0, winograd: 1, winograd4: 0 }]);
    expect(counts('direct')).toEqual([32, { direct: 1, winograd: 0, winograd4: 0 }]);
    expect(counts('winograd4')[1]).toEqual({ direct: 0, winograd: 0, winograd4: 1 });
    expect(currentBackend()).toBe(before);
  });

  test('the same choice is the same backend; without one, it is direct', () => {
    expect(getBackend('native', { convolution: 'winograd' })).toBe(getBackend('native', { convolution: 'winograd' }));
    expect(getBackend('native', { convolution: 'winograd' })).not.toBe(getBackend('native'));
    expect(getBackend('native').info().details.convolution).toBe('direct');
    expect(getBackend('native').info().device).not.toContain('convolutions');
  });

  test('a backend that has no choice says so', () => {
    expect(() => getBackend('typescript', { convolution: 'winograd' })).toThrow(ConfigError);
    expect(getBackend('typescript', { convolution: 'direct' }).name).toBe('typescript');
  });
});
