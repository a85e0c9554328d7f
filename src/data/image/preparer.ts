import { ConfigError } from '../../ir/errors.js';
import { type ImageRecipe, type PrepareImages, preparation, type ReadImage } from './prepare.js';

/** Turns jobs into inputs, here or on worker threads; the numbers are the same. */
export interface ImagePreparer {
  readonly prepare: PrepareImages;
  /** Threads that work at the same time; 0 is the calling one. */
  readonly threads: number;
  /** Ends the threads there may be. */
  close(): Promise<void>;
}

/** What only some hosts can do with images. */
export interface ImageHost {
  readonly readImage: ReadImage;
  cores(): number;
  /** Prepares on that many threads. */
  threads(recipe: ImageRecipe, workers: number): ImagePreparer;
}

const unable = (): never => {
  throw new ConfigError(
    'images: files and worker threads are for Node; elsewhere give the images in memory, and workers: 0',
  );
};

let host: ImageHost = { readImage: unable, cores: () => 1, threads: unable };

/** Says what this host can do with images. Until then they are prepared from memory, on the calling thread. */
export function provideImages(able: ImageHost): void {
  host = able;
}

/** Threads that decode image files unless told otherwise: all cores but one, up to four. Decoding takes some 10 ms an image. */
export const defaultWorkers = (): number => Math.max(1, Math.min(4, host.cores() - 1));

/**
 * @param workers threads to use; with 0 the work is done on the calling thread
 * @throws {ConfigError} if this host has no threads
 */
export const imagePreparer = (recipe: ImageRecipe, workers: number): ImagePreparer =>
  workers === 0
    ? { prepare: preparation(recipe, host.readImage), threads: 0, close: async () => {} }
    : host.threads(recipe, workers);
