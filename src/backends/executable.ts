import { splitConstants } from '../compile/constants.js';
import {
  type Atom,
  type Aval,
  arrayFrom,
  bytesOf,
  DTypeError,
  formatAval,
  inlineBodies,
  Literal,
  type Program,
  prune,
  ShapeError,
  sameAval,
  simplify,
  sizeOf,
  Tensor,
  Var,
} from '../ir/index.js';
import type { Backend, Executable } from './backend.js';

const bytesOfAval = ({ shape, dtype }: Aval): number => sizeOf(shape) * bytesOf(dtype);

/** With what is the same in every run computed now, and handed to each run as inputs. */
function compileBody(backend: Backend, program: Program): Executable {
  const split = splitConstants(program);
  if (!split) return backend.compile(program);
  const constants = backend.compile(split.constants).run([]);
  const rest = backend.compile(split.rest);
  return {
    run: (given) => rest.run(given.concat(constants)),
    runAsync: (given) => rest.runAsync(given.concat(constants)),
    stats: () => ({ ...rest.stats(), constantBytes: constants.reduce((sum, { aval }) => sum + bytesOfAval(aval), 0) }),
  };
}

/**
 * Makes a program ready on a backend. What every backend would have to do the same way is done here once: simplification, the check of
 * the inputs, and outputs that are not computed at all (inputs handed through, literals, one value returned twice).
 */
export function makeExecutable(backend: Backend, program: Program): Executable {
  const simple = inlineBodies(simplify(program, { final: true }));
  const inputs = new Map(simple.inputs.map((variable, i) => [variable as Atom, i]));
  const computed = [...new Set(simple.outputs)].filter((atom): atom is Var => atom instanceof Var && !inputs.has(atom));
  const position = new Map<Atom, number>(computed.map((variable, i) => [variable, i]));
  const body = computed.length > 0 ? compileBody(backend, prune({ ...simple, outputs: computed })) : undefined;
  /** Where each output comes from. */
  const sources = simple.outputs.map((atom) => {
    if (atom instanceof Literal) {
      return { literal: Tensor.of(arrayFrom(atom.aval.dtype, [atom.value]), [], atom.aval.dtype) };
    }
    const input = inputs.get(atom);
    return input === undefined ? { result: position.get(atom)! } : { input };
  });

  const check = (given: readonly Tensor[]): void => {
    if (given.length !== simple.inputs.length) {
      throw new ShapeError(`run: the program takes ${simple.inputs.length} inputs, got ${given.length}`);
    }
    simple.inputs.forEach(({ aval }, i) => {
      const got = given[i]!.aval;
      if (sameAval(aval, got)) return;
      const kind = aval.dtype === got.dtype ? ShapeError : DTypeError;
      throw new kind(`run: input ${i} must be ${formatAval(aval)}, got ${formatAval(got)}`);
    });
  };
  const collect = (given: readonly Tensor[], results: readonly Tensor[]): Tensor[] =>
    sources.map(({ literal, input, result }) => {
      if (result !== undefined) return results[result]!;
      return literal ?? given[input!]!;
    });
  return {
    run(given) {
      check(given);
      return collect(given, body ? body.run(given) : []);
    },
    async runAsync(given) {
      check(given);
      return collect(given, body ? await body.runAsync(given) : []);
    },
    stats: () => body?.stats() ?? { instructions: 0, sweeps: 0, arenaBytes: 0, peakBytes: 0, constantBytes: 0 },
  };
}
