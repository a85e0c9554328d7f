import { ConfigError, type DType, type Value } from '../ir/index.js';
import { add, maxPool, mean, relu } from '../ops/index.js';
import { zeros } from '../tensor/index.js';
import { applyHead, headOf } from './classifier.js';
import { type ConvNormParams, convNorm, initConvNorm, initNormState } from './conv-norm.js';
import { fanInUniform } from './init.js';
import type { DenseParams, NormState } from './layers.js';
import type { Model } from './model.js';
import { convNormNames, denseNames, type PyTorchNames } from './pytorch-names.js';
import { type ImageShape, isCount, requireClasses, requireImageShape } from './require.js';

/** How many times more channels leave a block than its 3×3 convolution has. */
const EXPANSION = 4;

/** 1×1, 3×3 and 1×1 convolutions, and a 1×1 one on the shortcut where the block changes the image's shape. */
export type BottleneckParams = {
  readonly reduce: ConvNormParams;
  readonly spatial: ConvNormParams;
  readonly expand: ConvNormParams;
  readonly shortcut?: ConvNormParams;
};
export type BottleneckState = {
  readonly reduce: NormState;
  readonly spatial: NormState;
  readonly expand: NormState;
  readonly shortcut?: NormState;
};

export type BottleneckResNetParams = {
  readonly stem: ConvNormParams;
  readonly blocks: readonly BottleneckParams[];
  readonly head: DenseParams;
};
export type BottleneckResNetState = { readonly stem: NormState; readonly blocks: readonly BottleneckState[] };

