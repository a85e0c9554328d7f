import { encodeSafetensors, type StoredTensor } from '../data/index.js';
import { NumericError } from '../ir/index.js';
import type { NamedArray } from '../nn/index.js';

export type NamedArrays = Readonly<Record<string, NamedArray>>;

/** A safetensors file with one entry of free text. */
export const encodeArrays = (arrays: NamedArrays, metadata: Readonly<Record<string, string>>): Uint8Array =>
  // A NamedArray's dtype and data agree, which its type does not say.
  encodeSafetensors(arrays as Readonly<Record<string, StoredTensor>>, metadata);

/** @throws {NumericError} naming the first array with NaN or infinity in it. */
export function requireFinite(arrays: NamedArrays, source: string): void {
  for (const [name, { data }] of Object.entries(arrays)) {
    const index = data.findIndex((value) => !Number.isFinite(value));
    if (index < 0) continue;
    throw new NumericError(
      `${source}: every weight must be a finite number, but ${name} has ${data[index]} at ${index}; the training diverged or the file is damaged`,
    );
  }
}
