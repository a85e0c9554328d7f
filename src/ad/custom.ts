import {
  type Aval,
  bind,
  callProgram,
  flatten,
  formatAval,
  isDifferentiable,
  type Primitive,
  type Program,
  requireSameStructure,
  type Structure,
  Subprogram,
  sameAval,
  TraceError,
  unflatten,
} from '../ir/index.js';
import { instantiate } from '../ops/calculus.js';
import { inferCall } from './call.js';
import { type TracedFunction, traceFunction, traceStructured } from './grad.js';
import { transposeProgram } from './transpose.js';
import { batchProgram } from './vmap.js';

/**
 * Inputs: the `args` arguments, then the `closed` values that the function closes over, then those of the rule.
 * `rule` takes arguments, results, a tangent per argument, and the values it closes over; it returns the tangents of the results.
 */
export type CustomParams = {
  readonly body: Subprogram;
  readonly rule: Subprogram;
  readonly args: number;
  readonly closed: number;
};

/** Runs a program; its tangent is what the user's rule says. */
export const customPrimitive: Primitive<CustomParams> = {
  name: 'custom',
  category: 'opaque',
  body: ({ body }) => body.program,
  infer: (inputs, { body }) => inferCall('custom', body.program, inputs),
  jvp({ params: { rule, args, closed }, primals, tangents, outputs }) {
    const lost = tangents.findIndex((tangent, i) => tangent !== null && i >= args);
    if (lost >= 0) {
      throw new TraceError(
        `custom: the function or its rule closes over a ${formatAval(primals[lost]!.aval)} in which a derivative is taken, ` +
          'and the rule cannot know of it; pass it as an argument',
      );
    }
    const moved = tangents.slice(0, args).map((tangent, i) => instantiate(tangent, primals[i]!.aval));
    const given = [...primals.slice(0, args), ...outputs, ...moved, ...primals.slice(args + closed)];
    return callProgram(rule.program, given);
  },
  batch({ params, inputs, batched, size }) {
    const { body, rule, args, closed } = params;
    const own = batched.slice(0, args);
    const flags = [...own, ...body.program.outputs.map(() => true), ...own, ...batched.slice(args + closed)];
    return bind(customPrimitive, inputs, {
      ...params,
      body: new Subprogram(batchProgram(body.program, batched, size)),
      rule: new Subprogram(batchProgram(rule.program, flags, size)),
    });
  },
};

/**
 * `fn` with a tangent rule of your own: `rule(args, value, tangents)` returns the tangent of the value. It is written with the same operations
 * and must be linear in the tangents; reverse mode is its transpose and higher orders are its own derivatives. All arguments must be floats.
 * @throws {TraceError} if an argument is not a float, if the rule's result is not like the value, or if a derivative is taken in something
 *   that `fn` or the rule closes over; in reverse mode, if the rule is not linear in the tangents.
 */
export const customJvp =
  <A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    rule: (args: NoInfer<A>, value: NoInfer<R>, tangents: NoInfer<A>) => NoInfer<R>,
  ): ((...args: A) => R) =>
  (...args) => {
    const traced = traceFloats('customJvp', fn, args);
    const { argument, value, avals } = sidesOf(traced);
    const ruled = traceStructured(rule, [argument, value, argument], [...avals.args, ...avals.value, ...avals.args]);
    requireLike(
      'customJvp: the rule must return a tangent like the value',
      value,
      ruled.output,
      avals.value,
      ruled.program,
    );
    return applyCustom(traced, ruled.program, ruled.captured);
  };

/**
 * `fn` with a pullback of your own: `pull(args, value, cotangent)` returns a cotangent per argument, and must be linear in the cotangent.
 * Forward mode is its transpose, so every mode and order exists. Otherwise as {@link customJvp}.
 */
export const customVjp =
  <A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    pull: (args: NoInfer<A>, value: NoInfer<R>, cotangent: NoInfer<R>) => [...A],
  ): ((...args: A) => R) =>
  (...args) => {
    const traced = traceFloats('customVjp', fn, args);
    const { argument, value, avals } = sidesOf(traced);
    const pulled = traceStructured(pull, [argument, value, value], [...avals.args, ...avals.value, ...avals.value]);
    requireLike(
      'customVjp: the pullback must return a cotangent per argument',
      argument,
      pulled.output,
      avals.args,
      pulled.program,
    );
    // The transpose wants what is known first: arguments, value, what the pullback closes over; then the cotangent.
    const { inputs } = pulled.program;
    const known = avals.args.length + avals.value.length;
    const [cotangent, closed] = [
      inputs.slice(known, known + avals.value.length),
      inputs.slice(known + avals.value.length),
    ];
    const ordered = { ...pulled.program, inputs: [...inputs.slice(0, known), ...closed, ...cotangent] };
    const rule = transposeProgram(ordered, known + closed.length);
    const [before, after] = [rule.inputs.slice(known, known + closed.length), rule.inputs.slice(known + closed.length)];
    return applyCustom(
      traced,
      { ...rule, inputs: [...rule.inputs.slice(0, known), ...after, ...before] },
      pulled.captured,
    );
  };

function traceFloats(name: string, fn: (...args: never[]) => unknown, args: readonly unknown[]): TracedFunction {
  const other = flatten(args).leaves.find(({ aval }) => !isDifferentiable(aval));
  if (other) {
    throw new TraceError(
      `${name}: arguments must be floats, got a ${formatAval(other.aval)}; let the function close over it`,
    );
  }
  return traceFunction(fn, args);
}

/** The structures of the argument list and of the value, and their leaves' kinds. */
function sidesOf({ inputs, output, leaves, program }: TracedFunction) {
  const argument: Structure = { kind: 'array', items: inputs };
  const avals = { args: leaves.map(({ aval }) => aval), value: program.outputs.map(({ aval }) => aval) };
  return { argument, value: output, avals };
}

function requireLike(
  rule: string,
  expected: Structure,
  got: Structure,
  avals: readonly Aval[],
  program: Program,
): void {
  requireSameStructure(rule, expected, got);
  avals.forEach((aval, i) => {
    const actual = program.outputs[i]!.aval;
    if (!sameAval(aval, actual)) {
      throw new TraceError(`${rule}: leaf ${i} must be ${formatAval(aval)}, got ${formatAval(actual)}`);
    }
  });
}

function applyCustom<R>(traced: TracedFunction, rule: Program, ruleCaptured: TracedFunction['captured']): R {
  const { program, leaves, captured, output } = traced;
  const body = {
    ...program,
    inputs: [...program.inputs, ...rule.inputs.slice(rule.inputs.length - ruleCaptured.length)],
  };
  const params = {
    body: new Subprogram(body),
    rule: new Subprogram(rule),
    args: leaves.length,
    closed: captured.length,
  };
  return unflatten<R>(output, bind(customPrimitive, [...leaves, ...captured, ...ruleCaptured], params));
}
