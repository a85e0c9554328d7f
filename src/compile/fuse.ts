import { type Atom, type Aval, type Equation, Literal, type Program, sizeOf, Var } from '../ir/index.js';
import { isNear, mergeSweeps } from './fuse-merge.js';
import { broadcastPattern, contiguous, cutsOf, foldPattern, isContiguous, joinCuts, repeated } from './fuse-pattern.js';
import { recompute } from './fuse-recompute.js';
import { type Access, type Fused, Group, type Instruction } from './instructions.js';
import { computeLate } from './late.js';
import { CONVERT, COPY, roleOf, TAPE_RANK } from './tape.js';

/** Below this many elements an instruction costs more to start than to run: steps of equal size share one whatever they read. */
const SMALL = 4096;

/** Turns a program into few sweeps over memory. */
export function fuse(program: Program): Fused {
  const late = computeLate(program);
  const fuser = new Fuser(late);
  for (const equation of liveEquations(late)) fuser.visit(equation);
  const outputs = fuser.outputs(late.outputs);
  const merged = mergeSweeps(prune(fuser.instructions, outputs));
  // What is stored changes with what is read from outside.
  const pruned = prune(merged, outputs);
  recompute(pruned, new Set(outputs));
  return { inputs: program.inputs, instructions: prune(pruned, outputs), outputs };
}

function liveEquations(program: Program): Equation[] {
  const needed = new Set<Atom>(program.outputs);
  const live = program.equations.toReversed().filter((equation) => {
    if (!equation.outputs.some((variable) => needed.has(variable))) return false;
    for (const atom of equation.inputs) needed.add(atom);
    return true;
  });
  return live.reverse();
}

/** Drops what nothing reads, and notes which results of steps are read from outside their group. */
function prune(instructions: readonly Instruction[], outputs: readonly Var[]): Instruction[] {
  const needed = new Set<Var | Literal>(outputs);
  const kept = instructions.toReversed().filter((instruction) => {
    if (instruction.kind === 'kernel') {
      if (!needed.has(instruction.output)) return false;
      for (const variable of instruction.inputs) needed.add(variable);
      return true;
    }
    const group = instruction;
    const inside = new Set<Var | Literal>();
    const use = (access: Access) => (group.reads(access) ? inside : needed).add(access.root);
    group.folds = group.folds.filter((fold) => needed.has(fold.output));
    for (const fold of group.folds) use(fold.input);
    group.stored = new Set(group.steps.map((step) => step.output).filter((variable) => needed.has(variable)));
    const steps = group.steps.toReversed().filter((step) => {
      if (!needed.has(step.output) && !inside.has(step.output)) return false;
      step.inputs.forEach(use);
      return true;
    });
    group.steps = steps.reverse();
    return group.steps.length + group.folds.length > 0;
  });
  return kept.reverse();
}

class Fuser {
  readonly instructions: Instruction[] = [];
  private readonly access = new Map<Var, Access>();
  /** Index of the instruction that makes each tensor; inputs have none. */
  private readonly producer = new Map<Var, number>();
  private readonly groups = new Map<number, number[]>();
  private readonly whole = new Map<Var, Access>();
  private readonly inputs: ReadonlySet<Var>;

  constructor(program: Program) {
    this.inputs = new Set(program.inputs);
  }

  visit(equation: Equation): void {
    const { primitive, params, inputs } = equation;
    const output = equation.outputs[0]!;
    const size = sizeOf(output.aval.shape);
    if (size === 0) return;
    const role = roleOf(primitive.name);
    if (role.as === 'kernel') {
      this.kernel(equation, role.code);
    } else if (role.as === 'step') {
      const source = this.read(inputs[0]!);
      const same = role.code === CONVERT && inputs[0]!.aval.dtype === output.aval.dtype;
      // What changes nothing is another name for its input.
      if (role.code === COPY || same) this.access.set(output, source);
      else
        this.step(
          role.code,
          role.work,
          inputs.map((atom) => this.read(atom)),
          output,
        );
    } else if (role.as === 'fold') {
      this.fold(role.code, inputs[0]!, params.axes as readonly number[], output);
    } else if (primitive.category === 'view') {
      this.access.set(output, this.read(inputs[0]!));
    } else {
      this.broadcast(inputs[0]!, params.axes as readonly number[], output);
    }
  }

  /** The tensor that holds each of these values; copies those that are inputs, literals or not laid out in full. */
  outputs(atoms: readonly Atom[]): Var[] {
    return atoms.map((atom) => {
      const access = this.read(atom);
      const holder = this.holder(access);
      return holder && !this.inputs.has(holder) ? holder : this.copy(access, atom.aval);
    });
  }

  private read(atom: Atom): Access {
    if (atom instanceof Literal) return { root: atom, pattern: repeated(1) };
    return this.access.get(atom) ?? { root: atom, pattern: contiguous(sizeOf(atom.aval.shape)) };
  }

  private holder({ root, pattern }: Access): Var | null {
    return root instanceof Var && isContiguous(pattern) ? root : null;
  }

