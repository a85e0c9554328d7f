import type { Picture } from './decode.js';

/** A rectangle of whole pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** For each output position of an axis: the first input position that counts, and the weights of those from it on. */
interface Filter {
  readonly first: Int32Array;
  readonly weights: readonly Float64Array[];
}

/**
 * The weights of a triangle as wide as the scale, so that scaling down averages all pixels and leaves no aliases: what Pillow calls bilinear.
 * @param size input positions
 * @param scaled positions that the whole axis is scaled to
 * @param start first of them that is wanted
 * @param count how many
 */
function triangle(size: number, scaled: number, start: number, count: number): Filter {
  const scale = size / scaled;
  const support = Math.max(scale, 1);
  const first = new Int32Array(count);
  const weights = Array.from({ length: count }, (_, i) => {
    const centre = (start + i + 0.5) * scale;
    const from = Math.max(0, Math.floor(centre - support + 0.5));
    const to = Math.min(size, Math.floor(centre + support + 0.5));
    first[i] = from;
    const raw = Float64Array.from({ length: to - from }, (_, k) =>
      Math.max(0, 1 - Math.abs((from + k + 0.5 - centre) / support)),
    );
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return raw.map((weight) => weight / total);
  });
  return { first, weights };
}

/**
 * Scales the part `from` of a picture to `width`×`height` and returns the window `at` of that, u8 [at.height, at.width, 3]. Only what the
 * window needs is computed; rows and columns are filtered one after the other and rounded once, at the end.
 */
export function resizeWindow(
  { width: stride, data }: Picture,
  from: Box,
  { width, height }: { readonly width: number; readonly height: number },
  at: Box,
): Uint8Array {
  const columns = triangle(from.width, width, at.x, at.width);
  const rows = triangle(from.height, height, at.y, at.height);
  const last = at.height - 1;
  const top = rows.first[0]!;
  const bottom = rows.first[last]! + rows.weights[last]!.length;
  const wide = new Float32Array((bottom - top) * at.width * 3);
  for (let y = top; y < bottom; y++) {
    const line = ((from.y + y) * stride + from.x) * 3;
    for (let x = 0; x < at.width; x++) {
      const weights = columns.weights[x]!;
      let pixel = line + columns.first[x]! * 3;
      let [r, g, b] = [0, 0, 0];
      for (let k = 0; k < weights.length; k++) {
        const weight = weights[k]!;
        r += weight * data[pixel++]!;
        g += weight * data[pixel++]!;
        b += weight * data[pixel++]!;
      }
      const out = ((y - top) * at.width + x) * 3;
      wide[out] = r;
      wide[out + 1] = g;
      wide[out + 2] = b;
    }
  }
  const result = new Uint8Array(at.height * at.width * 3);
  const width3 = at.width * 3;
  for (let y = 0; y < at.height; y++) {
    const weights = rows.weights[y]!;
    const start = (rows.first[y]! - top) * width3;
    for (let i = 0; i < width3; i++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * wide[start + k * width3 + i]!;
      result[y * width3 + i] = Math.floor(sum + 0.5);
    }
  }
  return result;
}

/**
 * The middle of a picture whose shorter side is scaled to `side`, u8 [height, width, 3]: how images are seen when nothing is random
 * (torchvision's Resize and CenterCrop).
 */
export function middle(picture: Picture, side: number, height: number, width: number): Uint8Array {
  const shorter = Math.min(picture.width, picture.height);
  const scaled = {
    width: picture.width === shorter ? side : Math.floor((side * picture.width) / shorter),
    height: picture.height === shorter ? side : Math.floor((side * picture.height) / shorter),
  };
  const at = {
    x: roundHalfEven((scaled.width - width) / 2),
    y: roundHalfEven((scaled.height - height) / 2),
    width,
    height,
  };
  return resizeWindow(picture, { x: 0, y: 0, width: picture.width, height: picture.height }, scaled, at);
}

/** As Python rounds. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** Luma of RGB pixels (ITU-R 601-2, in the 16-bit arithmetic of Pillow), u8 [n]. */
export function luma(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let i = 0; i < grey.length; i++) {
    grey[i] = (rgb[3 * i]! * 19595 + rgb[3 * i + 1]! * 38470 + rgb[3 * i + 2]! * 7471 + 0x8000) >> 16;
  }
  return grey;
}
