import { type Atom, formatAval, Literal, type Param, type Program, Subprogram, type Var } from './program.js';

/** A program as text, one equation a line, names in order of binding: `c:f32[2] = add a b`; a program
 * that an equation holds stands under it. Stable, so that golden files can hold it. */
export function printProgram(program: Program): string {
  const names = new Map<Var, string>();
  const bodies: string[] = [];
  const formatParam = (value: Param): string => {
    if (value instanceof Subprogram) return `#${bodies.push(indented(printProgram(value.program)))}`;
    return typeof value === 'object' ? `[${value.map(formatParam).join(',')}]` : String(value);
  };
  const bind = (variable: Var): string => {
    const name = letters(names.size);
    names.set(variable, name);
    return `${name}:${formatAval(variable.aval)}`;
  };
  const use = (atom: Atom): string => (atom instanceof Literal ? String(atom.value) : names.get(atom)!);
  const lines = [`inputs ${program.inputs.map(bind).join(' ')}`];
  for (const { primitive, params, inputs, outputs } of program.equations) {
    const settings = Object.entries(params).map(([key, value]) => `${key}=${formatParam(value)}`);
    const name = settings.length > 0 ? `${primitive.name}{${settings.join(' ')}}` : primitive.name;
    const operands = inputs.map(use);
    lines.push(`  ${outputs.map(bind).join(' ')} = ${[name, ...operands].join(' ')}`);
    for (const body of bodies.splice(0)) lines.push(body);
  }
  lines.push(`outputs ${program.outputs.map(use).join(' ')}`);
  return `${lines.join('\n')}\n`;
}

/** The lines of a subprogram under the equation that holds it. */
const indented = (text: string): string => text.trimEnd().replaceAll(/^/gm, '    ');

/** a, b, …, z, aa, ab, … */
function letters(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}
