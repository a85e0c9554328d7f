import { adult } from './adult.js';
import { cifar10Lt } from './cifar10-lt.js';
import { cifar100Lt } from './cifar100-lt.js';
import { fashionMnistLt } from './fashion-mnist-lt.js';
import { imagenetLt } from './imagenet-lt.js';
import { inat18 } from './inat18.js';
import { mnistLt } from './mnist-lt.js';
import { arrays, table } from './own.js';
import type { Preset } from './preset.js';
import { waterbirds } from './waterbirds.js';

export type { Preset, PresetSettings } from './preset.js';

/** By name, in the order of help texts. */
export const presets: { readonly [name: string]: Preset } = Object.fromEntries(
  [mnistLt, fashionMnistLt, cifar10Lt, cifar100Lt, imagenetLt, inat18, waterbirds, adult, table, arrays].map(
    (preset) => [preset.name, preset],
  ),
);
