import {
  type Aval,
  bind,
  formatAval,
  type MaybeZero,
  memo,
  type Primitive,
  type Program,
  prune,
  ShapeError,
  Subprogram,
  sameAval,
  type Value,
} from '../ir/index.js';
import { jvpProgram } from './jvp.js';
import { transposeProgram } from './transpose.js';
import { batchProgram } from './vmap.js';

export type CallParams = { readonly body: Subprogram };

/**
 * Runs a program as one equation. Its derivatives are calls again, of bodies that compute from the inputs anew whatever they need: so
 * only the inputs of a call are kept between the forward and the linear part, and that is all that rematerialisation is.
 */
export const callPrimitive: Primitive<CallParams> = {
  name: 'call',
  category: 'opaque',
  body: ({ body }) => body.program,
  infer: (inputs, { body }) => inferCall('call', body.program, inputs),
  jvp({ params: { body }, primals, tangents }) {
    const active = tangents.map((tangent) => tangent !== null);
    const { program, moving } = jvpProgram(body.program, active);
    const derived = memo(body.derived, `jvp ${active}`, () => {
      const outputs = program.outputs.slice(moving.length);
      return new Subprogram(prune({ ...program, outputs }));
    });
    return deal(bind(callPrimitive, [...primals, ...present(tangents)], { body: derived }), moving);
  },
  transpose({ params: { body }, inputs, cotangents }) {
    const unknown = inputs.map((input) => input === null);
    const wanted = cotangents.map((cotangent) => cotangent !== null);
    const derived = memo(body.derived, `transpose ${unknown} ${wanted}`, () => {
      const { program } = body;
      const known = program.inputs.filter((_, i) => !unknown[i]);
      const ordered = {
        inputs: [...known, ...program.inputs.filter((_, i) => unknown[i])],
        equations: program.equations,
        outputs: program.outputs.filter((_, i) => wanted[i]),
      };
      return new Subprogram(transposeProgram(prune(ordered), known.length));
    });
    return deal(bind(callPrimitive, [...present(inputs), ...present(cotangents)], { body: derived }), unknown);
  },
  batch({ params: { body }, inputs, batched, size }) {
    const derived = memo(
      body.derived,
      `batch ${batched} ${size}`,
      () => new Subprogram(batchProgram(body.program, batched, size)),
    );
    return bind(callPrimitive, inputs, { body: derived });
  },
};

/** Shape rule of primitives that run a program: its inputs in, its outputs out. */
export function inferCall(name: string, { inputs, outputs }: Program, given: readonly Aval[]): Aval[] {
  const wrong = inputs.findIndex(({ aval }, i) => !given[i] || !sameAval(aval, given[i]));
  if (wrong >= 0 || given.length !== inputs.length) {
    const [expected, got] = [inputs.map(({ aval }) => formatAval(aval)), given.map(formatAval)];
    throw new ShapeError(`${name}: the program takes ${expected.join(', ')}, got ${got.join(', ')}`);
  }
  return outputs.map(({ aval }) => aval);
}

const present = (values: readonly MaybeZero[]): Value[] => values.filter((value) => value !== null);

/** The values in turn where `flags` says so, the symbolic zero elsewhere. */
export function deal(values: readonly Value[], flags: readonly boolean[]): MaybeZero[] {
  let next = 0;
  return flags.map((flag) => (flag ? values[next++]! : null));
}
