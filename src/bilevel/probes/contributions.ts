import { jvp, type Linearization, linearizer } from '../../ad/index.js';
import { NumericError, type Value } from '../../ir/index.js';
import { tensor } from '../../tensor/index.js';
import type { HypergradientMethod } from '../hypergradient.js';
import { unitVector } from '../matrix.js';
import type { ImplicitState } from '../methods/implicit.js';
import { Point, type PointOptions } from '../point.js';
import type { BilevelProblem } from '../problem.js';
import { perStructure } from '../structured.js';
import { combination, difference, innerOf, normOf } from './agreement.js';
import { leafRanges } from './leaf-paths.js';

/** How an inner batch splits into examples. */
export interface ExampleSplit<W, L, B> {
  /**
   * The loss of each example, [n], such that the inner objective is their mean. The examples may depend on one another, through batch
   * normalisation for one: example i is then charged with what its own loss does.
   */
  readonly losses: (params: W, hyper: L, batch: B) => Value;
  /** The group of each example: its class, say. */
  readonly labels: (batch: B) => ArrayLike<number>;
}

export interface ContributionsOptions<W, L, B> extends PointOptions<W, L, B> {
  readonly method: HypergradientMethod<ImplicitState>;
  /** Leave it out to split by layer only. */
  readonly examples?: ExampleSplit<W, L, B>;
}

/** A share of the indirect part of a hypergradient. */
export interface Part {
  /** [m]; the parts of one split add up to the whole. */
  readonly vector: readonly number[];
  /** ⟨part, whole⟩ / ‖whole‖²: shares of one split add up to 1; a negative one pulls the other way. */
  readonly share: number;
}

export interface LayerPart extends Part {
  /** Where the leaf of w is, such as `blocks[0].conv.filter`. */
  readonly path: string;
}

export interface ExamplePart extends Part {
  /** Which of the mixed batches, and which row of it. */
  readonly batch: number;
  readonly row: number;
  readonly label: number;
}

export interface ClassPart extends Part {
  readonly label: number;
  readonly examples: number;
}

export interface Contributions {
  /** The indirect part −Cᵀq, [m]. */
  readonly indirect: readonly number[];
  readonly layers: readonly LayerPart[];
  /** Empty without a split. */
  readonly examples: readonly ExamplePart[];
  /** By label, ascending. */
  readonly classes: readonly ClassPart[];
  /**
   * ‖sum of the parts − indirect‖ / ‖indirect‖. Rounding, if all is well; if that of the examples is more, the inner objective is not
   * the mean of the losses given.
   */
  readonly remainder: { readonly layers: number; readonly examples: number };
  readonly hessianProducts: number;
}

/**
 * Where the indirect part −Cᵀq of a hypergradient comes from: by layer, −C_ℓᵀ q_ℓ for each leaf ℓ of w; by example and by class,
 * −∂/∂λ ⟨∇_w ℓᵢ, q⟩ / n, for the mixed derivative is a mean over examples. q is solved for once.
 *
 * Cost in Hessian products: those of the method, N·(J + lanczosSteps), and none besides. In mixed products for each mixed batch: 1, one per
 * leaf, and for the examples one linearization of their losses along q (a forward tangent and what λ needs of it) with min(m, n) products
 * with that. Keeps n·m numbers. @throws {NumericError} if the method diverged, for then there is no q.
 */
export async function contributions<W, L, B>(
  problem: BilevelProblem<W, L, B>,
  options: ContributionsOptions<W, L, B>,
): Promise<Contributions> {
  const point = new Point(problem, options);
  const estimate = await options.method.estimate(point, undefined);
  const q = estimate.state.solution;
  if (!q) throw new NumericError(`contributions: the solve ended as ${estimate.status}, so there is nothing to split`);
  const indirect = Array.from(estimate.indirect.data());
  const share = (vector: readonly number[]): number => innerOf(vector, indirect) / innerOf(indirect, indirect);
  const remainder = (parts: readonly Part[]): number => {
    const total = combination(
      indirect.length,
      parts.map(({ vector }) => vector),
    );
    return normOf(difference(total, indirect)) / normOf(indirect);
  };

  const layers = (await layerVectors(point, q)).map((part) => ({ ...part, share: share(part.vector) }));
  const rows = options.examples ? exampleVectors(point, q, options.examples) : [];
  const examples = rows.map((part) => ({ ...part, share: share(part.vector) }));
  const labels = [...new Set(examples.map(({ label }) => label))].sort((x, y) => x - y);
  const classes = labels.map((label) => {
    const own = examples.filter((part) => part.label === label);
    const vector = combination(
      indirect.length,
      own.map((part) => part.vector),
    );
    return { label, examples: own.length, vector, share: share(vector) };
  });
  return {
    indirect,
    layers,
    examples,
    classes,
    remainder: { layers: remainder(layers), examples: examples.length === 0 ? 0 : remainder(examples) },
    hessianProducts: point.counts.hessianProducts,
  };
}

/** −Cᵀ applied to q with all but one leaf set to zero. */
async function layerVectors<W, L, B>(point: Point<W, L, B>, q: Value): Promise<Omit<LayerPart, 'share'>[]> {
  const mixed = point.mixed();
  const all = q.data();
  const parts: Omit<LayerPart, 'share'>[] = [];
  for (const { path, from, to } of leafRanges(point.params)) {
    const own = new Float64Array(all.length);
    own.set(all.subarray(from, to), from);
    const image = await mixed.applyTransposed(tensor(own, { dtype: q.dtype }));
    parts.push({ path, vector: Array.from(image.data(), (value) => -value) });
  }
  return parts;
}

/** ∂/∂λ of the slope of each example's loss along q: λ [m] → [n], linearized in λ. */
type SlopesAt = (lambda: Value, w: Value, q: Value, batch: unknown) => Linearization<[Value], Value>;
const slopes = perStructure<readonly [unknown, unknown], SlopesAt>();

function exampleVectors<W, L, B>(
  point: Point<W, L, B>,
  q: Value,
  { losses, labels }: ExampleSplit<W, L, B>,
): Omit<ExamplePart, 'share'>[] {
  const slopesAt = slopes(losses, [point.params, point.hyper], ([unravelW, unravelL]) =>
    linearizer(
      (lambda: Value, w: Value, along: Value, batch: unknown) => {
        const own = unravelL(lambda) as L;
        return jvp((x: Value) => losses(unravelW(x) as W, own, batch as B), [w], [along]).tangent;
      },
      { argnums: [0] },
    ),
  );
  const batches = point.batches.mixed ?? point.batches.inner;
  return batches.flatMap((data, batch) => {
    const rows = jacobianRows(slopesAt(point.lambda, point.w, q, data), point.lambda.size);
    const own = labels(data);
    const factor = -1 / (rows.length * batches.length);
    return rows.map((row, i) => ({ batch, row: i, label: own[i]!, vector: row.map((value) => factor * value) }));
  });
}

/** The Jacobian [n, m] of a linearization, row by row, by products of its smaller side. */
function jacobianRows(at: Linearization<[Value], Value>, m: number): number[][] {
  const { size: n, dtype } = at.value;
  const products = <T>(count: number, product: (unit: Value) => T): T[] =>
    Array.from({ length: count }, (_, i) => product(unitVector(count, i, dtype)));
  if (n < m) return products(n, (unit) => Array.from(at.vjp(unit)[0].data()));
  const columns = products(m, (unit) => at.jvp(unit).data());
  return Array.from({ length: n }, (_, i) => columns.map((column) => column[i]!));
}
