import { sizeOf, stridesOf } from '../../ir/index.js';
import type { ParamsOf } from '../../ops/index.js';
import { contract } from './contract.js';
import { type Launch, type Limits, Scratch } from './launch.js';
import type { Lower, Operand } from './lower.js';
import { pad } from './movement.js';

/**
 * The convolution family as contractions. Images are padded first (and, where a stride must be undone, spread with zeros), so that all that
 * a product reads is there and its offset linear in the indices.
 */

/** An image [N, H, W, C] laid out with these borders, and what computes it. */
interface Padded {
  readonly image: Operand;
  readonly launches: Launch[];
}

function padded(
  x: Operand,
  low: readonly number[],
  size: readonly number[],
  gap: readonly number[],
  limits: Limits,
): Padded {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  if (low.every((amount) => amount === 0) && size[0] === h && size[1] === w) return { image: x, launches: [] };
  const shape = [n, size[0]!, size[1]!, c];
  const image: Operand = { place: new Scratch(sizeOf(shape)), shape };
  const params = { low: [0, ...low, 0], high: [0, 0, 0, 0], interior: [0, gap[0]! - 1, gap[1]! - 1, 0] };
  return { image, launches: pad([x], params, image, limits) };
}

/** What windows over a padded image read at most along each spatial axis. */
const spanOf = (outputs: readonly number[], filter: readonly number[], { strides, dilation }: ParamsOf<'conv2d'>) =>
  outputs.map((extent, i) => (extent - 1) * strides[i]! + (filter[i]! - 1) * dilation[i]! + 1);

export const conv2d: Lower<ParamsOf<'conv2d'>> = ([x, f], params, output, limits) => {
  const { strides, padding, dilation, groups } = params;
  const [n, oh, ow, o] = output.shape as [number, number, number, number];
  const [kh, kw, c] = f!.shape as [number, number, number];
  const low = padding.map(([before]) => before!);
  const { image, launches } = padded(x!, low, spanOf([oh, ow], [kh, kw], params), [1, 1], limits);
  const [in0, inH, inW] = stridesOf(image.shape) as [number, number, number];
  const [out0, outH, outW] = stridesOf(output.shape) as [number, number, number];
  const each = o / groups;
  const contraction = {
    outer: [n, oh, groups],
    rows: ow,
    lanes: each,
    inner: [kh, kw, c],
    left: {
      place: image.place,
      start: 0,
      outer: [in0, inH * strides[0]!, c],
      own: inW * strides[1]!,
      inner: [inH * dilation[0]!, inW * dilation[1]!, 1],
    },
    right: { place: f!.place, start: 0, outer: [0, 0, each], own: 1, inner: [kw * c * o, c * o, o] },
    result: { outer: [out0, outH, each], row: outW, lane: 1 },
    output: output.place,
  };
  return [...launches, ...contract(contraction, limits)];
};

/** Cotangents spread to the input's places, under the filter turned round. */
export const conv2dInputGrad: Lower<ParamsOf<'conv2dInputGrad'>> = ([g, f], params, output, limits) => {
  const { strides, padding, dilation, groups } = params;
  const [n, h, w, channels] = output.shape as [number, number, number, number];
  const [kh, kw, c, o] = f!.shape as [number, number, number, number];
  const each = o / groups;
  // Output p reached input p·stride + i·dilation − padding: input u hears of it through the filter's i if u + padding − i·dilation = p·stride.
  const reach = [(kh - 1) * dilation[0]!, (kw - 1) * dilation[1]!];
  const low = reach.map((span, i) => Math.max(0, span - padding[i]![0]!));
  const first = reach.map((span, i) => Math.max(0, padding[i]![0]! - span));
  const size = [h, w].map((extent, i) => extent + first[i]! + reach[i]!);
  const { image, launches } = padded(g!, low, size, strides, limits);
  const [in0, inH, inW] = stridesOf(image.shape) as [number, number, number];
  const [out0, outH, outW] = stridesOf(output.shape) as [number, number, number];
  const contraction = {
    outer: [n, h, groups],
    rows: w,
    lanes: channels / groups,
    inner: [kh, kw, each],
    left: {
      place: image.place,
      start: (first[0]! + reach[0]!) * inH + (first[1]! + reach[1]!) * inW,
      outer: [in0, inH, each],
      own: inW,
      inner: [-inH * dilation[0]!, -inW * dilation[1]!, 1],
    },
    right: { place: f!.place, start: 0, outer: [0, 0, each], own: o, inner: [kw * c * o, c * o, 1] },
    result: { outer: [out0, outH, c], row: outW, lane: 1 },
    output: output.place,
  };
  return [...launches, ...contract(contraction, limits)];
};

export const conv2dFilterGrad: Lower<ParamsOf<'conv2dFilterGrad'>> = ([x, g], params, output, limits) => {
  const { strides, padding, dilation, groups } = params;
  const [n, oh, ow, o] = g!.shape as [number, number, number, number];
  const [kh, kw, c] = output.shape as [number, number, number];
  const low = padding.map(([before]) => before!);
  const { image, launches } = padded(x!, low, spanOf([oh, ow], [kh, kw], params), [1, 1], limits);
  const [in0, inH, inW] = stridesOf(image.shape) as [number, number, number];
  const [g0, gH, gW] = stridesOf(g!.shape) as [number, number, number];
  const each = o / groups;
  const contraction = {
    outer: [kh, kw, groups],
    rows: c,
    lanes: each,
    inner: [n, oh, ow],
    left: {
      place: image.place,
      start: 0,
      outer: [inH * dilation[0]!, inW * dilation[1]!, c],
      own: 1,
      inner: [in0, inH * strides[0]!, inW * strides[1]!],
    },
    right: { place: g!.place, start: 0, outer: [0, 0, each], own: 1, inner: [g0, gH, gW] },
    result: { outer: [kw * c * o, c * o, each], row: o, lane: 1 },
    output: output.place,
  };
  return [...launches, ...contract(contraction, limits)];
};
