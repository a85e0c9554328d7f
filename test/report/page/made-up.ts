import { evaluateLogits, Random } from '../../../src/index.js';
import type { Method, RunContent } from '../../../src/report/page/content.js';

/** A run of made-up numbers; names are hostile on purpose. */
export function madeUpRun({
  classes = 4,
  groups = 1,
  methods = ['cross-entropy', 'logit-adjustment', 'autobalance'],
  hypergradients = 12,
}: {
  readonly classes?: number;
  readonly groups?: number;
  readonly methods?: readonly string[];
  readonly hypergradients?: number;
} = {}): RunContent {
  const random = new Random(3, 'made up');
  const samples = 8 * classes;
  const counts = Array.from({ length: classes }, (_, k) => Math.max(1, Math.round(400 * 0.3 ** k)));
  const names = counts.map((_, k) => `<b>"${k}"</b> & co`);
  const labels = Int32Array.from({ length: samples }, (_, i) => i % classes);
  const groupNames = Array.from({ length: groups }, (_, g) => `<i>group ${g}`);
  const evaluationOf = (lift: number): Method['evaluation'] =>
    evaluateLogits(
      Float32Array.from({ length: samples * classes }, (_, i) => {
        const [sample, k] = [Math.floor(i / classes), i % classes];
        return 1.5 * random.normal() + (labels[sample] === k ? 2 : 0) - lift * k;
      }),
      labels,
      classes,
      {
        trainCounts: counts,
        resamples: 30,
        ...(groups > 1 && { groups: { names: groupNames, values: labels.map(() => random.integer(groups)) } }),
      },
    );
  const table = (value: (k: number, g: number) => number): number[] | number[][] =>
    groups === 1 ? counts.map((_, k) => value(k, 0)) : counts.map((_, k) => groupNames.map((__, g) => value(k, g)));
  return {
    title: 'made-up <script>alert(1)</script>',
    lead: 'Numbers & names that nobody measured.',
    finished: true,
    classes: { names, counts },
    ...(groups > 1 && { groupNames }),
    methods: methods.map((name, i) => ({ name, evaluation: evaluationOf(1 - i / methods.length), seconds: 10 + i })),
    epochs: methods.flatMap((method) =>
      [1, 2, 3].map((epoch) => ({
        method,
        stage: method === 'autobalance' ? 'retrain' : 'train',
        epoch,
        trainLoss: epoch === 2 && method === 'autobalance' ? Number.NaN : 1 / epoch,
        balancedError: 30 - epoch,
      })),
    ),
    hypergradients: Array.from({ length: hypergradients }, (_, t) => ({
      step: 10 * t,
      outer: 1 / (t + 1),
      norm: t === 3 ? Number.NaN : 10 ** -t,
      status: ['converged', 'truncated', 'diverged', 'something else'][t % 4]!,
      residual: t === 3 ? Number.POSITIVE_INFINITY : 0.5 ** t,
      largestEigenvalue: t === 0 ? null : 4,
      delta: table((k) => 1 + 0.01 * t * k),
      iota: table((k, g) => 0.1 * t * (g - k)),
      weight: table((k) => 1 + 0.1 * t * k),
    })),
    learned: { delta: table((k) => 1 + 0.1 * k), iota: table((k, g) => g - k), weight: table((k) => 1 + k) },
    files: [{ name: 'metrics.ndjson', type: 'application/x-ndjson', text: '{"kind":"epoch"}\n' }],
    footer: 'Made up.',
  };
}
