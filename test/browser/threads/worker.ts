import { measure } from './measure.js';

addEventListener('message', async ({ data }: MessageEvent<number>) => postMessage(await measure(data)));
