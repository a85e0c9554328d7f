import { expect, test } from 'vitest';
import { computeLate } from '../../src/compile/late.js';
import { checkProgram, type Program, trace, type Value } from '../../src/ir/index.js';
import { add, exp, matmul, mul, neg } from '../../src/ops/index.js';
import { reference } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';

const n = 64;
const aval = { shape: [n, n], dtype: 'f64' } as const;
const kinds = ({ equations }: Program): string => equations.map(({ primitive }) => primitive.name).join(' ');

/** `between` matrix products after the first use of `make(x)`, then a second use. */
const chain = (make: (x: Value) => Value, between: number): Program =>
  trace(
    (x) => {
      const y = make(x!);
      let z = matmul(y, x!);
      for (let i = 0; i < between; i++) z = matmul(z, x!);
      return [matmul(z, y)];
    },
    [aval],
  ).program;

test('what is cheap is computed where it is first used', () => {
  const { program } = trace(
    (x) => {
      const y = neg(add(x!, x!));
      return [matmul(matmul(x!, x!), y)];
    },
    [aval],
  );
  expect(kinds(program)).toBe('add neg dot dot');
  expect(kinds(computeLate(program))).toBe('dot add neg dot');
});

test('a second use nearby shares it, one far away computes it again', () => {
  const make = (x: Value): Value => add(x, x);
  expect(kinds(computeLate(chain(make, 4)))).toBe('add dot dot dot dot dot dot');
  expect(kinds(computeLate(chain(make, 12)))).toBe(`add${' dot'.repeat(13)} add dot`);
});

test('what is dear, or follows from something that is not an input, stays', () => {
  const dear = chain((x) => exp(exp(x)), 12);
  expect(kinds(computeLate(dear))).toBe(kinds(dear));
  const inner = chain((x) => neg(matmul(x, x)), 12);
  expect(kinds(computeLate(inner))).toBe(kinds(inner));
});

test('the result is a program of the same value; outputs may be cheap too', () => {
  const { program } = trace(
    (x) => {
      const y = add(mul(x!, 0.25), 0.5);
      let z = y;
      for (let i = 0; i < 12; i++) z = mul(matmul(z, x!), 0.1);
      return [y, add(z, y), z];
    },
    [aval],
  );
  const late = computeLate(program);
  checkProgram(late);
  expect(late.equations.length).toBeGreaterThan(program.equations.length);
  const x = tensorOf(
    Float64Array.from({ length: n * n }, (_, i) => Math.sin(i)),
    [n, n],
    'f64',
  );
  const [expected, got] = [program, late].map((each) => reference.run(each, [x]).map((tensor) => tensor.data()));
  expect(got).toEqual(expected);
});
