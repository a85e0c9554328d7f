import { sizeOf, stridesOf } from '../../ir/index.js';
import { Body, offsetOf } from './body.js';
import { type Launch, type Limits, type Place, Scratch } from './launch.js';
import { LONGEST, reduce } from './reduce.js';

/** How one operand of a product lies in memory: its strides along every axis of the product, and where it begins. */
export interface Factor {
  readonly place: Place;
  readonly start: number;
  readonly outer: readonly number[];
  /** Along the axis of the result that only this operand has. */
  readonly own: number;
  readonly inner: readonly number[];
}

/**
 * result[outer…, row, lane] = Σ over inner of left[outer…, row, inner…] · right[outer…, lane, inner…]. Matrix products and the three
 * convolutions of padded images all have this form.
 */
export interface Contraction {
  readonly outer: readonly number[];
  readonly rows: number;
  readonly lanes: number;
  readonly inner: readonly number[];
  readonly left: Factor;
  readonly right: Factor;
  /** The result's strides along outer, row and lane. */
  readonly result: { readonly outer: readonly number[]; readonly row: number; readonly lane: number };
  readonly output: Place;
}

/** Rows that a thread computes: what it reads of the right operand it uses for each of them. */
const BLOCK = 4;
/** With fewer products than this a thread's own work is not worth putting four results in order again. */
const WORTH_BLOCKING = 16;
/** Parts are not made so many that they fill memory. */
const MOST_PARTIAL = 2 ** 22;

export function contract(contraction: Contraction, limits: Limits): Launch[] {
  const { outer, rows, lanes, inner, left, right, result } = contraction;
  // Threads that run together differ in their lane: there should be some.
  if (lanes < 4 && rows > lanes) {
    const turned = { ...result, row: result.lane, lane: result.row };
    return contract({ ...contraction, rows: lanes, lanes: rows, left: right, right: left, result: turned }, limits);
  }
  const { output } = contraction;
  const size = sizeOf(outer) * rows * lanes;
  const parts = partsOf(inner, size);
  if (parts === 1) return whole(contraction, limits);
  // The outermost inner axis goes in parts, each with results of its own, which are then added.
  const [cut, ...rest] = inner as readonly [number, ...number[]];
  const each = cut / parts;
  const partial = new Scratch(parts * size);
  const inParts = ({ place, start, outer, own, inner: [stride, ...others] }: Factor): Factor => ({
    place,
    start,
    outer: [stride! * each, ...outer],
    own,
    inner: [stride!, ...others],
  });
  const pieces: Contraction = {
    outer: [parts, ...outer],
    rows,
    lanes,
    inner: [each, ...rest],
    left: inParts(left),
    right: inParts(right),
    result: { outer: [size, ...result.outer], row: result.row, lane: result.lane },
    output: partial,
  };
  const added = reduce({
    kind: 'sum',
    extents: [parts, size],
    kept: [false, true],
    output,
    limits,
    write: (body, offset) => body.set(`${body.array(partial)}[${offset([size, 1])}]`),
  });
  return [...whole(pieces, limits), ...added];
}

/** Into how many equal parts the outermost inner axis is cut. */
function partsOf(inner: readonly number[], size: number): number {
  const cut = inner[0] ?? 1;
  const wanted = Math.ceil(sizeOf(inner) / LONGEST);
  if (wanted < 4 || size === 0) return 1;
  const most = Math.min(cut, Math.floor(MOST_PARTIAL / size), wanted);
  for (let parts = most; parts > 1; parts--) if (cut % parts === 0) return parts;
  return 1;
}

function whole(contraction: Contraction, limits: Limits): Launch[] {
  const { outer, rows, lanes, inner, result, output } = contraction;
  if (rows < BLOCK || sizeOf(inner) < WORTH_BLOCKING) return [single(contraction, limits)];
  const blocks = Math.ceil(rows / BLOCK);
  const body = new Body(limits);
  const { digits, grid } = body.threads([...outer, blocks, lanes]);
  const lane = digits.pop()!;
  const block = digits.pop()!;
  const first = body.set(`${block} * ${BLOCK}`);
  // The last block may reach beyond the last row: it computes that one again.
  const lefts = Array.from({ length: BLOCK }, (_, r) => {
    const row = r === 0 ? first : body.set(`${first} + ${r}`);
    const within = rows % BLOCK === 0 || r === 0 ? row : body.set(`Math.min(${row}, ${rows - 1})`);
    return { row: within, sum: `s${r}` };
  });
  products(body, contraction, digits, lane, lefts);
  body.add(`return [${lefts.map(({ sum }) => sum).join(', ')}];`);
  const four = new Scratch(sizeOf(outer) * blocks * lanes * BLOCK);
  return [body.launch(four, grid, BLOCK), inOrder(four, contraction, blocks, limits, result, output)];
}

