import { join } from 'node:path';
import { AutobalanceError } from '../../ir/errors.js';
import { readFileOrThrow } from '../files.js';
import { Normaliser } from '../normaliser.js';
import { type Augmentation, cropAndFlip, drawsOf, randomBox } from './augment.js';
import { decodeImage } from './decode.js';
import { luma, middle, resizeWindow } from './resize.js';

/** How images become inputs: plain data, which a worker thread can be given. */
export interface ImageRecipe {
  /** [height, width, channels] of the inputs. */
  readonly imageShape: readonly [number, number, number];
  /** In units of pixel/255, of each pixel and channel. */
  readonly mean: Float32Array;
  readonly std: Float32Array;
  readonly augmentation?: Augmentation & { readonly seed: number; readonly stream: string };
}

/** The images of a batch: their bytes, or the files that hold them. */
export type ImageJob = {
  /** Position of each image in its data set, shape [b]. */
  readonly indices: Int32Array;
  /** Times each was looked at before; only with these are images augmented. */
  readonly visits?: Int32Array;
} & (
  | { readonly kind: 'bytes'; readonly images: Uint8Array }
  | {
      readonly kind: 'files';
      readonly root: string;
      readonly paths: readonly string[];
      /** Where each path is listed, for messages. */
      readonly listed: readonly string[];
      readonly resize: number;
    }
);

/** Prepares the images of a batch, f32 [b, height, width, channels]. */
export type PrepareImages = (job: ImageJob) => Promise<Float32Array<ArrayBuffer>>;

/**
 * What prepares images by a recipe: decoded and scaled if they are files, augmented, normalised. A pure function of recipe, job and files,
 * whichever thread runs it.
 * @returns a function that throws FileError when a file cannot be read and DataError when it is no image; both say where it is listed
 */
export function preparation(recipe: ImageRecipe): PrepareImages {
  const { imageShape, augmentation } = recipe;
  const normaliser = new Normaliser(recipe.mean, recipe.std);
  const { features } = normaliser;
  return async (job) => {
    const out = new Float32Array(job.indices.length * features);
    const scratch = new Uint8Array(features);
    for (let i = 0; i < job.indices.length; i++) {
      const visit = job.visits?.[i];
      const draws =
        augmentation && visit !== undefined
          ? drawsOf(augmentation.seed, augmentation.stream, job.indices[i]!, visit)
          : undefined;
      let [from, start] =
        job.kind === 'bytes' ? [job.images, i * features] : [await readImage(recipe, job, i, draws), 0];
      if (draws && augmentation) {
        cropAndFlip(from, start, imageShape, augmentation, draws, scratch);
        [from, start] = [scratch, 0];
      }
      normaliser.apply(from, start, out, i * features);
    }
    return out;
  };
}

async function readImage(
  { imageShape: [height, width, channels], augmentation }: ImageRecipe,
  { root, paths, listed, resize }: ImageJob & { readonly kind: 'files' },
  i: number,
  draws: ReturnType<typeof drawsOf> | undefined,
): Promise<Uint8Array> {
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
}