  private copy(access: Access, aval: Aval): Var {
    const output = new Var(aval);
    if (sizeOf(aval.shape) > 0) this.step(COPY, 1, [access], output);
    return output;
  }

  /** The value laid out in memory. */
  private materialize(atom: Atom): Var {
    const access = this.read(atom);
    const holder = this.holder(access);
    if (holder) return holder;
    const known = atom instanceof Var ? this.whole.get(atom) : undefined;
    if (known) return known.root as Var;
    const copy = this.copy(access, atom.aval);
    if (atom instanceof Var) this.whole.set(atom, { root: copy, pattern: contiguous(sizeOf(atom.aval.shape)) });
    return copy;
  }

  private kernel(equation: Equation, code: number): void {
    const inputs = equation.inputs.map((atom) => this.materialize(atom));
    const output = equation.outputs[0]!;
    this.producer.set(output, this.instructions.length);
    this.instructions.push({ kind: 'kernel', code, equation, inputs, output });
  }

  private broadcast(input: Atom, axes: readonly number[], output: Var): void {
    const { shape } = output.aval;
    const access = this.read(input);
    if (access.root instanceof Literal) {
      this.access.set(output, { root: access.root, pattern: repeated(sizeOf(shape)) });
      return;
    }
    const pattern = broadcastPattern(access.pattern, shape, axes);
    if (pattern) {
      this.access.set(output, { root: access.root, pattern });
      return;
    }
    const root = this.materialize(input);
    const direct = broadcastPattern(contiguous(sizeOf(input.aval.shape)), shape, axes)!;
    this.access.set(output, { root, pattern: direct });
  }

  private step(code: number, work: number, sources: readonly Access[], output: Var): void {
    const size = sizeOf(output.aval.shape);
    const { inputs, cuts } = this.compatible(size, sources, [], output.aval);
    const index = this.place(size, inputs, cuts);
    (this.instructions[index] as Group).addStep({ code, work, inputs, output });
    this.producer.set(output, index);
  }

  private fold(code: number, input: Atom, axes: readonly number[], output: Var): void {
    const { shape } = input.aval;
    const size = sizeOf(shape);
    if (size === 0) {
      // The sum of nothing.
      const zero = { root: new Literal(0, output.aval.dtype), pattern: repeated(sizeOf(output.aval.shape)) };
      this.step(COPY, 1, [zero], output);
      return;
    }
    const source = this.read(input);
    if (sizeOf(output.aval.shape) === size) {
      this.access.set(output, source);
      return;
    }
    const pattern = foldPattern(shape, axes);
    const { inputs, cuts } = this.compatible(size, [source], cutsOf(pattern.extents), input.aval);
    const index = this.place(size, inputs, cuts);
    (this.instructions[index] as Group).addFold({ code, input: inputs[0]!, pattern, output });
    this.producer.set(output, index);
  }

  /** These accesses with cuts that go together; one that does not fit the others is laid out in full first. */
  private compatible(size: number, sources: readonly Access[], own: readonly number[], { shape }: Aval) {
    let cuts: readonly number[] = own;
    const inputs = sources.map((source) => {
      const joined = joinCuts(size, cuts, cutsOf(source.pattern.extents));
      if (joined !== null && joined.length < TAPE_RANK) {
        cuts = joined;
        return source;
      }
      return { root: this.copy(source, { shape, dtype: source.root.aval.dtype }), pattern: contiguous(size) };
    });
    return { inputs, cuts };
  }

  /**
   * The instruction that a step or fold joins: one that computes one of its inputs if it can, else one that sweeps over the same
   * tensor, else a new one. Instructions run in order, so it may be no earlier than those that make the inputs.
   */
  private place(size: number, inputs: readonly Access[], cuts: readonly number[]): number {
    let bound = 0;
    for (const access of inputs) {
      const made = access.root instanceof Var ? this.producer.get(access.root) : undefined;
      if (made === undefined) continue;
      const by = this.instructions[made]!;
      const inside = by.kind === 'fused' && by.size === size && by.reads(access);
      bound = Math.max(bound, inside ? made : made + 1);
    }
    let best = -1;
    let bestScore = 0;
    const list = this.groups.get(size) ?? [];
    for (let i = list.length - 1; i >= 0 && list[i]! >= bound; i--) {
      const group = this.instructions[list[i]!] as Group;
      let score = size <= SMALL ? 1 : 0;
      if (inputs.some((access) => group.reads(access))) score = 3;
      else if (isNear(list[i]!, this.instructions.length) && inputs.some((access) => group.streams(access))) score = 2;
      if (score > bestScore && !group.full && group.joined(cuts) !== null) {
        best = list[i]!;
        bestScore = score;
      }
    }
    if (best < 0) {
      best = this.instructions.length;
      this.instructions.push(new Group(size));
      this.groups.set(size, [...list, best]);
    }
    const group = this.instructions[best] as Group;
    group.cuts = group.joined(cuts)!;
    return best;
  }
}
