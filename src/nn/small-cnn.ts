import { ConfigError, type DType, ShapeError, type Value } from '../ir/index.js';
import { maxPool, relu, reshape } from '../ops/index.js';
import { zeros } from '../tensor/index.js';
import { applyHead, headOf } from './classifier.js';
import { type ConvNormParams, convNorm, initConvNorm, initNormState } from './conv-norm.js';
import { fanInUniform } from './init.js';
import type { DenseParams, NormState } from './layers.js';
import type { Model } from './model.js';
import { convNormNames, denseNames, type PyTorchNames } from './pytorch-names.js';
import { type ImageShape, isCount, requireClasses, requireImageShape } from './require.js';

export type SmallCnnParams = { readonly blocks: readonly ConvNormParams[]; readonly head: DenseParams };
export type SmallCnnState = readonly NormState[];

export interface SmallCnnOptions {
  readonly classes: number;
  /** [height, width, channels] of the images. */
  readonly imageShape: ImageShape;
  /** Filters of each block. Default 16, 32, 64. */
  readonly channels?: readonly number[];
}

/**
 * Blocks of 3×3 convolution, batch normalisation, ReLU and 2×2 maximum pooling, then the flattened features and one dense layer.
 * 29,178 parameters for 28×28×1 images and ten classes. In PyTorch its arrays are called `blocks.0.conv.weight`, `blocks.0.norm.weight`, …,
 * `head.weight`, the last one over features flattened channels first.
 * @throws {ConfigError} on filters that are not whole numbers from 1.
 * @throws {ShapeError} on images that are not [height, width, channels], or too small to be halved by every block.
 */
export function smallCnn({
  classes,
  imageShape,
  channels = [16, 32, 64],
}: SmallCnnOptions): Model<SmallCnnParams, SmallCnnState> {
  if (channels.length === 0 || !channels.every(isCount)) {
    throw new ConfigError(`smallCnn: channels takes whole numbers from 1, one per block, got [${channels}]`);
  }
  requireClasses('smallCnn', classes);
  requireImageShape('smallCnn', imageShape);
  const [height, width, depth] = imageShape;
  const halved = (extent: number): number => channels.reduce((size) => Math.floor(size / 2), extent);
  const last: ImageShape = [halved(height), halved(width), channels.at(-1)!];
  const features = last[0] * last[1] * last[2];
  if (features === 0) {
    throw new ShapeError(
      `smallCnn: each block halves the images, and ${height}×${width} cannot be halved ${channels.length} times; list fewer channels`,
    );
  }
  const classifier = headOf<SmallCnnParams, SmallCnnState>((params, state, x, { train }) => {
    let h: Value = x;
    const next = params.blocks.map((block, i) => {
      const normalised = convNorm(h, block, state[i]!, { stride: 1, train });
      h = maxPool(relu(normalised.output), { window: 2 });
      return normalised.state;
    });
    return { features: reshape(h, [h.shape[0]!, features]), state: next };
  });
  return {
    name: `small-cnn-${channels.join('-')}`,
    classes,
    pyTorchNames: pyTorchNames(channels.length, last),
    init(random, dtype: DType = 'f32') {
      const blocks = channels.map((filters, i) =>
        initConvNorm(random, 3, i === 0 ? depth : channels[i - 1]!, filters, dtype),
      );
      const head = {
        weight: fanInUniform(random, [features, classes], features, dtype),
        bias: zeros([classes], dtype),
      };
      return { params: { blocks, head }, state: channels.map((filters) => initNormState(filters, dtype)) };
    },
    apply: applyHead(classifier),
    classifier,
  };
}

const pyTorchNames = (blocks: number, flattened: ImageShape): PyTorchNames =>
  Object.assign(
    {},
    ...Array.from({ length: blocks }, (_, i) =>
      convNormNames(`blocks.${i}`, `blocks.${i}.conv`, `blocks.${i}.norm`, `${i}`),
    ),
    denseNames('head', 'head', { flattened }),
  );
