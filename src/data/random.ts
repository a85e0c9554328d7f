import { ConfigError } from '../ir/errors.js';

/** What {@link Random.state} returns: plain JSON, enough to continue the stream bit for bit. */
export interface RandomState {
  algorithm: 'philox4x32-10';
  seed: number;
  stream: string;
  /** 32-bit words drawn so far. */
  position: number;
}

const ALGORITHM = 'philox4x32-10';
const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 2 ** 32;

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit integers, in halves that stay exact. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/**
 * The Philox 4×32 bijection with ten rounds (Salmon, Moraes, Dror, Shaw 2011): four random words for each counter and key.
 * Pure, so any backend can compute word n of a stream without computing the ones before it.
 *
 * @param counter four unsigned 32-bit words
 * @param key two unsigned 32-bit words
 * @param out receives four unsigned 32-bit words
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array = new Uint32Array(4),
): Uint32Array {
  let [x0, x1, x2, x3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, x0);
    const low0 = Math.imul(MULTIPLIER_0, x0);
    const high1 = multiplyHigh(MULTIPLIER_1, x2);
    const low1 = Math.imul(MULTIPLIER_1, x2);
    x0 = high1 ^ x1 ^ k0;
    x1 = low1;
    x2 = high0 ^ x3 ^ k1;
    x3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
  return out;
}

/** 64-bit FNV-1a of a text's UTF-8 bytes, as [low word, high word]; it tells streams of one seed apart. */
export function streamKey(stream: string): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(stream)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const bits = new DataView(new ArrayBuffer(8));

/**
 * Natural logarithm of a normal positive number, from +, −, ×, ÷ alone. `Math.log` may differ in the last bit between
 * engines; this cannot. Error below 2 units in the last place.
 */
export function portableLog(x: number): number {
  bits.setFloat64(0, x);
  const high = bits.getUint32(0);
  let exponent = (high >>> 20) - 1022;
  bits.setUint32(0, (high & 0x000fffff) | (1022 << 20));
  let mantissa = bits.getFloat64(0);
  if (mantissa < Math.SQRT1_2) {
    mantissa *= 2;
    exponent -= 1;
  }
  // log m = 2 artanh s with s = (m − 1) / (m + 1); |s| < 0.172, so twelve terms leave less than 2⁻⁵³.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let k = 25; k >= 3; k -= 2) series = square * (series + 1 / k);
  return exponent * LN2_HIGH + (2 * s + (2 * s * series + exponent * LN2_LOW));
}

function requireSafeInteger(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ConfigError(
      `Random: ${what} must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, got ${String(value)}; choose such a number.`,
    );
  }
}

/**
 * Random numbers that depend only on (seed, stream name, how many were drawn): the same on every platform and engine.
 *
 * Streams of one seed are independent, so give each consumer its own with {@link fork}: then adding a draw in one place
 * does not shift the numbers of another. Word n is word n mod 4 of Philox at counter (⌊n/4⌋, hash of the stream name), key = seed.
 */
export class Random {
  readonly seed: number;
  readonly stream: string;
  readonly #key: readonly [number, number];
  readonly #streamKey: readonly [number, number];
  readonly #block = new Uint32Array(4);
  #blockNumber = -1;
  #position = 0;

  /**
   * @param seed integer from 0 to 2⁵³ − 1
   * @param stream any text; '' is the root stream
   * @throws ConfigError when the seed is out of range
   */
  constructor(seed: number, stream = '') {
    requireSafeInteger('seed', seed);
    this.seed = seed;
    this.stream = stream;
    this.#key = [seed >>> 0, Math.floor(seed / TWO_32)];
    this.#streamKey = streamKey(stream);
  }

  /**
   * Continues a stream where {@link state} left it.
   * @throws ConfigError when the state comes from another generator or is out of range
   */
  static fromState(state: RandomState): Random {
    if (state.algorithm !== ALGORITHM || typeof state.stream !== 'string') {
      throw new ConfigError(
        `Random: a saved state must have algorithm ${ALGORITHM} and a stream name, got ${String(state.algorithm)} and ` +
          `${String(state.stream)}; it was written by another generator or damaged, so start again from a seed.`,
      );
    }
    requireSafeInteger('position', state.position);
    const random = new Random(state.seed, state.stream);
    random.#position = state.position;
    return random;
  }

  /** A JSON-serialisable snapshot; see {@link fromState}. */
  state(): RandomState {
    return { algorithm: ALGORITHM, seed: this.seed, stream: this.stream, position: this.#position };
  }

  /**
   * An independent stream named `<this stream>/<name>`, from its beginning. It depends on the names only, not on what was drawn
   * from this one, and draws nothing itself.
   * @throws ConfigError when the name is empty
   */
  fork(name: string): Random {
    if (name === '') throw new ConfigError("Random: fork needs a name that is not empty, got ''; name its purpose.");
    return new Random(this.seed, this.stream === '' ? name : `${this.stream}/${name}`);
  }

  /** A uniform integer in [0, 2³²). Draws one word. */
  uint32(): number {
    const blockNumber = Math.floor(this.#position / 4);
    if (blockNumber !== this.#blockNumber) {
      const [low, high] = this.#streamKey;
      philox4x32([blockNumber >>> 0, Math.floor(blockNumber / TWO_32), low, high], this.#key, this.#block);
      this.#blockNumber = blockNumber;
    }
    return this.#block[this.#position++ % 4];
  }

  /** A uniform number in [0, 1), a multiple of 2⁻⁵³. Draws two words. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A standard normal number, by Marsaglia's polar method (the second of each pair is not kept, so there is no hidden state). */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * portableLog(s)) / s);
    }
  }

  /**
   * An unbiased integer in [0, n).
   * @throws ConfigError unless n is an integer from 1 to 2³²
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_32) {
      throw new ConfigError(`Random: integer(n) needs an integer n from 1 to 2^32, got ${String(n)}.`);
    }
    const limit = TWO_32 - (TWO_32 % n);
    let word = this.uint32();
    while (word >= limit) word = this.uint32();
    return word % n;
  }

  /** Shuffles in place (Fisher–Yates, every order equally likely) and returns the same array. */
  shuffle<T extends Int32Array | unknown[]>(items: T): T {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const kept = items[last];
      items[last] = items[other];
      items[other] = kept;
    }
    return items;
  }

  /**
   * The integers 0 … n−1 in random order.
   * @throws ConfigError unless n is an integer from 0 to 2³¹ − 1
   */
  permutation(n: number): Int32Array<ArrayBuffer> {
    if (!Number.isInteger(n) || n < 0 || n > 0x7fffffff) {
      throw new ConfigError(`Random: permutation(n) needs an integer n from 0 to 2^31 - 1, got ${String(n)}.`);
    }
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    return this.shuffle(order);
  }
}
