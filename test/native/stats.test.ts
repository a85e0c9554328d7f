import { describe, expect, test } from 'vitest';
import { makeExecutable } from '../../src/backends/executable.js';
import { loadNative } from '../../src/backends/native.js';
import { compile, matmul, tensor, type Value } from '../../src/index.js';
import { type Aval, type Program, trace } from '../../src/ir/index.js';
import { add, exp, mul, oneHot, sum } from '../../src/ops/index.js';
import { addonExists } from '../support/targets.js';

const f32 = (...shape: number[]): Aval => ({ shape, dtype: 'f32' });
const programOf = (fn: (...inputs: Value[]) => Value[], ...avals: Aval[]): Program => trace(fn, avals).program;
const statsOf = (program: Program) => makeExecutable(loadNative(), program).stats();

describe.skipIf(!addonExists)('stats() of the native backend', () => {
  test('a chain of products: three intermediates, of which two are alive at a time', () => {
    const stats = statsOf(
      programOf((x, w) => [matmul(matmul(matmul(matmul(x!, w!), w!), w!), w!)], f32(64, 64), f32(64, 64)),
    );
    expect(stats).toMatchObject({ instructions: 4, sweeps: 0, constantBytes: 0 });
    expect(stats.peakBytes).toBe(2 * 64 * 64 * 4);
    expect(stats.arenaBytes).toBe(stats.peakBytes);
  });

  test('sweeps are counted apart; what lives inside one takes no memory', () => {
    const stats = statsOf(programOf((x) => [mul(exp(add(x!, 1)), 2), sum(x!)], f32(100, 100)));
    expect(stats).toMatchObject({ instructions: 1, sweeps: 1, peakBytes: 0 });
    // Partial sums.
    expect(stats.arenaBytes).toBeLessThan(10_000);
  });

  test('what is alive at once is the whole of what is read at the end', () => {
    // Four products that all exist before the first is used: f32 vectors of 1000 lines.
    const wide = (x: Value, w: Value): Value => {
      const parts = [1, 2, 3, 4].map((scale) => matmul(mul(x, scale), w));
      return matmul(add(add(parts[3]!, parts[2]!), add(parts[1]!, parts[0]!)), w);
    };
    const { peakBytes, arenaBytes } = statsOf(programOf((x, w) => [wide(x!, w!)], f32(160, 100), f32(100, 100)));
    expect(peakBytes).toBeGreaterThanOrEqual(4 * 160 * 100 * 4);
    expect(arenaBytes).toBeGreaterThanOrEqual(peakBytes);
  });

  test('constants are kept beside the arena', () => {
    const program = programOf((y) => [oneHot(y!, 10, 'f32')], { shape: [32], dtype: 'i32' });
    expect(statsOf(program).constantBytes).toBe(32 * 10 * 4);
  });

  test('a program that computes nothing has nothing', () => {
    const nothing = { instructions: 0, sweeps: 0, arenaBytes: 0, peakBytes: 0, constantBytes: 0 };
    expect(statsOf(programOf((x) => [x!], f32(3)))).toEqual(nothing);
  });

  test('compiled functions hand them on', () => {
    const f = compile((x: Value) => sum(mul(x, x)));
    expect(f.stats(tensor(new Float32Array(8)))).toMatchObject({ instructions: 1, sweeps: 1 });
  });
});
