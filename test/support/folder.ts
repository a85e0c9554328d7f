import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { AutobalanceError } from '../../src/ir/errors.js';

/** A folder for the tests of one file, gone when they are done. */
export interface Folder {
  readonly path: string;
  /** Writes a file and returns its path; folders in the name are made. */
  write(name: string, content: string | Uint8Array): string;
  read(name: string): Uint8Array;
  remove(name: string): void;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'autobalance-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    read: (name) => new Uint8Array(readFileSync(join(path, name))),
    remove: (name) => rmSync(join(path, name), { recursive: true, force: true }),
  };
}

/** What a load is refused with, as `CODE: message`; an error that is not ours, and a success, fail the test. */
export async function refusalOf(load: () => Promise<unknown> | unknown): Promise<string> {
  try {
    await load();
  } catch (error) {
    if (error instanceof AutobalanceError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('was not refused');
}
