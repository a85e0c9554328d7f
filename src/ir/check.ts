import { TraceError } from './errors.js';
import { type Atom, formatAval, Literal, type Program, sameAval, type Var } from './program.js';

/**
 * Verifies that a program is well formed: every variable bound once and before its use, every equation's outputs as its primitive
 * infers them. Runs after every transform in tests.
 * @throws {TraceError} naming the first equation that is not.
 */
export function checkProgram(program: Program): void {
  const bound = new Set<Var>();
  const define = (variable: Var, where: string) => {
    if (bound.has(variable)) throw new TraceError(`check: ${where} binds a variable that is bound already`);
    bound.add(variable);
  };
  const use = (atom: Atom, where: string) => {
    if (!(atom instanceof Literal) && !bound.has(atom)) {
      throw new TraceError(`check: ${where} reads a ${formatAval(atom.aval)} that nothing has bound`);
    }
  };
  program.inputs.forEach((variable, i) => {
    define(variable, `input ${i}`);
  });
  program.equations.forEach(({ primitive, params, inputs, outputs }, i) => {
    const where = `equation ${i} (${primitive.name})`;
    for (const atom of inputs) use(atom, where);
    const body = primitive.body?.(params);
    if (body) checkProgram(body);
    const avals = primitive.infer(
      inputs.map((atom) => atom.aval),
      params,
    );
    if (avals.length !== outputs.length || avals.some((aval, k) => !sameAval(aval, outputs[k]!.aval))) {
      throw new TraceError(
        `check: ${where} says ${outputs.map((v) => formatAval(v.aval))} but its rule infers ${avals.map(formatAval)}`,
      );
    }
    for (const variable of outputs) define(variable, where);
  });
  program.outputs.forEach((atom, i) => {
    use(atom, `output ${i}`);
  });
}
