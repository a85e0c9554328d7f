import type { RunDirectory } from '../data/index.js';
import { FileError } from '../ir/index.js';

/** A file of the run; `undefined` if the run has not written it. @throws {FileError} if it is there and cannot be read */
export async function readIfThere(run: RunDirectory, name: string): Promise<Uint8Array | undefined> {
  try {
    return await run.read(name);
  } catch (error) {
    if (error instanceof FileError && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
