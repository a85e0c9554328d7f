import type { ClassLossNumbers, HypergradientReport, LearnedAugmentation, MethodResult } from '../autobalance/index.js';
import type { ClassificationErrors } from '../metrics/index.js';
import { lossTables } from './loss-file.js';
import type { RunConfig, Summary } from './schema.js';

/** Worst first. */
const severity = ['diverged', 'negative-curvature', 'truncated', 'converged'] as const;

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

export interface SummarySource {
  readonly counts: readonly number[];
  readonly results: ReadonlyMap<string, MethodResult>;
  readonly hypergradients: readonly HypergradientReport[];
  readonly learned: ClassLossNumbers | undefined;
  readonly learnedAugmentation?: LearnedAugmentation | undefined;
}

/** Errors as files hold them: `null` for what JSON has no number for. */
export const errorsJson = ({
  balancedError,
  error,
  classError,
}: { readonly [F in keyof ClassificationErrors]: Readonly<ClassificationErrors[F]> }) => ({
  balancedError,
  error,
  classError: classError.map(finiteOrNull),
});

export function hypergradientSummary(reports: readonly HypergradientReport[]): Summary['hypergradient'] {
  const counts: Record<string, number> = {};
  for (const { status } of reports) counts[status] = (counts[status] ?? 0) + 1;
  return {
    status: severity.find((status) => counts[status] !== undefined) ?? null,
    counts,
    residuals: (reports.at(-1)?.residuals ?? []).map(finiteOrNull),
  };
}

export function summarise(
  { preset, seed }: RunConfig,
  { counts, results, hypergradients, learned, learnedAugmentation: augmentation }: SummarySource,
  backend: string,
): Summary {
  const methods = [...results].map(([name, result]) => [name, { ...errorsJson(result), seconds: result.seconds }]);
  return {
    dataset: preset,
    seed,
    backend,
    classCounts: [...counts],
    methods: Object.fromEntries(methods),
    learned: learned ? { ...lossTables(learned), ...(augmentation && { augmentation }) } : null,
    hypergradient: hypergradientSummary(hypergradients),
  };
}
