import type { JvpContext, MaybeZero, Params, Primitive, TransposeContext, Value } from '../../src/ir/index.js';
import { sameAval } from '../../src/ir/index.js';
import { type ParamsOf, type PrimitiveName, primitives } from '../../src/ops/index.js';
import { derivativeChecks, entries } from '../conformance/matrix.js';
import { reference } from '../support/reference.js';

declare module 'vitest' {
  interface TaskMeta {
    /** The check that found a planted fault. */
    caught?: string;
  }
}

/** A fault planted in the rule of one primitive. */
export interface Mutant {
  readonly name: string;
  readonly primitive: PrimitiveName;
  /** Puts the fault in place; the result takes it out again. */
  plant(): () => void;
}

interface Rules<P extends Params> {
  jvp(context: JvpContext<P>): readonly MaybeZero[];
  transpose(context: TransposeContext<P>): readonly MaybeZero[];
}

/** `wrong` gets the rules as they are, and returns those that it replaces. */
export function mutant<N extends PrimitiveName>(
  primitive: N,
  fault: string,
  wrong: (right: Rules<ParamsOf<N>>) => Partial<Rules<ParamsOf<N>>>,
): Mutant {
  return {
    name: `${primitive}: ${fault}`,
    primitive,
    plant() {
      const object = primitives[primitive] as unknown as Primitive<ParamsOf<N>>;
      const { jvp, transpose } = object;
      // An adjoint that is absent stays absent, and is not asked for.
      const right = { jvp, ...(transpose && { transpose }) } as Rules<ParamsOf<N>>;
      Object.assign(object, wrong(right));
      return () => {
        Object.assign(object, right);
      };
    },
  };
}

/** A fault in the slope of a function of one number. */
export const slope = (
  primitive: PrimitiveName,
  fault: string,
  rule: (t: Value, x: Value, y: Value) => MaybeZero,
): Mutant =>
  mutant(primitive, fault, () => ({
    jvp: ({ primals: [x], tangents: [t], outputs: [y] }) => [rule(t!, x!, y!)],
  }));

/** The wrong value where it has the shape that is expected, the right one elsewhere: so that a fault is not found by its shape alone. */
export function whereItFits(right: MaybeZero, wrong: () => Value): MaybeZero {
  if (right === null) return null;
  try {
    const value = wrong();
    return sameAval(value.aval, right.aval) ? value : right;
  } catch {
    return right;
  }
}

/** The first check of the matrix that a primitive fails, in words; `undefined` if it passes them all. */
export function failureOf(primitive: PrimitiveName): string | undefined {
  const entry = entries.find(({ name }) => name === primitive)!;
  for (const sample of entry.family.samples) {
    for (const check of derivativeChecks(entry, sample)) {
      try {
        check.prepare()(reference);
      } catch (error) {
        const [message] = String(error instanceof Error ? error.message : error).split('\n');
        return `${sample.name}: ${message}`;
      }
    }
  }
  return undefined;
}
