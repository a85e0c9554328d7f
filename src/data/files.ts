import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileError } from '../ir/errors.js';
import { messageOf } from '../ir/message-of.js';

const REMEDIES: Readonly<Record<string, string>> = {
  ENOENT: 'check the spelling, or create the missing folder or file first',
  EACCES: 'check the permissions of the file and of every folder above it',
  EPERM: 'check the permissions and whether the file is protected or in use',
  EROFS: 'the file system is read-only: choose another folder',
  ENOTDIR: 'a part of this path is a file where a folder is needed: choose another path',
  EISDIR: 'this is a folder where a file is needed: name a file',
  EEXIST: 'something of this name is in the way: choose another name or remove it',
  ENOSPC: 'the disk is full: free some space or choose another disk',
  EDQUOT: 'the disk quota is used up: free some space or choose another disk',
  EMFILE: 'too many files are open: raise the limit (ulimit -n) or close some',
  ENAMETOOLONG: 'shorten the name',
  ELOOP: 'a symbolic link points back at itself: repair the link',
  ERR_FS_FILE_TOO_LARGE: 'the file is larger than one read can hold: split it',
};

/** The error code of a failed system call (`ENOENT`, …), or undefined for any other kind of error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Wraps a failed file operation. The message gives action, path, error code and what to do; `cause` is the original error. */
export function fileError(action: string, path: string, error: unknown): FileError {
  const code = errnoOf(error);
  const reason = code ?? messageOf(error);
  const remedy = (code && REMEDIES[code]) ?? 'check the path and the disk';
  return new FileError(`Cannot ${action} ${path}: ${reason}; ${remedy}.`, { cause: error });
}

/**
 * Bytes of an array of the given dimensions as a file header declares them, with every multiplication checked.
 * @returns undefined when a dimension is not a non-negative integer or a product exceeds 2⁵³ − 1
 */
export function declaredBytes(shape: readonly number[], bytesPerElement: number): number | undefined {
  let bytes = bytesPerElement;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return undefined;
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

/**
 * The bytes of a file.
 * @throws FileError with path, error code and remedy when it cannot be read
 */
export async function readFileOrThrow(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows cannot open a folder for this; its rename is durable by itself.
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems do not know fsync on a folder; a real input/output error is passed on.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOTSUP') throw error;
  } finally {
    await handle.close();
  }
}

function temporaryPath(folder: string): string {
  return join(folder, `.tmp-${process.pid}-${randomBytes(8).toString('hex')}`);
}

/** The process that writes a temporary file of this name; `undefined` of any other name. */
export function temporaryWriter(name: string): number | undefined {
  const [, pid] = /^\.tmp-(\d{1,10})-[0-9a-f]{16}$/.exec(name) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/**
 * Writes a file so that a reader, or a crash at any moment, finds either the whole old content or the whole new one: a
 * temporary file in the same folder is written, flushed to disk and renamed over the target, then the folder is flushed.
 * Text is written as UTF-8. On failure the old file is untouched and no temporary file is left.
 * @throws FileError with path, error code and remedy
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = temporaryPath(folder);
  try {
    const handle = await open(temporary, 'wx');
    try {
      try {
        await handle.writeFile(data);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    await syncDirectory(folder);
  } catch (error) {
    throw fileError('write', path, error);
  }
}

/**
 * Creates the folder and those above it where missing, and proves by writing and removing a small file that it can be written to
 * (permission bits alone do not tell: read-only disks, quotas, the super-user).
 * @throws FileError with path, error code and remedy
 */
export async function ensureWritableDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    const probe = temporaryPath(path);
    const handle = await open(probe, 'wx');
    await handle.close();
    await unlink(probe);
  } catch (error) {
    throw fileError('write to folder', path, error);
  }
}
