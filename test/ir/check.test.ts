import { describe, expect, test } from 'vitest';
import { checkProgram, type Equation, type Program, TraceError, Var } from '../../src/ir/index.js';
import { primitives, reshape } from '../../src/ops/index.js';
import { programOf } from '../support/programs.js';

const aval = { shape: [2], dtype: 'f32' } as const;
const [a, b, c] = [new Var(aval), new Var(aval), new Var(aval)];
const exp = (from: Var, to: Var): Equation => ({
  primitive: primitives.exp,
  params: {},
  inputs: [from],
  outputs: [to],
});

describe('the checker', () => {
  test('accepts what tracing makes', () => {
    checkProgram(programOf((x) => [reshape(x!, [2, 1])], [aval]));
    checkProgram({ inputs: [], equations: [], outputs: [] });
  });

  const malformed: readonly (readonly [string, Program, string])[] = [
    [
      'a variable read before it is bound',
      { inputs: [a], equations: [exp(b, c)], outputs: [c] },
      'equation 0 (exp) reads a f32[2] that nothing has bound',
    ],
    [
      'equations out of order',
      { inputs: [a], equations: [exp(b, c), exp(a, b)], outputs: [c] },
      'equation 0 (exp) reads a f32[2] that nothing has bound',
    ],
    [
      'a variable bound twice',
      { inputs: [a], equations: [exp(a, b), exp(a, b)], outputs: [b] },
      'equation 1 (exp) binds a variable that is bound already',
    ],
    ['an input bound again', { inputs: [a], equations: [exp(a, a)], outputs: [a] }, 'equation 0 (exp) binds'],
    ['one input twice', { inputs: [a, a], equations: [], outputs: [a] }, 'input 1 binds'],
    ['an output that nothing makes', { inputs: [a], equations: [], outputs: [b] }, 'output 0 reads a f32[2]'],
    [
      'a shape that the rule does not infer',
      { inputs: [a], equations: [exp(a, new Var({ shape: [3], dtype: 'f32' }))], outputs: [a] },
      'equation 0 (exp) says f32[3] but its rule infers f32[2]',
    ],
    [
      'a dtype that the rule does not infer',
      { inputs: [a], equations: [exp(a, new Var({ shape: [2], dtype: 'f64' }))], outputs: [a] },
      'says f64[2] but its rule infers f32[2]',
    ],
    [
      'too many outputs',
      { inputs: [a], equations: [{ ...exp(a, b), outputs: [b, c] }], outputs: [b] },
      'says f32[2],f32[2] but its rule infers f32[2]',
    ],
  ];

  test.each(malformed)('refuses %s', (_, program, message) => {
    expect(() => checkProgram(program)).toThrow(TraceError);
    expect(() => checkProgram(program)).toThrow(message);
  });

  test('lets the shape rule speak for wrong inputs', () => {
    const whole = new Var({ shape: [2], dtype: 'i32' });
    expect(() => checkProgram({ inputs: [whole], equations: [exp(whole, b)], outputs: [b] })).toThrow(
      'exp: needs f32 or f64, got i32',
    );
  });
});
