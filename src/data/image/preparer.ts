import { availableParallelism } from 'node:os';
import { WorkerPool } from '../worker-pool.js';
import { type ImageJob, type ImageRecipe, type PrepareImages, preparation } from './prepare.js';

/** Turns jobs into inputs, here or on worker threads; the numbers are the same. */
export interface ImagePreparer {
  readonly prepare: PrepareImages;
  /** Threads that work at the same time; 0 is the calling one. */
  readonly threads: number;
  /** Ends the threads there may be. */
  close(): Promise<void>;
}

/** Threads that decode image files unless told otherwise: all cores but one, up to four. Decoding takes some 10 ms an image. */
export const defaultWorkers = (): number => Math.max(1, Math.min(4, availableParallelism() - 1));

/** @param workers threads to use; with 0 the work is done on the calling thread */
export function imagePreparer(recipe: ImageRecipe, workers: number): ImagePreparer {
  if (workers === 0) return { prepare: preparation(recipe), threads: 0, close: async () => {} };
  const pool = new WorkerPool<ImageJob, Float32Array<ArrayBuffer>>(
    new URL('./prepare-worker.js', import.meta.url),
    recipe,
    workers,
  );
  return { prepare: (job) => pool.run(job), threads: workers, close: () => pool.close() };
}
