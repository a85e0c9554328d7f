import { Normaliser } from '../normaliser.js';
import { type Augmentation, cropAndFlip, drawsOf } from './augment.js';

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

/** Reads image `i` of a job from its file, scaled to the recipe's shape: u8 [height, width, channels]. */
export type ReadImage = (
  recipe: ImageRecipe,
  job: ImageJob & { readonly kind: 'files' },
  i: number,
  draws: ReturnType<typeof drawsOf> | undefined,
) => Promise<Uint8Array>;

/** Prepares the images of a batch, f32 [b, height, width, channels]. */
export type PrepareImages = (job: ImageJob) => Promise<Float32Array<ArrayBuffer>>;

/**
 * What prepares images by a recipe: decoded and scaled if they are files, augmented, normalised. A pure function of recipe, job and files,
 * whichever thread runs it.
 * @param readImage how this host reads files
 * @returns a function that throws FileError when a file cannot be read and DataError when it is no image; both say where it is listed
 */
export function preparation(recipe: ImageRecipe, readImage: ReadImage): PrepareImages {
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
