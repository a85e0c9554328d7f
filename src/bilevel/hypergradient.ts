import { grad, jvp, linearizer, valueAndGrad } from '../ad/index.js';
import { compile } from '../backends/index.js';
import { ConfigError, mapTrees, memo, type Value } from '../ir/index.js';
import { add, mul, sub, sum } from '../ops/index.js';
import { conjugateGradient } from './conjugate-gradient.js';
import { lanczos, type SpectrumEstimate, signVector } from './lanczos.js';
import { neumann } from './neumann.js';
import { averageOperator, type LinearOperator, operator, shiftOperator } from './operator.js';
import type { BilevelProblem } from './problem.js';
import type { SolverResult, SolverStatus } from './solver.js';
import { ravel } from './vector.js';

/** How to solve (H + damping·I) q = ∂outer/∂w. */
export interface ImplicitMethod {
  readonly solver: 'neumann' | 'cg';
  /** Hessian products to spend on the solve. */
  readonly iterations: number;
  /** Added to the Hessian. `auto` lifts the smallest Ritz value to `relativeDamping` times the largest. Default `auto`. */
  readonly damping?: number | 'auto';
  /** For `auto` damping: the smallest curvature to allow, as a share of the largest. Default 0.01. */
  readonly relativeDamping?: number;
  /** Neumann's η. `auto` is 1 / (largest Ritz value with its uncertainty + damping): safe for every eigenvalue. Default `auto`. */
  readonly stepSize?: number | 'auto';
  /** Relative residual at which to stop early. Default 1e-6. */
  readonly tolerance?: number;
  /** Products of the Lanczos estimate that `auto` needs. Default 8. Pass `spectrum` to reuse an earlier one for free. */
  readonly lanczosSteps?: number;
}

export interface HypergradientOptions<W, L, B> {
  readonly params: W;
  readonly hyper: L;
  /** Batches of the inner objective: H and the mixed product are means over all of them. */
  readonly innerBatches: readonly B[];
  /** Batches of the outer objective: its gradients are means over all of them. */
  readonly outerBatches: readonly B[];
  readonly method: ImplicitMethod;
  /** An earlier estimate of H's spectrum to choose step size and damping from. */
  readonly spectrum?: SpectrumEstimate;
}

export interface Hypergradient<L> {
  /** Total derivative of the outer objective in λ: direct + indirect. */
  readonly gradient: L;
  /** ∂outer/∂λ at fixed w. */
  readonly direct: L;
  /** −(∂²inner/∂λ∂w) q */
  readonly indirect: L;
  /** The outer objective, mean over its batches. */
  readonly outer: number;
  readonly status: SolverStatus;
  /** Relative residual after each term or iteration, from the zero vector. */
  readonly residuals: readonly number[];
  readonly stepSize?: number;
  readonly damping: number;
  /** The estimate used, if `auto` asked for one. */
  readonly spectrum?: SpectrumEstimate;
  readonly counts: { readonly gradients: number; readonly hessianProducts: number; readonly mixedProducts: number };
  /** Bytes of residuals kept by the linearizations. */
  readonly residualBytes: number;
}

/**
 * Implicit hypergradient  ∂outer/∂λ − (∂²inner/∂λ∂w)(H + damping·I)⁻¹ ∂outer/∂w  (implicit function theorem at a stationary point of the
 * inner objective). Each inner batch is linearized once; every Hessian product reuses its residuals, so the same batch-norm statistics and
 * masks hold throughout. Costs, in gradients: 1 per outer batch, and per inner batch about 2 for the linearization, 2 per Hessian product
 * (including those of the estimate) and 1 for the mixed product (about 2 without `head`).
 * @throws {ConfigError} if there are no batches. A solve that fails does not throw: read `status`.
 */
export async function hypergradient<W, L, B>(
  problem: BilevelProblem<W, L, B>,
  options: HypergradientOptions<W, L, B>,
): Promise<Hypergradient<L>> {
  const { params, hyper, innerBatches, outerBatches, method } = options;
  if (innerBatches.length === 0 || outerBatches.length === 0) {
    throw new ConfigError('hypergradient: needs at least one inner and one outer batch');
  }
  const programs = programsOf(problem);
  const { vector, unravel } = ravel(params);

  const outers = outerBatches.map((batch) => programs.outer(params, hyper, batch));
  const rightHandSide = mean(outers.map(({ gradient }) => gradient));
  const direct = mean(outers.map(({ hyper }) => hyper));

  const linearizations = innerBatches.map((batch) => programs.innerGradient(vector, params, hyper, batch));
  const hessian = averageOperator(linearizations.map((at) => operator(vector.size, (v) => at.jvp(v))));
  const { result, ...choice } = await solve(
    shiftOperator(hessian, problem.weightDecay ?? 0),
    rightHandSide,
    method,
    options.spectrum,
  );

  const q = unravel(result.solution);
  const mixed = mean(innerBatches.map((batch) => programs.mixed(params, hyper, batch, q)));
  const indirect = mapTrees((x) => mul(x, -1), mixed);
  const hessianProducts = (result.products + choice.estimateProducts) * innerBatches.length;
  return {
    gradient: mapTrees((x, y) => sub(x, y), direct, mixed),
    direct,
    indirect,
    outer: outers.reduce((total, { value }) => total + value.item(), 0) / outers.length,
    status: result.status,
    residuals: result.residuals,
    damping: choice.damping,
    ...(choice.stepSize !== undefined && { stepSize: choice.stepSize }),
    ...(choice.spectrum && { spectrum: choice.spectrum }),
    counts: { gradients: outers.length + innerBatches.length, hessianProducts, mixedProducts: innerBatches.length },
    residualBytes: linearizations.reduce((bytes, at) => bytes + at.residualBytes, 0),
  };
}

