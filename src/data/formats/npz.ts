import type { Readable } from 'node:stream';
import yauzl from 'yauzl';
import { AutobalanceError, DataError } from '../../ir/errors.js';
import { messageOf } from '../../ir/message-of.js';
import { quoted } from '../corrupt.js';
import { crc32 } from '../crc32.js';
import { errnoOf, fileError } from '../files.js';
import { decodeNpy, type NpyArray, parseNpyHeader } from './npy.js';

/** Deflate codes at best 258 bytes in two bits. */
const LARGEST_DEFLATE_RATIO = 1032;
/** Enough for any header that is taken. */
const HEADER_BYTES = 10_000;
const MAX_ENTRIES = 10_000;
const MAX_ARRAY_BYTES = 2 ** 32;
const REMEDY = 'download the file again, or save the arrays again with numpy.savez';

const problemIn = (file: string, problem: string, cause?: unknown): DataError =>
  new DataError(`${file}: ${problem}; ${REMEDY}.`, { cause });

/**
 * The bytes of an entry, never more than the header inside it declares: what a few bytes of deflate claim to hold is believed only as far as
 * their number allows.
 */
async function readEntry(
  stream: Readable,
  { compressedSize, uncompressedSize, crc32: sum }: yauzl.Entry,
  name: string,
) {
  let bytes = new Uint8Array(Math.min(uncompressedSize, HEADER_BYTES));
  let length = 0;
  let sized = bytes.length === uncompressedSize;
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    let rest = piece;
    while (rest.length > 0) {
      const part = rest.subarray(0, bytes.length - length);
      bytes.set(part, length);
      length += part.length;
      rest = rest.subarray(part.length);
      if (length < bytes.length) break;
      if (sized) {
        if (rest.length > 0) throw problemIn(name, `holds more than the ${bytes.length} bytes it declares`);
        break;
      }
      const { totalBytes, shape } = parseNpyHeader(bytes, name);
      if (totalBytes !== uncompressedSize || totalBytes > compressedSize * LARGEST_DEFLATE_RATIO) {
        throw problemIn(
          name,
          `shape ${shape.join('×')} needs ${totalBytes} bytes, but the archive says ${uncompressedSize} in ${compressedSize} compressed`,
        );
      }
      const whole = new Uint8Array(totalBytes);
      whole.set(bytes);
      bytes = whole;
      sized = true;
    }
  }
  if (length !== uncompressedSize) throw problemIn(name, `ends after ${length} of ${uncompressedSize} bytes`);
  if (crc32(bytes) !== sum) throw problemIn(name, 'does not have the checksum that the archive says');
  return bytes;
}

async function openArchive(path: string): Promise<yauzl.ZipFile> {
  try {
    return await yauzl.openPromise(path, { autoClose: false });
  } catch (error) {
    if (errnoOf(error) !== undefined) throw fileError('read', path, error);
    const reason = messageOf(error);
    throw problemIn(path, `is not a ZIP archive (${reason})`, error);
  }
}

/**
 * Reads arrays of an NPZ archive, as numpy.savez and numpy.savez_compressed write them.
 * @param wanted tells the arrays to read by their name (without `.npy`); others are not decompressed
 * @returns the wanted arrays, and the names of all
 * @throws FileError when the file cannot be read
 * @throws DataError when the archive or an array in it is damaged, or claims more than it holds
 */
export async function readNpz(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<{ readonly arrays: ReadonlyMap<string, NpyArray>; readonly names: readonly string[] }> {
  const archive = await openArchive(path);
  try {
    if (archive.entryCount > MAX_ENTRIES) {
      throw problemIn(path, `may hold up to ${MAX_ENTRIES} arrays, this archive claims ${archive.entryCount}`);
    }
    const arrays = new Map<string, NpyArray>();
    const names: string[] = [];
    let compressed = 0;
    for await (const entry of archive.eachEntry()) {
      if (!entry.fileName.endsWith('.npy')) continue;
      const name = entry.fileName.slice(0, -'.npy'.length);
      if (names.includes(name)) throw problemIn(path, `has two arrays called ${quoted(name)}`);
      names.push(name);
      if (!wanted(name)) continue;
      const label = `${path}: ${name}`;
      compressed += entry.compressedSize;
      if (compressed > archive.fileSize)
        throw problemIn(path, 'its arrays overlap, so that they hold more than the file');
      if (entry.uncompressedSize > MAX_ARRAY_BYTES) {
        throw problemIn(label, `an array may have ${MAX_ARRAY_BYTES} bytes, this one claims ${entry.uncompressedSize}`);
      }
      arrays.set(name, decodeNpy(await readEntry(await archive.openReadStreamPromise(entry), entry, label), label));
    }
    return { arrays, names };
  } catch (error) {
    if (error instanceof AutobalanceError) throw error;
    if (error instanceof Error && /^E[A-Z]+$/.test(errnoOf(error) ?? '')) throw fileError('read', path, error);
    throw problemIn(path, `the archive is damaged (${messageOf(error)})`, error);
  } finally {
    archive.close();
  }
}
