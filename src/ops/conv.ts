import {
  type Aval,
  type BatchContext,
  formatAval,
  formatShape,
  type Primitive,
  type Shape,
  ShapeError,
  type Value,
} from '../ir/index.js';
import { joinAxis, splitAxis } from './batch.js';
import { apply, inferNumeric } from './calculus.js';
import { bilinear } from './define.js';

/**
 * Convolution is the trilinear form T(x, f, g) = ⟨conv2d(x, f), g⟩. Its three partial gradients are the three primitives below, and the
 * adjoints of each are the other two: the family is closed under differentiation.
 * Layouts: x [N, H, W, C], filter f [kh, kw, C / groups, O], g [N, OH, OW, O].
 */
type Geometry = {
  readonly strides: Shape;
  /** `[[top, bottom], [left, right]]`. */
  readonly padding: readonly [Shape, Shape];
  readonly dilation: Shape;
  readonly groups: number;
};
/** What the gradient to the input must know besides: the input's [H, W]. */
export type ConvInputGradParams = Geometry & { readonly inputSize: Shape };
/** What the gradient to the filter must know besides: the filter's [kh, kw]. */
export type ConvFilterGradParams = Geometry & { readonly filterSize: Shape };
export type ConvParams = Geometry;

const geometryOf = ({ strides, padding, dilation, groups }: Geometry): Geometry => ({
  strides,
  padding,
  dilation,
  groups,
});

/** Extent of the output along one spatial axis; 0 if the dilated filter does not fit. */
export function convExtent(
  input: number,
  filter: number,
  stride: number,
  [low, high]: Shape,
  dilation: number,
): number {
  const span = (filter - 1) * dilation + 1;
  return Math.max(0, Math.floor((input + low! + high! - span) / stride) + 1);
}

/** Checks the geometry once for all three members; returns the output's [OH, OW]. */
function outputSize(
  name: string,
  input: Shape,
  filter: Shape,
  { strides, padding, dilation, groups }: Geometry,
): Shape {
  const positive = [...strides, ...dilation, ...filter, groups].every((v) => Number.isSafeInteger(v) && v >= 1);
  if (!positive || padding.flat().some((v) => !Number.isSafeInteger(v) || v < 0)) {
    throw new ShapeError(
      `${name}: strides, dilation, groups and filter extents must be at least 1 and padding at least 0, got strides ` +
        `${formatShape(strides)}, padding ${padding.map(formatShape)}, dilation ${formatShape(dilation)}, groups ${groups}, ` +
        `filter ${formatShape(filter)}`,
    );
  }
  return [0, 1].map((i) => convExtent(input[i]!, filter[i]!, strides[i]!, padding[i]!, dilation[i]!));
}

function rank4(name: string, what: string, aval: Aval): Shape {
  if (aval.shape.length !== 4) throw new ShapeError(`${name}: ${what} must have 4 axes, got ${formatAval(aval)}`);
  return aval.shape;
}

function requireEqual(name: string, what: string, expected: Shape, got: Shape): void {
  if (expected.some((extent, i) => extent !== got[i])) {
    throw new ShapeError(`${name}: ${what} must be ${formatShape(expected)}, got ${formatShape(got)}`);
  }
}

const floatOf = (name: string, inputs: readonly Aval[]) =>
  inferNumeric(
    name,
    inputs.map(({ dtype }) => ({ shape: [], dtype })),
  ).dtype;

type Role = 'image' | 'filter' | 'output';

/**
 * A batch index joins the index of the trilinear form that just the operands which carry it have in common: n, if they are images and
 * outputs; o, if filters and outputs; c, if images and filters; and that of the groups, which all three have, if it is all of them.
 * `roles` are those of the two inputs and of the result. Costs a transposition of what carries the batch, except for n.
 */
function batchConvolution<P extends Geometry>(
  primitive: Primitive<P>,
  roles: readonly [Role, Role, Role],
  { params, size, inputs, batched }: BatchContext<P>,
): Value {
  const { groups } = params;
  const shared = roles.find((_, i) => batched[i] === false);
  /** Where the batch index goes: the axis, and how many blocks of that axis (groups) it goes inside of. */
  const place = (role: Role): [axis: number, blocks: number] => {
    if (shared === 'filter') return [0, 1];
    if (shared === 'output' && role === 'filter') return [2, 1];
    return [3, groups];
  };
  const operands = inputs.map((x, i) => (batched[i] ? joinAxis(x, ...place(roles[i]!)) : x));
  const result = apply(primitive, operands, shared ? params : { ...params, groups: groups * size });
  return splitAxis(result, size, ...place(roles[2]));
}

/** y[n, p, q, o] = Σ x[n, p·s + i·d − pad, q·s + j·d − pad, c] · f[i, j, c, o] */
export const convPrimitive: Primitive<ConvParams> = bilinear('conv2d', {
  infer([x, f], params) {
    const [n, h, w, c] = rank4('conv2d', 'input', x!) as [number, number, number, number];
    const [kh, kw, ci, o] = rank4('conv2d', 'filter', f!) as [number, number, number, number];
    const { groups } = params;
    const size = outputSize('conv2d', [h, w], [kh, kw], params);
    if (ci * groups !== c) {
      throw new ShapeError(`conv2d: filter expects ${ci * groups} input channels, x has ${c}`);
    }
    if (o % groups !== 0) throw new ShapeError(`conv2d: ${o} output channels do not divide into ${groups} groups`);
    return { shape: [n, ...size, o], dtype: floatOf('conv2d', [x!, f!]) };
  },
  left: (ct, f, { avals: [x], params }) =>
    apply(convInputGradPrimitive, [ct, f], { ...geometryOf(params), inputSize: x!.shape.slice(1, 3) }),
  right: (ct, x, { avals: [, f], params }) =>
    apply(convFilterGradPrimitive, [x, ct], { ...geometryOf(params), filterSize: f!.shape.slice(0, 2) }),
  batch: (context) => batchConvolution(convPrimitive, ['image', 'filter', 'output'], context),
});

