/**
 * How a run of elements is read from memory: element i, its index written in the mixed radix `extents` (outermost first), lies at
 * Σ digit·stride. Kept in normal form: no extent of 1, and neighbours that act as one axis are one. So a reshape changes nothing, and
 * a contiguous run has a single axis whatever shape it came from.
 */
export interface Pattern {
  readonly extents: readonly number[];
  readonly strides: readonly number[];
}

/** The normal form of an access with these extents and strides. */
export function makePattern(extents: readonly number[], strides: readonly number[]): Pattern {
  const e: number[] = [];
  const s: number[] = [];
  for (let axis = 0; axis < extents.length; axis++) {
    const extent = extents[axis]!;
    const stride = strides[axis]!;
    if (extent === 1) continue;
    if (e.length > 0 && s.at(-1) === extent * stride) {
      e[e.length - 1]! *= extent;
      s[s.length - 1] = stride;
    } else {
      e.push(extent);
      s.push(stride);
    }
  }
  return { extents: e, strides: s };
}

export const contiguous = (size: number): Pattern => makePattern([size], [1]);

/** One element read `size` times. */
export const repeated = (size: number): Pattern => makePattern([size], [0]);

export const isContiguous = ({ strides }: Pattern): boolean =>
  strides.length === 0 || (strides.length === 1 && strides[0] === 1);

/** Suffix products of the extents without the first and last: where one axis ends and the next begins, in elements. */
export function cutsOf(extents: readonly number[]): number[] {
  const cuts: number[] = [];
  let product = 1;
  for (let axis = extents.length - 1; axis > 0; axis--) {
    product *= extents[axis]!;
    if (product > 1) cuts.push(product);
  }
  return cuts;
}

/**
 * The coarsest division of `size` elements that has all of both lists' cuts, as cuts; `null` if one does not divide the next, so that
 * no axes can have both.
 */
export function joinCuts(size: number, a: readonly number[], b: readonly number[]): number[] | null {
  const cuts = [...new Set([...a, ...b])].sort((x, y) => x - y);
  const chain = [1, ...cuts, size];
  for (let i = 1; i < chain.length; i++) {
    if (chain[i]! % chain[i - 1]! !== 0) return null;
  }
  return cuts.filter((cut) => cut < size);
}

/** The extents, outermost first, that these cuts make of `size` elements. */
export function extentsOf(size: number, cuts: readonly number[]): number[] {
  const chain = [1, ...cuts, size];
  const extents: number[] = [];
  for (let i = chain.length - 1; i > 0; i--) extents.push(chain[i]! / chain[i - 1]!);
  return extents;
}

/** The pattern's strides over finer extents. */
export function stridesOver({ extents, strides }: Pattern, finer: readonly number[]): number[] {
  const result = new Array<number>(finer.length).fill(0);
  let axis = extents.length - 1;
  let within = 1;
  for (let i = finer.length - 1; i >= 0; i--) {
    if (finer[i] === 1) continue;
    result[i] = strides[axis]! * within;
    within *= finer[i]!;
    if (within === extents[axis]) {
      axis--;
      within = 1;
    }
  }
  return result;
}

/**
 * The pattern of a value repeated along new axes: input axis i, extent `shape[axes[i]]`, becomes axis `axes[i]` of `shape`. `null` if
 * the input's own pattern cuts across its axes.
 */
export function broadcastPattern(input: Pattern, shape: readonly number[], axes: readonly number[]): Pattern | null {
  const inputShape = axes.map((axis) => shape[axis]!);
  const size = inputShape.reduce((a, b) => a * b, 1);
  const cuts = joinCuts(size, cutsOf(inputShape), cutsOf(input.extents));
  if (cuts === null) return null;
  const finer = extentsOf(size, cuts);
  const finerStrides = stridesOver(input, finer);
  const extents: number[] = [];
  const strides: number[] = [];
  let next = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const extent = shape[axis]!;
    if (!axes.includes(axis)) {
      extents.push(extent);
      strides.push(0);
      continue;
    }
    for (let covered = 1; covered < extent; next++) {
      extents.push(finer[next]!);
      strides.push(finerStrides[next]!);
      covered *= finer[next]!;
    }
  }
  return makePattern(extents, strides);
}

/** Where each input element's result lies when the axes not in `kept` are folded away: stride 0 marks a folded axis. */
export function foldPattern(shape: readonly number[], folded: readonly number[]): Pattern {
  const strides = new Array<number>(shape.length).fill(0);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (folded.includes(axis)) continue;
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return makePattern(shape, strides);
}
