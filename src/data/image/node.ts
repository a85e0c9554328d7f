// What Node can do with images, for its effect: importing this lets sources read files and prepare batches on threads.
import { availableParallelism } from 'node:os';
import { WorkerPool } from '../worker-pool.js';
import type { ImageJob } from './prepare.js';
import { provideImages } from './preparer.js';
import { readImage } from './read-image.js';

provideImages({
  readImage,
  cores: availableParallelism,
  threads(recipe, workers) {
    const pool = new WorkerPool<ImageJob, Float32Array<ArrayBuffer>>(
      new URL('./prepare-worker.js', import.meta.url),
      recipe,
      workers,
    );
    return { prepare: (job) => pool.run(job), threads: workers, close: () => pool.close() };
  },
});
