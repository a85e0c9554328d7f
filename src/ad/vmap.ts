import {
  type Aval,
  bind,
  ConfigError,
  callProgram,
  flatten,
  formatAval,
  interpret,
  type Program,
  ShapeError,
  simplify,
  trace,
  unflatten,
  type Value,
} from '../ir/index.js';
import { full, repeat } from '../ops/calculus.js';
import { traceStructured } from './grad.js';

/**
 * The program that does for every example of a batch what `program` does for one. Inputs: the program's, the `batched` ones with an axis
 * of extent `size` in front. Outputs: the program's, all with that axis in front. What does not depend on a batched input is computed
 * once; where an output does not, it is repeated.
 */
export function batchProgram(program: Program, batched: readonly boolean[], size: number): Program {
  const traced = trace(
    (...values) => {
      const carrying = new Set(values.filter((_, i) => batched[i]));
      const outputs = interpret(program, values, ({ primitive, params, outputs: variables }, inputs) => {
        const carry = inputs.map((input) => carrying.has(input));
        if (!carry.includes(true)) return bind(primitive, inputs, params);
        const results =
          size === 0
            ? variables.map(({ aval }) => full([0, ...aval.shape], 0, aval.dtype))
            : primitive.batch({ params, size, inputs, batched: carry });
        for (const result of results) carrying.add(result);
        return results;
      });
      return outputs.map((output) => (carrying.has(output) ? output : repeat(output, size)));
    },
    program.inputs.map(({ aval }, i) => (batched[i] ? { ...aval, shape: [size, ...aval.shape] } : aval)),
  );
  return simplify(traced.program);
}

export interface VmapOptions {
  /** For each argument: 0, every leaf of it carries the batch axis in front (default); `null`, it is the same for all examples. */
  readonly inAxes?: readonly (0 | null)[];
}

/**
 * `fn` of one example as a function of a batch of them: leaves of the arguments and of the result gain a batch axis in front. `fn` is
 * traced at the shapes of one example; what it closes over is the same for all. Composes with every transform, itself included, in any
 * order: `vmap(grad(loss), { inAxes: [null, 0] })` gives the gradient of each example.
 * Cost: that of `fn` on the whole batch at once; what does not depend on the example is done once. Traced at each call: compile what is
 * called often.
 * @throws {ConfigError} if `inAxes` does not fit the arguments or no argument carries a batch; {ShapeError} if a leaf that should carry
 * the batch axis is a scalar, or leaves disagree on its extent.
 */
export function vmap<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  { inAxes }: VmapOptions = {},
): (...args: A) => R {
  return (...args) => {
    const axes = inAxes ?? args.map(() => 0);
    requireAxes(axes, args.length);
    const flat = args.map((arg) => flatten(arg));
    const leaves = flat.flatMap((argument) => argument.leaves);
    const batched = flat.flatMap((argument, i) => argument.leaves.map(() => axes[i] === 0));
    const size = batchSize(flat.map((argument, i) => (axes[i] === 0 ? argument.leaves : [])));
    const { program, captured, output } = traceStructured(
      fn,
      flat.map(({ structure }) => structure),
      leaves.map(({ aval }, i) => (batched[i] ? { ...aval, shape: aval.shape.slice(1) } : aval)),
    );
    const whole = batchProgram(program, [...batched, ...captured.map(() => false)], size);
    return unflatten<R>(output, callProgram(whole, [...leaves, ...captured]));
  };
}

function requireAxes(axes: readonly (number | null)[], count: number): void {
  if (axes.length !== count) {
    throw new ConfigError(`vmap: inAxes has ${axes.length} entries for ${count} arguments; give one for each`);
  }
  const wrong = axes.find((axis) => axis !== 0 && axis !== null);
  if (wrong !== undefined) {
    throw new ConfigError(
      `vmap: inAxes are 0 or null, got ${wrong}; transpose the argument so that its batch axis is in front`,
    );
  }
}

/** The extent of the batch axis that all leaves of the batched arguments have in front. */
function batchSize(leavesOf: readonly (readonly Value[])[]): number {
  let first: { readonly name: string; readonly aval: Aval } | undefined;
  for (const [i, leaves] of leavesOf.entries()) {
    for (const [k, { aval }] of leaves.entries()) {
      const name = `leaf ${k} of argument ${i}`;
      if (aval.shape.length === 0) {
        throw new ShapeError(
          `vmap: ${name} is a scalar ${formatAval(aval)} and has no batch axis; pass what all examples share with inAxes null`,
        );
      }
      first ??= { name, aval };
      if (aval.shape[0] !== first.aval.shape[0]) {
        throw new ShapeError(
          `vmap: batched leaves must agree in their first extent, ${first.name} is ${formatAval(first.aval)}, ${name} is ` +
            `${formatAval(aval)}; pass what all examples share with inAxes null`,
        );
      }
    }
  }
  if (!first) {
    throw new ConfigError(
      'vmap: no argument carries a batch axis, so there is nothing to map over; set inAxes to 0 for one that does',
    );
  }
  return first.aval.shape[0]!;
}
