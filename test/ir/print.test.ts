import { expect, test } from 'vitest';
import { printProgram, scalar } from '../../src/ir/index.js';
import { add, conv2d, exp, logSoftmax, maxPool, mul, sum } from '../../src/ops/index.js';
import { programOf } from '../support/programs.js';

test('prints one equation a line, with names in order of binding', () => {
  const program = programOf(
    (x, y) => [sum(mul(exp(x!), y!), { axes: 1 }), scalar(-0.5, 'f32'), x!],
    [
      { shape: [2, 3], dtype: 'f32' },
      { shape: [3], dtype: 'f32' },
    ],
  );
  expect(printProgram(program)).toBe(`inputs a:f32[2, 3] b:f32[3]
  c:f32[2, 3] = exp a
  d:f32[2, 3] = broadcast{shape=[2,3] axes=[1]} b
  e:f32[2, 3] = mul c d
  f:f32[2] = sum{axes=[1]} e
outputs f -0.5 a
`);
});

test('prints nested params', () => {
  const program = programOf(
    (x, f) => [maxPool(conv2d(x!, f!, { strides: [1, 2] }), { window: 2 })],
    [
      { shape: [1, 4, 4, 1], dtype: 'f32' },
      { shape: [3, 3, 1, 2], dtype: 'f32' },
    ],
  );
  expect(printProgram(program)).toBe(`inputs a:f32[1, 4, 4, 1] b:f32[3, 3, 1, 2]
  c:f32[1, 4, 2, 2] = conv2d{strides=[1,2] padding=[[1,1],[0,1]] dilation=[1,1] groups=1} a b
  d:i32[1, 2, 1, 2] = windowArgmax{window=[2,2] strides=[2,2] padding=[[0,0],[0,0]]} c
  e:f32[1, 2, 1, 2] = planeTake d c
outputs e
`);
});

test('prints a program of nothing', () => {
  expect(printProgram(programOf(() => [], []))).toBe('inputs \noutputs \n');
});

test('goes on after z with aa', () => {
  const program = programOf(
    (x) => [Array.from({ length: 27 }).reduce<typeof x>((y) => add(y!, x!), x)!],
    [{ shape: [], dtype: 'f32' }],
  );
  expect(printProgram(program)).toContain('  z:f32[] = add y a\n  aa:f32[] = add z a\n  ab:f32[] = add aa a\n');
});

test('prints the same text for the same function', () => {
  const print = () => printProgram(programOf((x) => [logSoftmax(x!)], [{ shape: [2, 3], dtype: 'f64' }]));
  expect(print()).toBe(print());
});