export interface BottleneckResNetOptions {
  readonly classes: number;
  /** [height, width, channels] of the images. */
  readonly imageShape: ImageShape;
  /** Blocks of each stage. Default 3, 4, 6, 3: ResNet-50. */
  readonly blocks?: readonly number[];
  /** Filters of each stage's 3×3 convolutions; four times as many channels leave the stage. Default 64, 128, 256, 512. */
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
 * The residual networks for large images of He et al. (2016, table 1) with bottleneck blocks: a 7×7 convolution and 3×3 maximum pooling, both
 * with stride 2, four stages that each but the first begin by halving the image, a mean over the image and one dense layer. The stride is that
 * of the 3×3 convolution, as in torchvision, whose names its arrays have in PyTorch (`layer1.0.downsample.0.weight`, `fc.weight`). ResNet-50 by
 * default: 25,557,032 parameters for 1000 classes.
 * @throws {ConfigError} unless `blocks` and `channels` list whole numbers from 1, equally many.
 * @throws {ShapeError} on images that are not [height, width, channels] of whole numbers from 1.
 */
export function bottleneckResNet({
  classes,
  imageShape,
  blocks: counts = [3, 4, 6, 3],
  channels = [64, 128, 256, 512],
}: BottleneckResNetOptions): Model<BottleneckResNetParams, BottleneckResNetState> {
  if (counts.length === 0 || counts.length !== channels.length || ![...counts, ...channels].every(isCount)) {
    throw new ConfigError(
      `bottleneckResNet: blocks and channels take whole numbers from 1, one per stage, got [${counts}] and [${channels}]`,
    );
  }
  requireClasses('bottleneckResNet', classes);
  requireImageShape('bottleneckResNet', imageShape);
  const plans = planBlocks(counts, channels);
  const features = channels.at(-1)! * EXPANSION;
  const classifier = headOf<BottleneckResNetParams, BottleneckResNetState>((params, state, x, { train }) => {
    const stem = convNorm(x, params.stem, state.stem, { stride: 2, train });
    let h = maxPool(relu(stem.output), { window: 3, strides: 2, padding: 1 });
    const blocks = plans.map((plan, i) => {
      const result = applyBlock(h, params.blocks[i]!, state.blocks[i]!, { stride: plan.stride, train });
      h = result.output;
      return result.state;
    });
    return { features: mean(h, { axes: [1, 2] }), state: { stem: stem.state, blocks } };
  });
  return {
    name: `resnet-${3 * plans.length + 2}`,
    classes,
    pyTorchNames: pyTorchNames(plans),
    init(random, dtype: DType = 'f32') {
      const make = (kernel: number, inputs: number, filters: number) =>
        initConvNorm(random, kernel, inputs, filters, dtype);
      const stem = make(7, imageShape[2], channels[0]!);
      const blocks = plans.map((plan) => ({
        reduce: make(1, plan.inputs, plan.filters),
        spatial: make(3, plan.filters, plan.filters),
        expand: make(1, plan.filters, plan.filters * EXPANSION),
        ...(hasShortcut(plan) && { shortcut: make(1, plan.inputs, plan.filters * EXPANSION) }),
      }));
      const weight = fanInUniform(random, [features, classes], features, dtype);
      const head = { weight, bias: zeros([classes], dtype) };
      const state = {
        stem: initNormState(channels[0]!, dtype),
        blocks: plans.map((plan) => ({
          reduce: initNormState(plan.filters, dtype),
          spatial: initNormState(plan.filters, dtype),
          expand: initNormState(plan.filters * EXPANSION, dtype),
          ...(hasShortcut(plan) && { shortcut: initNormState(plan.filters * EXPANSION, dtype) }),
        })),
      };
      return { params: { stem, blocks, head }, state };
    },
    apply: applyHead(classifier),
    classifier,
  };
}

const planBlocks = (counts: readonly number[], channels: readonly number[]): BlockPlan[] =>
  counts.flatMap((count, stage) =>
    Array.from({ length: count }, (_, index) => {
      const entering = stage === 0 ? channels[0]! : channels[stage - 1]! * EXPANSION;
      const filters = channels[stage]!;
      return {
        stage,
        index,
        inputs: index === 0 ? entering : filters * EXPANSION,
        filters,
        stride: index === 0 && stage > 0 ? 2 : 1,
      };
    }),
  );

const hasShortcut = ({ inputs, filters, stride }: BlockPlan): boolean => stride > 1 || inputs !== filters * EXPANSION;

const pyTorchNames = (plans: readonly BlockPlan[]): PyTorchNames => ({
  ...convNormNames('stem', 'conv1', 'bn1'),
  ...Object.assign(
    {},
    ...plans.map((plan, i) => {
      const name = `layer${plan.stage + 1}.${plan.index}`;
      return {
        ...convNormNames(`blocks.${i}.reduce`, `${name}.conv1`, `${name}.bn1`),
        ...convNormNames(`blocks.${i}.spatial`, `${name}.conv2`, `${name}.bn2`),
        ...convNormNames(`blocks.${i}.expand`, `${name}.conv3`, `${name}.bn3`),
        ...(hasShortcut(plan) && convNormNames(`blocks.${i}.shortcut`, `${name}.downsample.0`, `${name}.downsample.1`)),
      };
    }),
  ),
  ...denseNames('head', 'fc'),
});

function applyBlock(
  x: Value,
  params: BottleneckParams,
  state: BottleneckState,
  { stride, train }: { readonly stride: number; readonly train: boolean },
): { output: Value; state: BottleneckState } {
  const reduce = convNorm(x, params.reduce, state.reduce, { stride: 1, train });
  const spatial = convNorm(relu(reduce.output), params.spatial, state.spatial, { stride, train });
  const expand = convNorm(relu(spatial.output), params.expand, state.expand, { stride: 1, train });
  const states = { reduce: reduce.state, spatial: spatial.state, expand: expand.state };
  if (!params.shortcut || !state.shortcut) return { output: relu(add(expand.output, x)), state: states };
  const shortcut = convNorm(x, params.shortcut, state.shortcut, { stride, train });
  return { output: relu(add(expand.output, shortcut.output)), state: { ...states, shortcut: shortcut.state } };
}
