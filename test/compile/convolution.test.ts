import { describe, expect, test } from 'vitest';
import { convolutionFor, WINOGRAD_CHANNELS } from '../../src/compile/convolution.js';
import { encode } from '../../src/compile/encode.js';
import { type DType, type Shape, trace } from '../../src/ir/index.js';
import { conv2d, type ParamsOf } from '../../src/ops/index.js';

const plain: ParamsOf<'conv2d'> = {
  strides: [1, 1],
  padding: [
    [1, 1],
    [0, 2],
  ],
  dilation: [1, 1],
  groups: 1,
};

describe('which convolutions go by squares', () => {
  test.each([
    ['a plain one', {}, [3, 3, 8, 8], 'f32', 'winograd4'],
    ['many channels', {}, [3, 3, 300, 17], 'f32', 'winograd4'],
    ['in f64', {}, [3, 3, 8, 8], 'f64', 'direct'],
    ['few input channels', {}, [3, 3, 7, 16], 'f32', 'direct'],
    ['few output channels', {}, [3, 3, 16, 7], 'f32', 'direct'],
    ['another filter', {}, [3, 1, 8, 8], 'f32', 'direct'],
    ['a larger filter', {}, [5, 5, 8, 8], 'f32', 'direct'],
    ['a stride', { strides: [1, 2] }, [3, 3, 8, 8], 'f32', 'direct'],
    ['a dilation', { dilation: [2, 1] }, [3, 3, 8, 8], 'f32', 'direct'],
    ['groups', { groups: 2 }, [3, 3, 8, 16], 'f32', 'direct'],
  ] as const)('%s', (_, changes, filter: Shape, dtype: DType, chosen) => {
    expect(convolutionFor('winograd4', { ...plain, ...changes }, filter, dtype)).toBe(chosen);
    expect(convolutionFor('direct', { ...plain, ...changes }, filter, dtype)).toBe('direct');
  });

  test('the limit is where it is said to be', () => expect(WINOGRAD_CHANNELS).toBe(8));

  test('the encoder counts them, and says nothing but direct unless asked', () => {
    const { program } = trace(
      (x, f, g) => [conv2d(conv2d(x!, f!), g!)],
      [
        [1, 5, 5, 3],
        [3, 3, 3, 8],
        [3, 3, 8, 8],
      ].map((shape) => ({ shape, dtype: 'f32' as const })),
    );
    expect(encode(program).convolutions).toEqual({ direct: 2, winograd: 0, winograd4: 0 });
    expect(encode(program, { convolution: 'winograd' }).convolutions).toEqual({ direct: 1, winograd: 1, winograd4: 0 });
  });
});
