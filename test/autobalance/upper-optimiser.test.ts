import { describe, expect, test } from 'vitest';
import { automaticRate, clippedAdam, type LossParameters, momentumSgd, tensor } from '../../src/index.js';
import { expectClose } from '../support/compare.js';

const raw = { delta: tensor([1, 2]), iota: tensor([0, 0]), weight: tensor([0, 0]) };
const gradient = { delta: tensor([3, -3]), iota: tensor([0.5, -4]), weight: tensor([1e-3, 1]) };
const values = (parameters: LossParameters, name: keyof LossParameters) => parameters[name]!.data();

describe('clipped Adam', () => {
  const options = { learningRate: 0.1, deltaRate: 0.3, clip: 1e9 };

  test('the first step is the rate against the sign, whatever the scale; Δ takes shorter ones', () => {
    const optimiser = clippedAdam(options);
    const { raw: next } = optimiser.step(raw, gradient, optimiser.init(raw));
    expectClose(values(next, 'iota'), [-0.1, 0.1], { relative: 1e-5 });
    expectClose(values(next, 'weight'), [-0.1, -0.1], { relative: 1e-4 });
    expectClose(values(next, 'delta'), [0.97, 2.03], { relative: 1e-5 });
  });

  test('a long hypergradient is shortened: after it, a short one is still heard', () => {
    const iota = { iota: tensor([0]) };
    const second = (clip: number): number => {
      const optimiser = clippedAdam({ ...options, clip });
      const first = optimiser.step(iota, { iota: tensor([-1e6]) }, optimiser.init(iota));
      const next = optimiser.step(first.raw, { iota: tensor([1]) }, first.memory);
      return values(next.raw, 'iota')[0]! - values(first.raw, 'iota')[0]!;
    };
    // With m = 0.1(0.9 g₁ + g₂) and v = 0.001(0.999 g₁² + g₂²), bias-corrected: g = (−1, 1) moves by 0.1 · 0.1/1.9.
    expectClose([second(1)], [(-0.1 * 0.1) / 1.9], { relative: 1e-2 });
    // Unshortened, −10⁶ goes on: 0.1 · 0.09/0.19 · √(0.001999/0.000999).
    expectClose([second(1e9)], [((0.1 * 0.9) / 1.9) * Math.sqrt(1.999 / 0.999)], { relative: 1e-2 });
  });

  test('without Δ there is nothing to slow down', () => {
    const optimiser = clippedAdam(options);
    const { raw: next } = optimiser.step(
      { iota: raw.iota },
      { iota: gradient.iota },
      optimiser.init({ iota: raw.iota }),
    );
    expect(Object.keys(next)).toEqual(['iota']);
  });
});

describe('SGD with momentum and decay', () => {
  test('by hand: v ← m v + g + d α, α ← α − r v; a step without gradient goes on by momentum and decay', () => {
    const optimiser = momentumSgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 });
    const start = { iota: tensor([1]) };
    const first = optimiser.step(start, { iota: tensor([2]) }, optimiser.init(start));
    expectClose(values(first.raw, 'iota'), [1 - 0.1 * 2.01], { relative: 1e-6 });
    const second = optimiser.step(first.raw, { iota: tensor([0]) }, first.memory);
    const velocity = 0.9 * 2.01 + 0.01 * 0.799;
    expectClose(values(second.raw, 'iota'), [0.799 - 0.1 * velocity], { relative: 1e-6 });
  });
});

test('automatic rate: the way that all updates can go is the same, but a step is never longer than 0.2', () => {
  expect(automaticRate(100) * 100).toBeCloseTo(automaticRate(1000) * 1000, 12);
  expect(automaticRate(0)).toBe(0.2);
  expect(automaticRate(3)).toBe(0.2);
});
