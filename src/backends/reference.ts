import {
  type Atom,
  allocateArray,
  arrayFrom,
  bytesOf,
  DTypeError,
  type Equation,
  formatAval,
  Literal,
  type Program,
  ShapeError,
  sameAval,
  sizeOf,
  Tensor,
  type TypedArray,
  type Var,
} from '../ir/index.js';
import type { Backend, Executable } from './backend.js';
import { kernelOf } from './reference/table.js';

/** The living definition of every operation: clear loops in TypeScript, one equation after another, sums in f64. Runs anywhere. */
export const referenceBackend: Backend = {
  name: 'typescript',
  info: () => ({ name: 'typescript', device: 'JavaScript, 1 thread', details: { accumulation: 'f64' } }),
  compile: prepare,
};

interface Step {
  readonly equation: Equation;
  execute(inputs: readonly TypedArray[], outputs: readonly TypedArray[]): void;
  /** Variables nobody reads after this step. */
  readonly dying: readonly Var[];
}

function prepare(program: Program): Executable {
  const steps = plan(program);
  const run = (given: readonly Tensor[]): Tensor[] => {
    requireInputs(program, given);
    const environment = new Map<Var, TypedArray>(program.inputs.map((variable, i) => [variable, given[i]!.data()]));
    const read = (atom: Atom): TypedArray =>
      atom instanceof Literal ? arrayFrom(atom.aval.dtype, [atom.value]) : environment.get(atom)!;
    for (const { equation, execute, dying } of steps) {
      const outputs = equation.outputs.map(({ aval }) => allocateArray(aval.dtype, sizeOf(aval.shape)));
      execute(equation.inputs.map(read), outputs);
      equation.outputs.forEach((variable, i) => {
        environment.set(variable, outputs[i]!);
      });
      for (const variable of dying) environment.delete(variable);
    }
    return program.outputs.map((atom) => Tensor.of(read(atom), atom.aval.shape, atom.aval.dtype));
  };
  return {
    run,
    runAsync: async (given) => run(given),
    stats: () => {
      const bytes = peakBytes(program, steps);
      return { instructions: steps.length, sweeps: 0, arenaBytes: bytes, peakBytes: bytes, constantBytes: 0 };
    },
  };
}

/** Finds the kernels and the last use of every variable. @throws {BackendError} if a primitive is unknown. */
function plan(program: Program): Step[] {
  const live = new Set<Atom>(program.outputs);
  const steps = program.equations.toReversed().map((equation): Step => {
    const kernel = kernelOf(equation.primitive);
    const dying: Var[] = [];
    for (const atom of [...equation.inputs, ...equation.outputs]) {
      if (atom instanceof Literal || live.has(atom)) continue;
      live.add(atom);
      dying.push(atom);
    }
    return {
      equation,
      dying,
      execute(inputs, [output]) {
        const operands = inputs.map((data, i) => ({ data, ...equation.inputs[i]!.aval }));
        kernel(operands, equation.params, { data: output!, ...equation.outputs[0]!.aval });
      },
    };
  });
  return steps.reverse();
}

/** The most bytes that intermediates hold at once. */
function peakBytes(program: Program, steps: readonly Step[]): number {
  const bytes = ({ aval }: Atom): number => sizeOf(aval.shape) * bytesOf(aval.dtype);
  const external = new Set<Atom>([...program.inputs, ...program.outputs]);
  const own = (variables: readonly Var[]): number =>
    variables.reduce((total, variable) => total + (external.has(variable) ? 0 : bytes(variable)), 0);
  let now = 0;
  let peak = 0;
  for (const { equation, dying } of steps) {
    now += own(equation.outputs);
    peak = Math.max(peak, now);
    now -= own(dying);
  }
  return peak;
}

function requireInputs({ inputs }: Program, given: readonly Tensor[]): void {
  if (given.length !== inputs.length) {
    throw new ShapeError(`run: the program takes ${inputs.length} inputs, got ${given.length}`);
  }
  inputs.forEach(({ aval }, i) => {
    const got = given[i]!.aval;
    if (sameAval(aval, got)) return;
    const kind = aval.dtype === got.dtype ? ShapeError : DTypeError;
    throw new kind(`run: input ${i} must be ${formatAval(aval)}, got ${formatAval(got)}`);
  });
}
