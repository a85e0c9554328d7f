import { join } from 'node:path';
import { AutobalanceError } from '../../ir/errors.js';
import { readFileOrThrow } from '../files.js';
import { randomBox } from './augment.js';
import { decodeImage } from './decode.js';
import type { ReadImage } from './prepare.js';
import { luma, middle, resizeWindow } from './resize.js';

/** Reads, decodes and scales one image of a job, from its file. */
export const readImage: ReadImage = async (
  { imageShape: [height, width, channels], augmentation },
  { root, paths, listed, resize },
  i,
  draws,
) => {
  const path = join(root, paths[i]!);
  try {
    const picture = decodeImage(await readFileOrThrow(path), path);
    const crop = draws && augmentation?.resizedCrop;
    const rgb = crop
      ? resizeWindow(picture, randomBox(picture, crop, draws), { width, height }, { x: 0, y: 0, width, height })
      : middle(picture, resize, height, width);
    return channels === 1 ? luma(rgb) : rgb;
  } catch (error) {
    if (!(error instanceof AutobalanceError)) throw error;
    const kind = error.constructor as new (message: string, options?: ErrorOptions) => AutobalanceError;
    throw new kind(`${listed[i]}: ${error.message}`, { cause: error });
  }
};
