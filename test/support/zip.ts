import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/data/crc32.js';

/** An entry of an archive; the fields after `data` say what the archive claims if not the truth. */
export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  readonly crc32?: number;
  readonly uncompressedSize?: number;
  /** Points at the data of the entry before instead of holding any. */
  readonly overlap?: boolean;
}

/** A ZIP archive. */
export function zip(entries: readonly ZipEntry[], claims: { readonly entryCount?: number } = {}): Uint8Array {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  let previous = 0;
  for (const { name, data, deflate = true, overlap = false, ...claimed } of entries) {
    const stored = deflate ? deflateRawSync(data) : Buffer.from(data);
    const bytes = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(claimed.crc32 ?? crc32(data), 10);
    common.writeUInt32LE(stored.length, 14);
    common.writeUInt32LE(claimed.uncompressedSize ?? data.length, 18);
    common.writeUInt16LE(bytes.length, 22);
    const at = overlap ? previous : offset;
    if (!overlap) {
      const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, bytes, stored]);
      parts.push(local);
      previous = offset;
      offset += local.length;
    }
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, bytes]));
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  const count = claims.entryCount ?? entries.length;
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Uint8Array.from(Buffer.concat([...parts, directory, end]));
}

/** An NPY file: the header as NumPy writes it, then the payload. */
export function npy(descr: string, shape: readonly number[], payload: Uint8Array, order = 'False'): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${tuple}, }`;
  const padded = `${text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11)}\n`;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${padded}`, 'latin1');
  head.writeUInt16LE(padded.length, 8);
  return Uint8Array.of(...head, ...payload);
}
