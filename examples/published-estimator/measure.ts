import {
  type BilevelProblem,
  conjugateGradient,
  denseSolver,
  type LinearOperator,
  type LinearSolver,
  lanczos,
  minres,
  neumann,
  Point,
  type PointOptions,
  type SpectrumEstimate,
  signVector,
  type Value,
} from 'autobalance';

/** What an estimator makes of one checkpoint. */
export interface Verdict {
  readonly name: string;
  readonly status: string;
  readonly residual: number;
  /** ‖estimate‖ */
  readonly norm: number;
  /** With the hypergradient of the undamped and of the damped system. */
  readonly cosine: number;
  readonly dampedCosine: number;
}

export interface Checkpoint {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly largest: number;
  readonly smallest: number;
  /** What the automatic choice adds. */
  readonly damping: number;
  /** Of the two references. */
  readonly exact: { readonly residual: number; readonly norm: number };
  readonly damped: { readonly residual: number; readonly norm: number };
  readonly verdicts: readonly Verdict[];
}

/** Products of the estimate of the extremes: enough for λ_max to sixteen digits and λ_min to three. */
const LANCZOS = 60;
/** The matrix is formed and solved below this, and above it MINRES goes as far as it comes. */
const LARGEST_DENSE = 2000;
const MINRES_ITERATIONS = 300;

const inner = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Array.from(x).reduce((total, value, i) => total + value * y[i]!, 0);
const normOf = (x: ArrayLike<number>): number => Math.sqrt(inner(x, x));
const cosineOf = (x: ArrayLike<number>, y: ArrayLike<number>): number => inner(x, y) / (normOf(x) * normOf(y));

/**
 * Every estimator at one point of training, on the same batches. Solvers are called directly: `hypergradient` would answer with NaN where they
 * diverge, and here it is the wrong vector that is of interest.
 */
export async function measure<W, L, B>(
  problem: BilevelProblem<W, L, B>,
  options: PointOptions<W, L, B>,
): Promise<Omit<Checkpoint, 'epoch' | 'trainLoss'>> {
  const point = new Point(problem, options);
  const { params: b } = point.outer();
  const hessian = point.hessian();
  const mixed = point.mixed();
  const spectrum = await lanczos(hessian, { steps: LANCZOS, start: signVector(b.size, b.dtype) });
  const damping = Math.max(0, 0.01 * spectrum.largest - spectrum.smallest);
  const solve = async (
    solver: LinearSolver,
    at: { operator: LinearOperator; damping: number; spectrum: SpectrumEstimate },
  ) => {
    const { solution, status, residuals } = await solver.solve({ ...at, b });
    return { status, residual: residuals.at(-1)!, indirect: await indirectOf(mixed, solution) };
  };
  const plain = { operator: hessian, damping: 0, spectrum };
  const lifted = { operator: hessian, damping, spectrum };
  const dense = b.size <= LARGEST_DENSE;
  const exact = await solve(dense ? denseSolver() : minres({ iterations: MINRES_ITERATIONS }), plain);
  const damped = await solve(conjugateGradient({ iterations: 400, tolerance: 1e-8 }), lifted);

  const estimators: readonly (readonly [string, LinearSolver, typeof plain])[] = [
    ['published: η = 1, J = 5', neumann({ terms: 5, stepSize: 1 }), plain],
    ['identity: J = 0', neumann({ terms: 0, stepSize: 1, verify: false }), { ...plain, spectrum: harmless }],
    ['automatic Neumann, J = 5', neumann({ terms: 5 }), lifted],
    ['automatic CG, 10 products', conjugateGradient({ iterations: 10 }), lifted],
    [
      'automatic CG, 10, Gauss–Newton',
      conjugateGradient({ iterations: 10 }),
      { ...lifted, operator: point.gaussNewton(), damping: 0.01 * spectrum.largest },
    ],
  ];
  const verdicts: Verdict[] = [];
  for (const [name, solver, at] of estimators) {
    const { status, residual, indirect } = await solve(solver, at);
    verdicts.push({
      name,
      status,
      residual,
      norm: normOf(indirect),
      cosine: cosineOf(indirect, exact.indirect),
      dampedCosine: cosineOf(indirect, damped.indirect),
    });
  }
  return {
    largest: spectrum.largest,
    smallest: spectrum.smallest,
    damping,
    exact: { residual: exact.residual, norm: normOf(exact.indirect) },
    damped: { residual: damped.residual, norm: normOf(damped.indirect) },
    verdicts,
  };
}

/** One term cannot diverge, whatever the spectrum. */
const harmless: SpectrumEstimate = { largest: 0, smallest: 0, ritzValues: [], weights: [], uncertainty: 0 };

const indirectOf = async (mixed: LinearOperator, q: Value): Promise<number[]> =>
  Array.from((await mixed.applyTransposed(q)).data(), (value) => -value);
