import { describe, expect, test, vi } from 'vitest';
import {
  callProgram,
  isTracing,
  Literal,
  ShapeError,
  scalar,
  Tensor,
  TraceError,
  Tracer,
  trace,
  type Value,
} from '../../src/ir/index.js';
import { add, convert, exp, mul, sum } from '../../src/ops/index.js';
import { check } from '../support/programs.js';

const vector = { shape: [2], dtype: 'f32' } as const;
const leak = (): Value => {
  let leaked: Value | undefined;
  trace(
    (x) => {
      leaked = x!;
      return [x!];
    },
    [vector],
  );
  return leaked!;
};

describe('tracing', () => {
  test('records what a function does', () => {
    const { program, captured } = trace((x, y) => [add(mul(x!, y!), x!)], [vector, vector]);
    check(program);
    expect(program.equations.map(({ primitive }) => primitive.name)).toEqual(['mul', 'add']);
    expect(captured).toEqual([]);
  });

  test('gives values their shapes and dtypes, and no elements', () => {
    trace(
      (x) => {
        expect(x).toBeInstanceOf(Tracer);
        expect([x!.shape, x!.dtype, x!.rank, x!.size]).toEqual([[2], 'f32', 1, 2]);
        expect(() => x!.data()).toThrow(TraceError);
        expect(() => sum(x!).item()).toThrow('a traced f32[] has no elements yet; return it from the traced function');
        return [x!];
      },
      [vector],
    );
  });

  test('is over when the function returns, also by an exception', () => {
    expect(isTracing()).toBe(false);
    expect(() =>
      trace(() => {
        expect(isTracing()).toBe(true);
        throw new RangeError('mine');
      }, []),
    ).toThrow(RangeError);
    expect(isTracing()).toBe(false);
  });

  test('makes an input of each tensor that the function closes over, once', () => {
    const weights = Tensor.of(Float32Array.of(1, 2), [2], 'f32');
    const { program, captured } = trace((x) => [add(mul(x!, weights), weights)], [vector]);
    check(program);
    expect(captured).toEqual([weights]);
    expect(program.inputs).toHaveLength(2);
  });

  test('writes numbers into the program', () => {
    const { program, captured } = trace((x) => [mul(sum(x!), 3), scalar(2, 'i32')], [vector]);
    check(program);
    expect(captured).toEqual([]);
    expect(program.equations[1]!.inputs[1]).toEqual(new Literal(3, 'f32'));
    expect(program.outputs[1]).toEqual(new Literal(2, 'i32'));
  });

  test('nests: an inner function takes values of the outer one as inputs', () => {
    const { program } = trace(
      (x) => {
        const inner = trace((y) => [mul(y!, x!)], [vector]);
        check(inner.program);
        expect(inner.captured).toEqual([x]);
        return callProgram(inner.program, [exp(x!), ...inner.captured]);
      },
      [vector],
    );
    check(program);
    expect(program.equations.map(({ primitive }) => primitive.name)).toEqual(['exp', 'mul']);
  });

  test('applies shape rules at once', () => {
    expect(() => trace((x, y) => [add(x!, y!)], [vector, { shape: [3], dtype: 'f32' }])).toThrow(ShapeError);
    expect(() => trace((x, y) => [add(x!, y!)], [vector, { shape: [2], dtype: 'i32' }])).toThrow('must have one dtype');
    expect(() => trace((x) => [exp(convert(x!, 'i32'))], [vector])).toThrow('exp: needs f32 or f64, got i32');
  });
});

describe('a value that has leaked from its function', () => {
  test('is refused by another one', () => {
    const leaked = leak();
    expect(() => trace((x) => [add(x!, leaked)], [vector])).toThrow(
      'a f32[2] traced in one function was used after that function had returned',
    );
    expect(isTracing()).toBe(false);
  });

  test('is refused as a result', () => {
    const leaked = leak();
    expect(() => trace(() => [leaked], [])).toThrow(TraceError);
  });

  test('has no elements', () => {
    expect(() => leak().data()).toThrow(TraceError);
  });
});

test('without a backend nothing runs, and the error says so', async () => {
  // Modules of their own, for the test-suite installs backends in the usual ones.
  vi.resetModules();
  const ir = await import('../../src/ir/index.js');
  const ops = await import('../../src/ops/index.js');
  const x = ir.Tensor.of(Float32Array.of(1, 2), [2], 'f32');
  expect(() => ops.exp(x)).toThrow('no backend is installed');
});
