import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  declaredBytes,
  ensureWritableDirectory,
  errnoOf,
  fileError,
  readFileOrThrow,
  writeFileAtomic,
} from '../../src/data/files.js';
import { FileError } from '../../src/ir/errors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'autobalance-files-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function failure(action: Promise<unknown>): Promise<FileError> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FileError)) throw new Error(`expected a FileError, got ${String(error)}`);
  return error;
}

describe('writeFileAtomic', () => {
  it('writes text and bytes, replacing what was there, and leaves nothing else', async () => {
    const path = join(folder, 'a.txt');
    await writeFileAtomic(path, 'größer');
    expect(await readFile(path, 'utf8')).toBe('größer');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect(Array.from(await readFile(path))).toEqual([1, 2, 3]);
    await writeFileAtomic(path, '');
    expect(await readFile(path, 'utf8')).toBe('');
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  it('leaves the target intact and no temporary file when the rename fails', async () => {
    const target = join(folder, 'taken');
    await mkdir(target);
    await writeFile(join(target, 'inside'), 'kept');
    const error = await failure(writeFileAtomic(target, 'new'));
    expect(error.message).toContain(target);
    expect(errnoOf(error.cause)).toMatch(/EISDIR|ENOTEMPTY|EEXIST|EPERM/);
    expect(await readdir(folder)).toEqual(['taken']);
    expect(await readFile(join(target, 'inside'), 'utf8')).toBe('kept');
  });

  it('leaves the old file intact when writing the new content fails halfway', async () => {
    const path = join(folder, 'model.bin');
    await writeFile(path, 'old');
    // The temporary file is open by the time the data is looked at.
    const broken = new Proxy(new Uint8Array(8), {
      get() {
        throw new Error('cannot read the data');
      },
    });
    expect((await failure(writeFileAtomic(path, broken))).message).toContain('cannot read the data');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['model.bin']);
  });

  it('lets concurrent writers each win as a whole', async () => {
    const path = join(folder, 'shared.txt');
    const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['shared.txt']);
  });

  it('names path, error code and remedy', async () => {
    await writeFile(join(folder, 'file'), '');
    const below = join(folder, 'file', 'result.json');
    const notFolder = await failure(writeFileAtomic(below, 'x'));
    expect(notFolder.code).toBe('ERR_FILE');
    expect(notFolder.message).toContain(`Cannot write ${below}: ENOTDIR; a part of this path is a file`);
    const missing = await failure(writeFileAtomic(join(folder, 'no', 'a'), 'x'));
    expect(missing.message).toMatch(/ENOENT; .*create the missing folder/);
  });
});

describe('readFileOrThrow', () => {
  it('reads bytes', async () => {
    await writeFile(join(folder, 'a'), Uint8Array.of(7, 8));
    expect(Array.from(await readFileOrThrow(join(folder, 'a')))).toEqual([7, 8]);
  });

  it('names path, error code and remedy', async () => {
    expect((await failure(readFileOrThrow(join(folder, 'none')))).message).toMatch(/none: ENOENT; /);
    expect((await failure(readFileOrThrow(folder))).message).toMatch(/EISDIR; .*name a file/);
  });
});

describe('ensureWritableDirectory', () => {
  it('creates folders and leaves them empty', async () => {
    const path = join(folder, 'a', 'b');
    await ensureWritableDirectory(path);
    await ensureWritableDirectory(path);
    expect(await readdir(path)).toEqual([]);
  });

  it('refuses a path below or at a regular file', async () => {
    await writeFile(join(folder, 'file'), '');
    expect((await failure(ensureWritableDirectory(join(folder, 'file', 'runs')))).message).toContain('ENOTDIR');
    expect((await failure(ensureWritableDirectory(join(folder, 'file')))).message).toContain('EEXIST');
  });

  it('refuses a folder that exists but takes no files', async () => {
    // /proc exists, and even root cannot create files in it; elsewhere than on Linux a path below a file stands in for it.
    const path = process.platform === 'linux' ? '/proc' : join(process.execPath, 'below');
    expect((await failure(ensureWritableDirectory(path))).message).toContain(`Cannot write to folder ${path}`);
  });
});

describe('fileError', () => {
  it('says something useful about errors without a known code', () => {
    expect(fileError('read', '/x', new Error('odd')).message).toBe('Cannot read /x: odd; check the path and the disk.');
    expect(fileError('read', '/x', 'text').message).toContain('text');
    expect(errnoOf('text')).toBeUndefined();
  });
});

describe('declaredBytes', () => {
  it('multiplies exactly or not at all', () => {
    expect(declaredBytes([], 4)).toBe(4);
    expect(declaredBytes([2, 3], 8)).toBe(48);
    expect(declaredBytes([0, 5], 4)).toBe(0);
    expect(declaredBytes([2 ** 32 - 1, 2 ** 32 - 1], 1)).toBeUndefined();
    expect(declaredBytes([-1], 4)).toBeUndefined();
    expect(declaredBytes([1.5], 4)).toBeUndefined();
  });
});
