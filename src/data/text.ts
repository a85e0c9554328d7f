import { constants, isUtf8 } from 'node:buffer';
import { DataError } from '../ir/errors.js';
import { wrongByte } from './corrupt.js';
import { readFileOrThrow } from './files.js';

/** Where the first byte that is not UTF-8 stands, by halving. */
function firstBadByte(bytes: Uint8Array): number {
  const valid = (end: number): boolean => {
    try {
      // `stream` forgives a character that the end cuts off.
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  let [good, bad] = [0, bytes.length];
  if (valid(bad)) return bad;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (valid(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/**
 * The text of a file: UTF-8, without a byte order mark and without NUL.
 * @param file name used in error messages
 * @throws DataError naming the byte that is not text; when it is longer than a string can be (512 MiB)
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new DataError(
      `${file}: a text may have ${constants.MAX_STRING_LENGTH} bytes, this one has ${bytes.length}; split the file.`,
    );
  }
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (utf16) throw wrongByte(file, 0, 'the text is UTF-16', 'save it as UTF-8');
  if (!isUtf8(bytes)) {
    throw wrongByte(
      file,
      firstBadByte(bytes),
      'the text is not UTF-8',
      'save it as UTF-8, or check that this is a text file',
    );
  }
  const nul = bytes.indexOf(0);
  if (nul >= 0) throw wrongByte(file, nul, 'a text must not hold the byte 0', 'check that this is a text file');
  return new TextDecoder().decode(bytes);
}

/** @throws FileError when it cannot be read; DataError when it is not text */
export const readText = async (path: string): Promise<string> => decodeText(await readFileOrThrow(path), path);

/** The lines of a text, whether they end as on Unix or as on Windows; an empty last one is left out. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
