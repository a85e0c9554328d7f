// Runs in a worker thread: prepares the images of one batch after another.
import { parentPort, workerData } from 'node:worker_threads';
import { postedError } from '../worker-errors.js';
import type { Reply } from '../worker-pool.js';
import { type ImageJob, type ImageRecipe, preparation } from './prepare.js';
import { readImage } from './read-image.js';

const prepare = preparation(workerData as ImageRecipe, readImage);

parentPort!.on('message', async (job: ImageJob) => {
  let reply: Reply<Float32Array<ArrayBuffer>>;
  try {
    reply = { result: await prepare(job) };
  } catch (error) {
    reply = { error: postedError(error) };
  }
  parentPort!.postMessage(reply, 'result' in reply ? [reply.result.buffer] : []);
});
