import { ConfigError, type DType, formatShape, ShapeError, type Value } from '../ir/index.js';
import { add, mean, relu } from '../ops/index.js';
import { ones, zeros } from '../tensor/index.js';
import { fanInUniform, heNormal, type NormalSource } from './init.js';
import {
  batchNorm,
  type ConvParams,
  conv,
  type DenseParams,
  dense,
  type NormParams,
  type NormState,
} from './layers.js';
import type { Model } from './model.js';

/** A convolution and the batch normalisation after it. */
export type ConvNormParams = { readonly conv: ConvParams; readonly norm: NormParams };

/** Two 3×3 convolutions, and a 1×1 one where the block changes the image's shape. */
export type ResNetBlockParams = {
  readonly first: ConvNormParams;
  readonly second: ConvNormParams;
  readonly shortcut?: ConvNormParams;
};
export type ResNetBlockState = {
  readonly first: NormState;
  readonly second: NormState;
  readonly shortcut?: NormState;
};

export type ResNetParams = {
  readonly stem: ConvNormParams;
  readonly blocks: readonly ResNetBlockParams[];
  readonly head: DenseParams;
};
export type ResNetState = { readonly stem: NormState; readonly blocks: readonly ResNetBlockState[] };

export interface ResNetOptions {
  /** Layers with weights along the longest path: 6n + 2, such as 20, 32, 44, 56, 110. */
  readonly depth: number;
  readonly classes: number;
  /** [height, width, channels] of the images. */
  readonly imageShape: readonly [number, number, number];
  /** Filters of the three stages. Default 16, 32, 64. */
  readonly channels?: readonly [number, number, number];
}

interface BlockPlan {
  readonly inputs: number;
  readonly filters: number;
  readonly stride: number;
}

/**
 * The residual networks for small images of He et al. (2016, section 4.2): a 3×3 convolution, three stages of (depth − 2) / 6 blocks of
 * two 3×3 convolutions, a mean over the image and one dense layer. The first block of stages 2 and 3 halves the image; its shortcut is a
 * 1×1 convolution with batch normalisation, as in the network of Li et al. (2021). 466,906 parameters at depth 32 for 32×32×3 and ten
 * classes.
 * @throws {ConfigError} on a depth that is not 6n + 2, and on filters that are not whole numbers from 1.
 * @throws {ShapeError} on images that are not [height, width, channels] of whole numbers from 1.
 */
export function resNet({
  depth,
  classes,
  imageShape,
  channels = [16, 32, 64],
}: ResNetOptions): Model<ResNetParams, ResNetState> {
  const perStage = (depth - 2) / 6;
  if (!isCount(perStage)) {
    throw new ConfigError(`resNet: depth must be 6n + 2 (8, 14, 20, 32, 44, 56, 110, …), got ${depth}`);
  }
  if (channels.length !== 3 || !channels.every(isCount)) {
    throw new ConfigError(`resNet: channels takes three whole numbers from 1, one per stage, got [${channels}]`);
  }
  if (!isCount(classes)) throw new ConfigError(`resNet: classes must be a whole number from 1, got ${classes}`);
  if (imageShape.length !== 3 || !imageShape.every(isCount)) {
    throw new ShapeError(
      `resNet: imageShape must be [height, width, channels] with extents from 1, got ${formatShape(imageShape)}`,
    );
  }
  const plans = planBlocks(perStage, channels);
  const features = channels[2];
  return {
    name: `resnet-${depth}`,
    classes,
    init(random, dtype: DType = 'f32') {
      const make = (kernel: number, inputs: number, filters: number) =>
        convNorm(random, kernel, inputs, filters, dtype);
      const stem = make(3, imageShape[2], channels[0]);
      const blocks = plans.map((plan) => ({
        first: make(3, plan.inputs, plan.filters),
        second: make(3, plan.filters, plan.filters),
        ...(hasShortcut(plan) && { shortcut: make(1, plan.inputs, plan.filters) }),
      }));
      const weight = fanInUniform(random, [features, classes], features, dtype);
      const head = { weight, bias: zeros([classes], dtype) };
      const stateOf = (filters: number) => ({ mean: zeros([filters], dtype), variance: ones([filters], dtype) });
      const state = {
        stem: stateOf(channels[0]),
        blocks: plans.map((plan) => ({
          first: stateOf(plan.filters),
          second: stateOf(plan.filters),
          ...(hasShortcut(plan) && { shortcut: stateOf(plan.filters) }),
        })),
      };
      return { params: { stem, blocks, head }, state };
    },
    apply(params, state, x, { train }) {
      const stem = normalised(x, params.stem, state.stem, 1, train);
      let h = relu(stem.output);
      const blocks = plans.map((plan, i) => {
        const result = applyBlock(h, params.blocks[i]!, state.blocks[i]!, plan.stride, train);
        h = result.output;
        return result.state;
      });
      const pooled = mean(h, { axes: [1, 2] });
      return { logits: dense(pooled, params.head), state: { stem: stem.state, blocks } };
    },
  };
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;

/** Stages 2 and 3 begin with a block that halves the image. */
const planBlocks = (perStage: number, channels: readonly number[]): BlockPlan[] =>
  channels.flatMap((filters, stage) =>
    Array.from({ length: perStage }, (_, i) => {
      const opens = i === 0 && stage > 0;
      return { inputs: opens ? channels[stage - 1]! : filters, filters, stride: opens ? 2 : 1 };
    }),
  );

const hasShortcut = ({ stride }: BlockPlan): boolean => stride > 1;

function convNorm(random: NormalSource, kernel: number, inputs: number, filters: number, dtype: DType): ConvNormParams {
  return {
    conv: { filter: heNormal(random, [kernel, kernel, inputs, filters], kernel * kernel * inputs, dtype) },
    norm: { scale: ones([filters], dtype), shift: zeros([filters], dtype) },
  };
}

/** x [N, H, W, C] → [N, ⌈H / stride⌉, ⌈W / stride⌉, O], convolved with as much padding as centres the filter on every pixel. */
function normalised(
  x: Value,
  { conv: filters, norm }: ConvNormParams,
  state: NormState,
  stride: number,
  train: boolean,
) {
  const padding = (filters.filter.shape[0]! - 1) / 2;
  return batchNorm(conv(x, filters, { strides: stride, padding }), norm, state, { train });
}

function applyBlock(
  x: Value,
  params: ResNetBlockParams,
  state: ResNetBlockState,
  stride: number,
  train: boolean,
): { output: Value; state: ResNetBlockState } {
  const first = normalised(x, params.first, state.first, stride, train);
  const second = normalised(relu(first.output), params.second, state.second, 1, train);
  const states = { first: first.state, second: second.state };
  if (!params.shortcut || !state.shortcut) return { output: relu(add(second.output, x)), state: states };
  const shortcut = normalised(x, params.shortcut, state.shortcut, stride, train);
  return { output: relu(add(second.output, shortcut.output)), state: { ...states, shortcut: shortcut.state } };
}
