import type { DType, Value } from '../ir/index.js';
import { maxPool, relu, reshape } from '../ops/index.js';
import { ones, zeros } from '../tensor/index.js';
import { fanInUniform, heNormal } from './init.js';
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

export type SmallCnnParams = {
  readonly blocks: readonly { readonly conv: ConvParams; readonly norm: NormParams }[];
  readonly head: DenseParams;
};
export type SmallCnnState = readonly NormState[];

export interface SmallCnnOptions {
  readonly classes: number;
  /** [height, width, channels] of the images. */
  readonly imageShape: readonly [number, number, number];
  /** Filters of each block. Default 16, 32, 64. */
  readonly channels?: readonly number[];
}

/**
 * Blocks of 3×3 convolution, batch normalisation, ReLU and 2×2 maximum pooling, then the flattened features and one dense layer.
 * 29,178 parameters for 28×28×1 images and ten classes.
 */
export function smallCnn({
  classes,
  imageShape,
  channels = [16, 32, 64],
}: SmallCnnOptions): Model<SmallCnnParams, SmallCnnState> {
  const [height, width, depth] = imageShape;
  const halved = (extent: number): number => channels.reduce((size) => Math.floor(size / 2), extent);
  const features = halved(height) * halved(width) * channels.at(-1)!;
  return {
    name: `small-cnn-${channels.join('-')}`,
    classes,
    init(random, dtype: DType = 'f32') {
      const blocks = channels.map((filters, i) => {
        const inputs = i === 0 ? depth : channels[i - 1]!;
        return {
          conv: { filter: heNormal(random, [3, 3, inputs, filters], 9 * inputs, dtype) },
          norm: { scale: ones([filters], dtype), shift: zeros([filters], dtype) },
        };
      });
      const head = {
        weight: fanInUniform(random, [features, classes], features, dtype),
        bias: zeros([classes], dtype),
      };
      const state = channels.map((filters) => ({ mean: zeros([filters], dtype), variance: ones([filters], dtype) }));
      return { params: { blocks, head }, state };
    },
    apply(params, state, x, { train }) {
      let h: Value = x;
      const next = params.blocks.map((block, i) => {
        const normalised = batchNorm(conv(h, block.conv), block.norm, state[i]!, { train });
        h = maxPool(relu(normalised.output), { window: 2 });
        return normalised.state;
      });
      return { logits: dense(reshape(h, [h.shape[0]!, features]), params.head), state: next };
    },
  };
}
