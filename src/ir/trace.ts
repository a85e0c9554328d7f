import { allocateArray, type DType } from './dtype.js';
import { TraceError } from './errors.js';
import type { Primitive } from './primitive.js';
import { type Atom, type Aval, type Equation, formatAval, Literal, type Params, type Program, Var } from './program.js';
import { Tensor, Tracer, type Value } from './value.js';

/** Records equations while a function runs on {@link Tracer}s. */
export class Trace {
  readonly equations: Equation[] = [];
  /** Values from outside (tensors, tracers of an enclosing trace) and the input that stands for each. */
  readonly captured = new Map<Value, Var>();

  input(aval: Aval): Tracer {
    return new Tracer(this, new Var(aval));
  }

  atomOf(value: Value): Atom {
    if (value instanceof Tracer) {
      if (value.trace === this) return value.atom;
      if (!stack.includes(value.trace)) {
        throw new TraceError(
          `trace: a ${formatAval(value.aval)} traced in one function was used after that function had returned; return it instead`,
        );
      }
    }
    let variable = this.captured.get(value);
    if (variable === undefined) {
      variable = new Var(value.aval);
      this.captured.set(value, variable);
    }
    return variable;
  }

  record(primitive: Primitive, inputs: readonly Value[], params: Params): Tracer[] {
    const atoms = inputs.map((value) => this.atomOf(value));
    const outputs = primitive.infer(
      atoms.map((atom) => atom.aval),
      params,
    );
    const variables = outputs.map((aval) => new Var(aval));
    this.equations.push({ primitive, params, inputs: atoms, outputs: variables });
    return variables.map((variable) => new Tracer(this, variable));
  }
}

/** Functions being traced now, innermost last. */
const stack: Trace[] = [];

/** Runs programs on tensors that exist. Backends install one; until then only tracing works. */
export interface Evaluator {
  /** Runs one operation at once. */
  apply(primitive: Primitive, inputs: readonly Tensor[], params: Params): Tensor[];
  /** Runs a whole program at once. */
  call(program: Program, inputs: readonly Tensor[]): Tensor[];
}

let evaluator: Evaluator | undefined;

export function installEvaluator(next: Evaluator): void {
  evaluator = next;
}

function requireEvaluator(): Evaluator {
  if (!evaluator)
    throw new TraceError('run: no backend is installed; import the package itself rather than one of its parts');
  return evaluator;
}

/** Whether operations are being recorded rather than run. */
export const isTracing = (): boolean => stack.length > 0;

/** Applies a primitive: records it in the innermost trace if there is one, runs it otherwise. */
export function bind(primitive: Primitive, inputs: readonly Value[], params: Params = {}): Value[] {
  const trace = stack.at(-1);
  if (trace) return trace.record(primitive, inputs, params);
  return requireEvaluator().apply(primitive, concrete(inputs), params);
}

/** A number as a rank-0 value: a literal inside a trace, a tensor outside. */
export function scalar(value: number, dtype: DType): Value {
  const trace = stack.at(-1);
  if (trace) return new Tracer(trace, new Literal(value, dtype));
  const array = allocateArray(dtype, 1);
  array[0] = value;
  return Tensor.of(array, [], dtype);
}

/** A traced function: its program takes the arguments first, then the values it closed over. */
export interface Traced {
  readonly program: Program;
  readonly captured: readonly Value[];
}

/** Runs `fn` once on stand-ins for `avals` and returns what it did as a program. */
export function trace(fn: (...inputs: Value[]) => readonly Value[], avals: readonly Aval[]): Traced {
  const current = new Trace();
  stack.push(current);
  try {
    const inputs = avals.map((aval) => current.input(aval));
    const outputs = fn(...inputs).map((value) => current.atomOf(value));
    const program = {
      inputs: [...inputs.map((tracer) => tracer.atom as Var), ...current.captured.values()],
      equations: current.equations,
      outputs,
    };
    return { program, captured: [...current.captured.keys()] };
  } finally {
    stack.pop();
  }
}

/** Visits each equation with the values of its inputs; `step` returns the values of its outputs. */
export function interpret(
  program: Program,
  inputs: readonly Value[],
  step: (equation: Equation, inputs: readonly Value[]) => readonly Value[],
): Value[] {
  const environment = new Map<Var, Value>();
  program.inputs.forEach((variable, i) => {
    environment.set(variable, inputs[i]!);
  });
  const read = (atom: Atom): Value =>
    atom instanceof Literal ? scalar(atom.value, atom.aval.dtype) : environment.get(atom)!;
  for (const equation of program.equations) {
    const outputs = step(equation, equation.inputs.map(read));
    equation.outputs.forEach((variable, i) => {
      environment.set(variable, outputs[i]!);
    });
  }
  return program.outputs.map(read);
}

/** Runs a program: inlined into the innermost trace if there is one, as one call to the backend otherwise. */
export function callProgram(program: Program, inputs: readonly Value[]): Value[] {
  if (!isTracing()) return requireEvaluator().call(program, concrete(inputs));
  return interpret(program, inputs, (equation, values) => bind(equation.primitive, values, equation.params));
}

function concrete(inputs: readonly Value[]): readonly Tensor[] {
  for (const value of inputs) {
    if (!(value instanceof Tensor)) {
      throw new TraceError(
        `run: a traced ${formatAval(value.aval)} was used outside the function that traced it; return it instead`,
      );
    }
  }
  return inputs as readonly Tensor[];
}
