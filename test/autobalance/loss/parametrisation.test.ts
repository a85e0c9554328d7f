import { describe, expect, test } from 'vitest';
import { ConfigError, classLoss, effectiveLoss, type Parametrisation, rawDelta, tensor } from '../../../src/index.js';
import { expectClose } from '../../support/compare.js';

const f64 = { dtype: 'f64' } as const;

describe('parametrisations', () => {
  const fixed = classLoss({ delta: [5, 5], iota: [6, 6], weight: [7, 7] });
  const all: Parametrisation[] = ['identity', 'sigmoid', 'softplus'];

  test.each([
    ['identity', [-3, 0, 0.7, 40]],
    ['sigmoid', [1e-6, 0.3, 0.5, 0.999]],
    ['softplus', [1e-6, 0.5, 1, 3, 40]],
  ] as const)('%s: the raw numbers of Δ give Δ back', (parametrisation, delta) => {
    const raw = tensor(rawDelta(delta, parametrisation), f64);
    const neutral = { delta: raw, iota: raw, weight: raw };
    const back = effectiveLoss({ delta: raw }, neutral, parametrisation).delta;
    expectClose(back.data(), delta, { relative: 1e-12, absolute: 1e-16 });
  });

  test.each([
    ['identity', 0.4, 0.4],
    ['sigmoid', 1, 1 / (1 + Math.exp(-1))],
    ['softplus', 0, Math.LN2],
  ] as const)('%s: %d becomes %d', (parametrisation, raw, delta) => {
    expect(effectiveLoss({ delta: tensor(raw, f64) }, fixed, parametrisation).delta.item()).toBeCloseTo(delta, 14);
  });

  test.each([
    ['sigmoid', 1],
    ['sigmoid', 0],
    ['sigmoid', -0.5],
    ['sigmoid', 1.5],
    ['softplus', 0],
    ['softplus', -1],
    ['identity', Number.POSITIVE_INFINITY],
    ['identity', Number.NaN],
  ] as const)('%s cannot make Δ = %d', (parametrisation, delta) => {
    expect(() => rawDelta([0.5, delta], parametrisation)).toThrow(ConfigError);
    expect(() => rawDelta([0.5, delta], parametrisation)).toThrow(`${parametrisation} cannot make Δ = ${delta}`);
  });

  test.each(all)('%s: what is not learned stays as it was, and ι is the number itself', (parametrisation) => {
    const raw = tensor([0.25, -0.5]);
    expect(effectiveLoss({}, fixed, parametrisation)).toEqual(fixed);
    const { delta, iota, weight } = effectiveLoss({ iota: raw }, fixed, parametrisation);
    expect([delta, iota, weight]).toEqual([fixed.delta, raw, fixed.weight]);
    expect(effectiveLoss({ delta: raw }, fixed, parametrisation).iota).toBe(fixed.iota);
  });
});
