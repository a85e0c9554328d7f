import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the library example in the README is the one in examples/, and it learns a penalty', async () => {
  const example = read('examples/learn-a-penalty.ts');
  expect(read('README.md')).toContain(`\`\`\`ts\n${example}\`\`\``);
  const { lambda, w } = await import('../../examples/learn-a-penalty.js');
  // At the optimum of the held-out loss Σ(xw − y)² over e^λ, found by scanning λ with the closed-form fit.
  const best = scan();
  expect(lambda.item()).toBeCloseTo(best.lambda, 1);
  expect(w.data()[0]).toBeCloseTo(best.w[0], 1);
  expect(w.data()[1]).toBeCloseTo(best.w[1], 1);
});

/** (XᵀX + e^λ I) w = Xᵀy for x = 0 … 3, solved by Cramer's rule on a fine grid of λ. */
function scan(): { lambda: number; w: [number, number] } {
  const x = [0, 1, 2, 3];
  const y = [0, 2, 1, 5];
  const sum = (f: (i: number) => number): number => x.reduce((total, _, i) => total + f(i), 0);
  let best = { lambda: 0, w: [0, 0] as [number, number], loss: Number.POSITIVE_INFINITY };
  for (let lambda = -6; lambda < 6; lambda += 0.001) {
    const a = 4 + Math.exp(lambda);
    const b = sum((i) => x[i]!);
    const d = sum((i) => x[i]! ** 2) + Math.exp(lambda);
    const p = sum((i) => y[i]!);
    const q = sum((i) => x[i]! * y[i]!);
    const w: [number, number] = [(p * d - b * q) / (a * d - b * b), (a * q - b * p) / (a * d - b * b)];
    const loss = (w[0] + 0.5 * w[1] - 1) ** 2 + (w[0] + 2.5 * w[1] - 2.4) ** 2;
    if (loss < best.loss) best = { lambda, w, loss };
  }
  return best;
}