/** Gradient to the input: (g, f) → x-shaped. */
export const convInputGradPrimitive: Primitive<ConvInputGradParams> = bilinear('conv2dInputGrad', {
  infer([g, f], params) {
    const name = 'conv2dInputGrad';
    const [n, oh, ow, o] = rank4(name, 'output cotangent', g!) as [number, number, number, number];
    const [kh, kw, ci, filters] = rank4(name, 'filter', f!) as [number, number, number, number];
    const size = outputSize(name, params.inputSize, [kh, kw], params);
    requireEqual(name, 'output cotangent [OH, OW, O]', [...size, filters], [oh, ow, o]);
    if (o % params.groups !== 0)
      throw new ShapeError(`${name}: ${o} output channels do not divide into ${params.groups} groups`);
    return { shape: [n, ...params.inputSize, ci * params.groups], dtype: floatOf(name, [g!, f!]) };
  },
  left: (ct, f, { params }) => apply(convPrimitive, [ct, f], geometryOf(params)),
  right: (ct, g, { avals: [, f], params }) =>
    apply(convFilterGradPrimitive, [ct, g], { ...geometryOf(params), filterSize: f!.shape.slice(0, 2) }),
  batch: (context) => batchConvolution(convInputGradPrimitive, ['output', 'filter', 'image'], context),
});

/** Gradient to the filter: (x, g) → f-shaped. */
export const convFilterGradPrimitive: Primitive<ConvFilterGradParams> = bilinear('conv2dFilterGrad', {
  infer([x, g], params) {
    const name = 'conv2dFilterGrad';
    const [n, h, w, c] = rank4(name, 'input', x!) as [number, number, number, number];
    const [batch, oh, ow, o] = rank4(name, 'output cotangent', g!) as [number, number, number, number];
    const size = outputSize(name, [h, w], params.filterSize, params);
    requireEqual(name, 'output cotangent [N, OH, OW]', [n, ...size], [batch, oh, ow]);
    if (c % params.groups !== 0 || o % params.groups !== 0) {
      throw new ShapeError(`${name}: ${c} input and ${o} output channels do not divide into ${params.groups} groups`);
    }
    return { shape: [...params.filterSize, c / params.groups, o], dtype: floatOf(name, [x!, g!]) };
  },
  left: (ct, g, { avals: [x], params }) =>
    apply(convInputGradPrimitive, [g, ct], { ...geometryOf(params), inputSize: x!.shape.slice(1, 3) }),
  right: (ct, x, { params }) => apply(convPrimitive, [x, ct], geometryOf(params)),
  batch: (context) => batchConvolution(convFilterGradPrimitive, ['image', 'output', 'filter'], context),
});

export interface WindowOptions {
  /** One number for both axes, or [vertical, horizontal]. */
  readonly strides?: number | Shape;
  /** `same` keeps ⌈extent / stride⌉ (the odd pixel goes after), `valid` pads nothing; or pixels on every side; or `[[t, b], [l, r]]`. */
  readonly padding?: 'same' | 'valid' | number | readonly [Shape, Shape];
}

export interface ConvOptions extends WindowOptions {
  readonly dilation?: number | Shape;
  readonly groups?: number;
}

export const both = (value: number | Shape): Shape => (typeof value === 'number' ? [value, value] : value);

/** Padding in pixels. */
export function resolvePadding(
  padding: NonNullable<WindowOptions['padding']>,
  input: Shape,
  window: Shape,
  strides: Shape,
  dilation: Shape,
): readonly [Shape, Shape] {
  if (padding === 'valid') padding = 0;
  if (typeof padding === 'number') return [both(padding), both(padding)];
  if (padding !== 'same') return padding;
  const side = (i: number): Shape => {
    const output = Math.ceil(input[i]! / strides[i]!);
    const total = Math.max(0, (output - 1) * strides[i]! + (window[i]! - 1) * dilation[i]! + 1 - input[i]!);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  return [side(0), side(1)];
}

/**
 * Two-dimensional convolution (cross-correlation): x [N, H, W, C], filter [kh, kw, C / groups, O] → [N, OH, OW, O].
 * @throws {ShapeError} if channels, groups or geometry do not fit.
 */
export function conv2d(x: Value, filter: Value, options: ConvOptions = {}): Value {
  const strides = both(options.strides ?? 1);
  const dilation = both(options.dilation ?? 1);
  const { groups = 1, padding = 'same' } = options;
  const pads = resolvePadding(
    padding,
    rank4('conv2d', 'input', x.aval).slice(1, 3),
    rank4('conv2d', 'filter', filter.aval).slice(0, 2),
    strides,
    dilation,
  );
  return apply(convPrimitive, [x, filter], { strides, padding: pads, dilation, groups });
}
