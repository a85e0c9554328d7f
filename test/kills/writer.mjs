// Writes what a run writes, three steps of it: node writer.mjs RUN_DIRECTORY_MODULE FOLDER
import { pathToFileURL } from 'node:url';

const [, , module, folder] = process.argv;
const { RunDirectory } = await import(pathToFileURL(module).href);
const run = await RunDirectory.open(folder);
for (let step = 1; step <= 3; step++) {
  await run.appendMetrics({ step });
  await run.write('checkpoint', new Uint8Array(100_000).fill(step));
}
