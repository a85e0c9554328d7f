import { ConfigError, type DType, type Value } from '../ir/index.js';
import { add, mean, relu } from '../ops/index.js';
import { zeros } from '../tensor/index.js';
import { applyHead, headOf } from './classifier.js';
import { type ConvNormParams, convNorm, initConvNorm, initNormState } from './conv-norm.js';
import { fanInUniform } from './init.js';
import type { DenseParams, NormState } from './layers.js';
import type { Model } from './model.js';
import { convNormNames, denseNames, type PyTorchNames } from './pytorch-names.js';
import { type ImageShape, isCount, requireClasses, requireImageShape } from './require.js';

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
  readonly imageShape: ImageShape;
  /** Filters of the three stages. Default 16, 32, 64. */
  readonly channels?: readonly number[];
}

interface BlockPlan {
  /** From 0, and the number within it, from 0. */
  readonly stage: number;
  readonly index: number;
  readonly inputs: number;
  readonly filters: number;
  readonly stride: number;
}

/**
 * The residual networks for small images of He et al. (2016, section 4.2): a 3×3 convolution, three stages of (depth − 2) / 6 blocks of
 * two 3×3 convolutions, a mean over the image and one dense layer. The first block of stages 2 and 3 halves the image; its shortcut is a
 * 1×1 convolution with batch normalisation, as in the network of Li et al. (2021). 466,906 parameters at depth 32 for 32×32×3 and ten
 * classes. In PyTorch its arrays have the names of that network: `conv1`, `bn1`, `layer1.0.conv1`, …, `layer2.0.shortcut.0`, …, `linear`.
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
  requireClasses('resNet', classes);
  requireImageShape('resNet', imageShape);
  const plans = planBlocks(perStage, channels);
  const features = channels[2]!;
  const classifier = headOf<ResNetParams, ResNetState>((params, state, x, { train }) => {
    const stem = convNorm(x, params.stem, state.stem, { stride: 1, train });
    let h = relu(stem.output);
    const blocks = plans.map((plan, i) => {
      const result = applyBlock(h, params.blocks[i]!, state.blocks[i]!, { stride: plan.stride, train });
      h = result.output;
      return result.state;
    });
    return { features: mean(h, { axes: [1, 2] }), state: { stem: stem.state, blocks } };
  });
  return {
    name: `resnet-${depth}`,
    classes,
    pyTorchNames: pyTorchNames(plans),
    init(random, dtype: DType = 'f32') {
      const make = (kernel: number, inputs: number, filters: number) =>
        initConvNorm(random, kernel, inputs, filters, dtype);
      const stem = make(3, imageShape[2], channels[0]!);
      const blocks = plans.map((plan) => ({
        first: make(3, plan.inputs, plan.filters),
        second: make(3, plan.filters, plan.filters),
        ...(hasShortcut(plan) && { shortcut: make(1, plan.inputs, plan.filters) }),
      }));
      const weight = fanInUniform(random, [features, classes], features, dtype);
      const head = { weight, bias: zeros([classes], dtype) };
      const state = {
        stem: initNormState(channels[0]!, dtype),
        blocks: plans.map((plan) => ({
          first: initNormState(plan.filters, dtype),
          second: initNormState(plan.filters, dtype),
          ...(hasShortcut(plan) && { shortcut: initNormState(plan.filters, dtype) }),
        })),
      };
      return { params: { stem, blocks, head }, state };
    },
    apply: applyHead(classifier),
    classifier,
  };
}

/** Stages 2 and 3 begin with a block that halves the image. */
const planBlocks = (perStage: number, channels: readonly number[]): BlockPlan[] =>
  channels.flatMap((filters, stage) =>
    Array.from({ length: perStage }, (_, index) => {
      const opens = index === 0 && stage > 0;
      return { stage, index, inputs: opens ? channels[stage - 1]! : filters, filters, stride: opens ? 2 : 1 };
    }),
  );

const hasShortcut = ({ stride }: BlockPlan): boolean => stride > 1;

const pyTorchNames = (plans: readonly BlockPlan[]): PyTorchNames => ({
  ...convNormNames('stem', 'conv1', 'bn1'),
  ...Object.assign(
    {},
    ...plans.map((plan, i) => {
      const name = `layer${plan.stage + 1}.${plan.index}`;
      return {
        ...convNormNames(`blocks.${i}.first`, `${name}.conv1`, `${name}.bn1`),
        ...convNormNames(`blocks.${i}.second`, `${name}.conv2`, `${name}.bn2`),
        ...(hasShortcut(plan) && convNormNames(`blocks.${i}.shortcut`, `${name}.shortcut.0`, `${name}.shortcut.1`)),
      };
    }),
  ),
  ...denseNames('head', 'linear'),
});

function applyBlock(
  x: Value,
  params: ResNetBlockParams,
  state: ResNetBlockState,
  { stride, train }: { readonly stride: number; readonly train: boolean },
): { output: Value; state: ResNetBlockState } {
  const first = convNorm(x, params.first, state.first, { stride, train });
  const second = convNorm(relu(first.output), params.second, state.second, { stride: 1, train });
  const states = { first: first.state, second: second.state };
  if (!params.shortcut || !state.shortcut) return { output: relu(add(second.output, x)), state: states };
  const shortcut = convNorm(x, params.shortcut, state.shortcut, { stride, train });
  return { output: relu(add(second.output, shortcut.output)), state: { ...states, shortcut: shortcut.state } };
}
