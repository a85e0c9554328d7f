const word = new DataView(new ArrayBuffer(4));

/** The number that 16 bits of bfloat16 stand for: the upper half of an f32. */
export function bfloatToNumber(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** The number that 16 bits of IEEE 754 half precision stand for: sign, five bits of exponent about 15, ten of mantissa. */
export function halfToNumber(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const mantissa = (bits & 1023) / 1024;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -14 : (1 + mantissa) * 2 ** (exponent - 15));
}