interface Choice {
  readonly result: SolverResult;
  readonly damping: number;
  readonly stepSize?: number;
  readonly spectrum?: SpectrumEstimate;
  readonly estimateProducts: number;
}

async function solve(
  hessian: LinearOperator,
  b: Value,
  method: ImplicitMethod,
  known?: SpectrumEstimate,
): Promise<Choice> {
  const { solver, iterations, damping = 'auto', relativeDamping = 0.01, stepSize = 'auto', tolerance = 1e-6 } = method;
  const steps = method.lanczosSteps ?? 8;
  const needed = damping === 'auto' || (solver === 'neumann' && stepSize === 'auto');
  const spectrum = needed
    ? (known ?? (await lanczos(hessian, { steps, start: signVector(hessian.size, b.dtype) })))
    : undefined;
  const estimateProducts = spectrum && !known ? spectrum.ritzValues.length : 0;
  const shift = damping === 'auto' ? Math.max(0, relativeDamping * spectrum!.largest - spectrum!.smallest) : damping;
  const damped = shiftOperator(hessian, shift);
  if (solver === 'cg') {
    const result = await conjugateGradient(damped, b, { iterations, tolerance });
    return { result, damping: shift, estimateProducts, ...(spectrum && { spectrum }) };
  }
  const eta = stepSize === 'auto' ? 1 / (spectrum!.largest + spectrum!.uncertainty + shift) : stepSize;
  const result = await neumann(damped, b, { terms: iterations, stepSize: eta, tolerance });
  return { result, damping: shift, stepSize: eta, estimateProducts, ...(spectrum && { spectrum }) };
}

/** The compiled pieces of one problem. */
interface Programs<W, L, B> {
  outer(params: W, hyper: L, batch: B): { value: Value; gradient: Value; hyper: L };
  innerGradient(vector: Value, params: W, hyper: L, batch: B): { jvp(v: Value): Value; residualBytes: number };
  mixed(params: W, hyper: L, batch: B, q: W): L;
}

const cache = new WeakMap<object, unknown>();

const programsOf = <W, L, B>(problem: BilevelProblem<W, L, B>): Programs<W, L, B> =>
  memo(cache, problem, () => makePrograms(problem)) as Programs<W, L, B>;

function makePrograms<W, L, B>({ inner, outer, head }: BilevelProblem<W, L, B>): Programs<W, L, B> {
  const gradient = linearizer(
    // `like` only lends its structure; the point is the vector.
    (vector: Value, like: W, hyper: L, batch: B) => {
      const at = ravel(like).unravel(vector);
      return ravel(grad((w: W) => inner(w, hyper, batch))(at)).vector;
    },
    { argnums: [0] },
  );
  return {
    outer: compile((params: W, hyper: L, batch: B) => {
      const both = valueAndGrad((w: W, l: L) => outer(w, l, batch), { argnums: [0, 1] })(params, hyper);
      return { value: both.value, gradient: ravel(both.grad[0] as W).vector, hyper: both.grad[1] as L };
    }),
    innerGradient: (vector, params, hyper, batch) => gradient(vector, params, hyper, batch),
    mixed: compile((params: W, hyper: L, batch: B, q: W) =>
      head
        ? grad((l: L) => {
            const { value, tangent } = jvp((w: W) => head.outputs(w, batch), [params], [q]);
            return innerProduct(grad((z: Value) => head.loss(z, l, batch))(value), tangent);
          })(hyper)
        : grad((l: L) => innerProduct(ravel(grad((w: W) => inner(w, l, batch))(params)).vector, ravel(q).vector))(
            hyper,
          ),
    ),
  };
}

const innerProduct = (x: Value, y: Value): Value => sum(mul(x, y));

/** The mean of trees of one structure. */
function mean<T>(trees: readonly T[]): T {
  const total = trees.reduce((sumSoFar, tree) => mapTrees((x, y) => add(x, y), sumSoFar, tree));
  return trees.length === 1 ? total : mapTrees((x) => mul(x, 1 / trees.length), total);
}
