import { bind, interpret, isDifferentiable, type MaybeZero, type Program, trace, type Value } from '../ir/index.js';

/**
 * Runs a program on pairs (value, tangent). Tangents that are `null` are symbolic zeros: an equation none of whose inputs has a tangent
 * is merely run.
 */
export function pushForward(
  program: Program,
  primals: readonly Value[],
  tangents: readonly MaybeZero[],
): { outputs: Value[]; tangents: MaybeZero[] } {
  const tangentOf = new Map<Value, MaybeZero>();
  primals.forEach((primal, i) => {
    tangentOf.set(primal, tangents[i]!);
  });
  const outputs = interpret(program, primals, ({ primitive, params }, inputs) => {
    const results = bind(primitive, inputs, params);
    const moving = inputs.map((input) => tangentOf.get(input) ?? null);
    if (moving.some((tangent) => tangent !== null)) {
      const moved = primitive.jvp({ params, primals: inputs, tangents: moving, outputs: results });
      results.forEach((result, i) => {
        if (isDifferentiable(result.aval)) tangentOf.set(result, moved[i]!);
      });
    }
    return results;
  });
  return { outputs, tangents: outputs.map((output) => tangentOf.get(output) ?? null) };
}

export interface JvpProgram {
  /** Inputs: the program's, then a tangent for each active one. Outputs: the program's, then the tangents that are not zero. */
  readonly program: Program;
  /** Which outputs have a tangent. */
  readonly moving: readonly boolean[];
}

/** The program that computes values and tangents together. `active` marks the inputs that have a tangent. */
export function jvpProgram(program: Program, active: readonly boolean[]): JvpProgram {
  const avals = program.inputs.map((variable) => variable.aval);
  let moving: boolean[] = [];
  const traced = trace(
    (...values) => {
      let next = avals.length;
      const tangents = active.map((isActive) => (isActive ? values[next++]! : null));
      const result = pushForward(program, values.slice(0, avals.length), tangents);
      moving = result.tangents.map((tangent) => tangent !== null);
      return [...result.outputs, ...result.tangents.filter((tangent) => tangent !== null)];
    },
    [...avals, ...avals.filter((_, i) => active[i])],
  );
  return { program: traced.program, moving };
}
