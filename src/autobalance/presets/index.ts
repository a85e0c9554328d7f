import { adult } from './adult.js';
import { fashionMnistLt } from './fashion-mnist-lt.js';
import { mnistLt } from './mnist-lt.js';
import type { Preset } from './preset.js';

export type { Preset, PresetSettings } from './preset.js';

/** By name, in the order of help texts. */
export const presets: { readonly [name: string]: Preset } = Object.fromEntries(
  [mnistLt, fashionMnistLt, adult].map((preset) => [preset.name, preset]),
);