/** A thread for each element of the result. */
function single(contraction: Contraction, limits: Limits): Launch {
  const { outer, rows, lanes, result, output } = contraction;
  const body = new Body(limits);
  const { digits, grid } = threadsInOrder(body, [...outer, rows, lanes], [...result.outer, result.row, result.lane]);
  const lane = digits.pop()!;
  const row = digits.pop()!;
  products(body, contraction, digits, lane, [{ row, sum: 's0' }]);
  body.add('return s0;');
  return body.launch(output, grid);
}

/** Declares and adds up one sum for each row. */
function products(
  body: Body,
  { inner, left, right }: Contraction,
  outer: readonly string[],
  lane: string,
  rows: readonly { readonly row: string; readonly sum: string }[],
): void {
  const a = body.array(left.place);
  const b = body.array(right.place);
  const starts = rows.map(({ row }) => body.offset([...outer, row], [...left.outer, left.own], left.start));
  // Apart from the lane all threads that run together read at the same place, so that one integer is made for them.
  const apart = body.limits.integers && lane === THREAD;
  const from = apart
    ? body.offset(outer, right.outer, right.start)
    : body.offset([...outer, lane], [...right.outer, right.own], right.start);
  for (const { sum } of rows) body.add(`let ${sum} = 0;`);
  const names = inner.map((_, i) => `t${i}k`);
  const last = inner.length - 1;
  const unrolled = UNROLL.find((times) => inner[last]! % times === 0) ?? 1;
  inner.forEach((extent, i) => {
    const step = i === last ? unrolled : 1;
    body.add(`for (let ${names[i]} = 0; ${names[i]} < ${extent}; ${names[i]} += ${step}) {`);
  });
  const alongRight = body.integer(sumOf(from, offsetOf(names, right.inner)));
  const base = apart ? sumOf(offsetOf([lane], [right.own]), alongRight) : alongRight;
  const bases = starts.map((each) => body.integer(sumOf(each, offsetOf(names, left.inner))));
  for (let u = 0; u < unrolled; u++) {
    const factor = body.set(`${b}[${further(base, u * right.inner[last]!)}]`);
    rows.forEach(({ sum }, r) => {
      body.add(`${sum} += ${a}[${further(bases[r]!, u * left.inner[last]!)}] * ${factor};`);
    });
  }
  body.add('}'.repeat(inner.length));
}

/** Steps of the innermost loop that are written out, if they divide it. */
const UNROLL = [4, 3, 2];
const THREAD = 'this.thread.x';

const sumOf = (a: string, b: string): string => (a === '0' ? b : b === '0' ? a : `${a} + ${b}`);
const further = (index: string, by: number): string =>
  by === 0 ? index : by < 0 ? `${index} - ${-by}` : sumOf(index, String(by));

/** Takes results that lie four rows together to where they belong. */
function inOrder(
  four: Scratch,
  { outer, rows, lanes }: Contraction,
  blocks: number,
  limits: Limits,
  result: Contraction['result'],
  output: Place,
): Launch {
  const body = new Body(limits);
  const { digits, grid } = threadsInOrder(body, [...outer, rows, lanes], [...result.outer, result.row, result.lane]);
  const row = digits[outer.length]!;
  const block = body.set(body.quotient(row, BLOCK));
  const within = body.set(`${row} - ${block} * ${BLOCK}`);
  const indices = [...digits.slice(0, outer.length), block, digits[outer.length + 1]!];
  const cell = offsetOf(indices, stridesOf([...outer, blocks, lanes]));
  const array = body.array(four);
  // gpu.js takes an element of an element of an array of fours for a four itself, unless the first has a name.
  body.add(
    limits.vectors
      ? `return ${body.set(`${array}[${cell}]`)}[${within}];`
      : `return ${array}[(${cell}) * ${BLOCK} + ${within}];`,
  );
  return body.launch(output, grid);
}

/** Threads over these axes in the order in which their strides say that they lie; the digits come in the order given. */
function threadsInOrder(body: Body, extents: readonly number[], strides: readonly number[]) {
  const order = extents
    .map((_, axis) => axis)
    .sort((a, b) => strides[b]! - strides[a]! || extents[b]! - extents[a]! || a - b);
  const { digits, grid } = body.threads(order.map((axis) => extents[axis]!));
  return { digits: extents.map((_, axis) => digits[order.indexOf(axis)]!), grid };
}
