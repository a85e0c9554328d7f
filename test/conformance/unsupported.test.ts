import { expect, test } from 'vitest';
import '../../src/index.js';
import { linearizer, transposeProgram } from '../../src/ad/index.js';
import { makeExecutable } from '../../src/backends/executable.js';
import { backends } from '../../src/backends/index.js';
import {
  AutobalanceError,
  bind,
  type DType,
  type Params,
  type Primitive,
  type Program,
  sizeOf,
  type Tensor,
  type Value,
} from '../../src/ir/index.js';
import { exp, full, mul, primitives } from '../../src/ops/index.js';
import { programOf } from '../support/programs.js';
import { tensorOf } from '../support/tensors.js';
import { type Entry, entries } from './matrix.js';
import { ANY, paramsOf, type Sample } from './sample.js';

/**
 * Everything that is asked of a primitive and does not exist: a dtype outside its domain, a derivative in something that is no float, an
 * adjoint where it is not linear. Each must be refused by an error of a class that says so; the list is kept, so that a change is seen.
 */

/** The class of the error that `attempt` throws, `ok` if it throws none; marked if it is none of ours. */
function outcome(attempt: () => unknown): string {
  try {
    attempt();
    return 'ok';
  } catch (error) {
    if (error instanceof AutobalanceError) return error.name;
    return `${UNTYPED} ${String(error)}`;
  }
}

const UNTYPED = 'an untyped';

/** The sample's operands in a dtype that it may not be meant for; the numbers do not matter. */
const operandsIn = ({ inputs }: Sample, dtype: DType): Tensor[] =>
  inputs.map(({ shape, dtype: own }) => {
    const ones = new Array<number>(sizeOf(shape)).fill(1);
    return tensorOf(ones, shape, own === 'T' ? dtype : own);
  });

const applied =
  (primitive: Primitive, params: Params) =>
  (...inputs: Value[]): Value =>
    bind(primitive, inputs, params)[0]!;

/** The derivatives of a primitive in chosen inputs, by mode. */
function derivativesOf({ primitive }: Entry, sample: Sample, dtype: DType, argnums: readonly number[]) {
  const inputs = operandsIn(sample, dtype);
  const fn = applied(primitive, paramsOf(sample, dtype));
  const at = linearizer(fn, { argnums });
  const ones = ({ shape, dtype: own }: Value): Value => full(shape, 1, own);
  const reverse = (...xs: Value[]): readonly Value[] => {
    const { value, vjp } = at(...xs);
    return vjp(ones(value));
  };
  const over = linearizer(reverse, { argnums });
  const chosen = argnums.map((i): Value => inputs[i]!);
  return {
    jvp: () => at(...inputs).jvp(...chosen),
    vjp: () => reverse(...inputs),
    'forward over reverse': () => over(...inputs).jvp(...chosen),
    'reverse over reverse': () => over(...inputs).vjp(chosen),
  };
}

/** What all modes answer alike. */
function refusal(entry: Entry, sample: Sample, dtype: DType, argnums: readonly number[]): string {
  const outcomes = Object.values(derivativesOf(entry, sample, dtype, argnums)).map(outcome);
  expect(new Set(outcomes).size, `${entry.name} in ${dtype}: ${outcomes}`).toBe(1);
  return outcomes[0]!;
}

/** `what: Error in i32, u8` for each kind of error. */
function grouped(what: string, results: readonly (readonly [key: string, error: string])[]): string[] {
  const errors = [...new Set(results.map(([, error]) => error))].filter((error) => error !== 'ok');
  return errors.map((error) => {
    const keys = results.filter(([, other]) => other === error).map(([key]) => key);
    return `${what}: ${error} in ${keys.join(', ')}`;
  });
}

function linesOf(entry: Entry): string[] {
  const { primitive, family } = entry;
  const [sample] = family.samples as readonly [Sample, ...Sample[]];
  const generic = sample.inputs.flatMap(({ dtype }, i) => (dtype === 'T' ? [i] : []));
  const fixed = sample.inputs.flatMap(({ dtype }, i) => (dtype === 'T' ? [] : [i]));
  const lines: string[] = [];
  if (generic.length > 0) {
    const values = ANY.map((dtype) => {
      const avals = operandsIn(sample, dtype).map((x) => x.aval);
      const error = outcome(() => primitive.infer(avals, paramsOf(sample, dtype)));
      expect(error, `${primitive.name} in ${dtype}`).toBe(family.domain.includes(dtype) ? 'ok' : 'DTypeError');
      return [dtype, error] as const;
    });
    const derivatives = ANY.map((dtype) => [dtype, refusal(entry, sample, dtype, generic)] as const);
    lines.push(...grouped('value', values), ...grouped('derivatives', derivatives));
  }
  const inner = family.domain[0]!;
  const inFixed = fixed.map(
    (i) => [`input ${i}, ${sample.inputs[i]!.dtype}`, refusal(entry, sample, inner, [i])] as const,
  );
  lines.push(...grouped('derivatives', inFixed));
  return [...lines, ...adjointLines(primitive, sample, inner)];
}

/** Adjoints: in each input alone, and in all at once. */
function adjointLines(primitive: Primitive, sample: Sample, dtype: DType): string[] {
  const avals = operandsIn(sample, dtype).map((x) => x.aval);
  const fn = applied(primitive, paramsOf(sample, dtype));
  const transposed = (unknown: readonly number[]): string => {
    const order = [...avals.keys()].sort((a, b) => Number(unknown.includes(a)) - Number(unknown.includes(b)));
    const program = programOf(
      (...values) => [fn(...avals.map((_, i) => values[order.indexOf(i)]!))],
      order.map((i) => avals[i]!),
    );
    return outcome(() => transposeProgram(program, avals.length - unknown.length));
  };
  const subsets = avals.map((_, i) => [i]);
  if (avals.length > 1) subsets.push([...avals.keys()]);
  return grouped(
    'adjoint',
    subsets.map((unknown) => [unknown.length > 1 ? 'all inputs' : `input ${unknown[0]}`, transposed(unknown)] as const),
  );
}

test('what is not supported is refused by typed errors, and is this', async () => {
  const text = entries.flatMap((entry) => [entry.name, ...linesOf(entry).map((line) => `  ${line}`)]);
  expect(text.filter((line) => line.includes(UNTYPED))).toEqual([]);
  await expect(`${text.join('\n')}\n`).toMatchFileSnapshot('./golden/unsupported.txt');
});

test('every backend names an operation that it does not have', () => {
  const stranger = { ...primitives.exp, name: 'stranger' };
  const base = programOf((x) => [mul(exp(x!), 2)], [{ shape: [3], dtype: 'f32' }]);
  const equations = base.equations.map((equation, i) => (i === 0 ? { ...equation, primitive: stranger } : equation));
  const program: Program = { ...base, equations };
  for (const { name, backend } of backends()) {
    if (!backend) continue;
    expect(
      outcome(() => makeExecutable(backend, program)),
      name,
    ).toBe('BackendError');
    expect(() => makeExecutable(backend, program)).toThrow(/stranger/);
  }
});
