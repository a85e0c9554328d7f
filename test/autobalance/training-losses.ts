import { expect } from 'vitest';
import { grad, mul, sum, tensor, type Value } from '../../src/index.js';
import { readFixture, type StoredArray, stored } from '../fixtures/read.js';
import { expectClose } from '../support/compare.js';

/** A value and its gradients in the logits, and whatever else, by PyTorch. */
export interface Judged {
  readonly value: number;
  readonly gradient: readonly StoredArray[];
}

interface Fixture {
  readonly logits: StoredArray;
  readonly labels: readonly number[];
  readonly groups: readonly number[];
  readonly counts: readonly number[];
  readonly population: readonly (readonly number[])[];
  readonly byGroup: { readonly [name in 'delta' | 'iota' | 'weight']: StoredArray } & Judged;
  readonly focal: Judged;
  readonly labelSmoothing: Judged;
  readonly weighted: Judged;
  readonly classBalanced: Judged & { readonly weights: StoredArray };
  readonly ldam: Judged & { readonly margins: StoredArray };
  readonly ldamDrw: Judged;
  readonly groupDro: Judged & { readonly q: StoredArray };
  readonly cosine: { readonly [name in 'features' | 'weight' | 'logits']: StoredArray };
  readonly objectives: {
    readonly [name in
      | 'balanced'
      | 'groupBalanced'
      | 'worstGroup'
      | 'deo'
      | 'equalisedOdds'
      | 'demographicParity'
      | 'demographicParityMixed'
      | 'prior']: Judged;
  };
}

export const fixture = readFixture<Fixture>('training-losses');

/** Ten samples of four classes and three groups; two of the twelve cells and more have none. */
export const batch = {
  logits: stored(fixture.logits),
  labels: tensor(fixture.labels, { dtype: 'i32' }),
  groups: tensor(fixture.groups, { dtype: 'i32' }),
};

/** Asserts value and gradient in the logits to ten digits. */
export function expectJudged(loss: (logits: Value) => Value, { value, gradient }: Judged): void {
  expectClose([loss(batch.logits).item()], [value], { relative: 1e-10, what: 'value' });
  const found = grad(loss)(batch.logits);
  expect(found.shape).toEqual(gradient[0]!.shape);
  expectClose(found.data(), gradient[0]!.values, { relative: 1e-9, absolute: 1e-12, what: 'gradient' });
}

/** Asserts the Hessian product of a scalar function against central differences of its gradient. */
export function expectSecondOrder(loss: (logits: Value) => Value, at: Value = batch.logits): void {
  const direction = Array.from({ length: at.size }, (_, i) => Math.cos(3 * i + 1));
  const moved = (h: number): Value =>
    tensor(
      Array.from(at.data(), (x, i) => x + h * direction[i]!),
      { shape: at.shape, dtype: 'f64' },
    );
  const slope = grad(loss);
  const along = grad((x: Value) => inner(slope(x), direction))(at).data();
  const h = 1e-5;
  const [right, left] = [slope(moved(h)).data(), slope(moved(-h)).data()];
  const differences = Array.from(right, (value, i) => (value - left[i]!) / (2 * h));
  expectClose(along, differences, { relative: 1e-6, absolute: 1e-7, what: 'Hessian product' });
}

const inner = (x: Value, direction: readonly number[]): Value =>
  sum(mul(x, tensor(direction, { shape: x.shape, dtype: 'f64' })));
