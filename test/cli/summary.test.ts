import { expect, test } from 'vitest';
import type { HypergradientReport } from '../../src/autobalance/index.js';
import { summaryText } from '../../src/cli/commands/train.js';
import { resolveConfig } from '../../src/cli/config.js';
import { hypergradientLine } from '../../src/cli/progress.js';
import { summarySchema } from '../../src/cli/schema.js';
import { hypergradientSummary, summarise } from '../../src/cli/summary.js';

const report = (status: string, residuals: number[] = [1, 0.5]): HypergradientReport => ({
  step: 1,
  outer: 0.25,
  norm: 1,
  status,
  residuals,
  stepSize: null,
  damping: 0,
  largestEigenvalue: null,
  smallestEigenvalue: null,
  delta: [1, 0.9],
  iota: [0, -1.5],
  weight: [1, 1],
});

test.each([
  [['converged', 'truncated'], 'truncated'],
  [['converged', 'diverged', 'negative-curvature'], 'diverged'],
  [['negative-curvature', 'truncated'], 'negative-curvature'],
  [['converged'], 'converged'],
  [[], null],
])('the worst status of %j is %s', (statuses, worst) => {
  expect(hypergradientSummary(statuses.map((status) => report(status))).status).toBe(worst);
});

test('residuals are those of the last, null where not finite', () => {
  const { residuals, counts } = hypergradientSummary([
    report('truncated'),
    report('diverged', [1, Number.POSITIVE_INFINITY]),
  ]);
  expect(residuals).toEqual([1, null]);
  expect(counts).toEqual({ truncated: 1, diverged: 1 });
});

test('a summary is what its schema says, also with a class that has no test samples', () => {
  const summary = summarise(
    resolveConfig('mnist-lt', []),
    {
      counts: [10, 1],
      results: new Map([['cross-entropy', { classError: [1, Number.NaN], balancedError: 1, error: 1, seconds: 2 }]]),
      hypergradients: [],
      learned: undefined,
    },
    'typescript',
  );
  expect(summarySchema.parse(JSON.parse(JSON.stringify(summary)))).toEqual(summary);
  expect(summary.methods['cross-entropy']!.classError).toEqual([1, null]);
  expect(summaryText('run', summary)).toContain('–');
});

test('the hypergradients of an epoch in one line', () => {
  expect(hypergradientLine([])).toBeUndefined();
  expect(hypergradientLine([report('truncated'), report('diverged'), report('truncated')])).toBe(
    '3 hypergradients (2 truncated, 1 diverged), validation 0.2500, residual 0.500, Δ 0.90 … 1.00, ι -1.50 … 0.00',
  );
  expect(hypergradientLine([report('diverged', [])])).toContain('residual –');
});
