import { createHash, type Hash } from 'node:crypto';
import { type Dataset, pixelsPerImage } from './dataset.js';

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * What makes a function that feeds a hash with what a model may see of a sample: pixels, the values of a row, or the path of a file (whose pixels
 * are not read).
 */
function feeder(dataset: Dataset): (hash: Hash, sample: number) => void {
  switch (dataset.kind) {
    case 'images': {
      const size = pixelsPerImage(dataset);
      return (hash, sample) => hash.update(dataset.images.subarray(sample * size, (sample + 1) * size));
    }
    case 'image-files':
      return (hash, sample) => hash.update(`${dataset.paths[sample]}\n`);
    case 'table': {
      const { numeric, categorical } = dataset;
      const [d, c] = [dataset.numericNames.length, dataset.categoricalColumns.length];
      return (hash, sample) => {
        hash.update(bytesOf(numeric.subarray(sample * d, (sample + 1) * d)));
        hash.update(bytesOf(categorical.subarray(sample * c, (sample + 1) * c)));
      };
    }
  }
}

/** Texts that are equal for samples that look the same: 128 bits of SHA-256 in base64, whose collisions nobody will meet. */
export function sampleKeys(dataset: Dataset): string[] {
  const feed = feeder(dataset);
  return Array.from(dataset.labels, (_, sample) => {
    const hash = createHash('sha256');
    feed(hash, sample);
    return hash.digest('base64').slice(0, 22);
  });
}

const formOf = (dataset: Dataset): string =>
  dataset.kind === 'table'
    ? JSON.stringify([dataset.numericNames, dataset.categoricalColumns])
    : dataset.imageShape.join('×');

/** SHA-256 of everything in these data sets that a run depends on, in hexadecimal: of image files their paths, not their contents. */
export function fingerprint(datasets: readonly Dataset[]): string {
  const hash = createHash('sha256');
  for (const dataset of datasets) {
    hash.update(`${dataset.kind} ${formOf(dataset)} ${dataset.labels.length}\n`);
    const feed = feeder(dataset);
    for (let sample = 0; sample < dataset.labels.length; sample++) feed(hash, sample);
    hash.update(bytesOf(dataset.labels));
    for (const { name, names, values } of dataset.groups)
      hash.update(JSON.stringify([name, names])).update(bytesOf(values));
  }
  return hash.digest('hex');
}
