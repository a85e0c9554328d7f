import { bytesOf, Var } from '../ir/index.js';
import { contiguous, cutsOf, isContiguous } from './fuse-pattern.js';
import type { Access, Group, Instruction, Step } from './instructions.js';

/** Tensors below this stay in cache anyway. */
const LARGE = 4096;
/**
 * What one step costs, in bytes of memory traffic per element: measured, a step takes about as long as moving a byte from the
 * third-level cache, and less than half of that from memory.
 */
const BYTES_PER_STEP = 1;

/**
 * Lets later sweeps compute a cheap value again, instead of one sweep storing it and the others loading it: x − mean of a
 * batch-norm costs a subtraction, but 8 bytes of traffic per element. Done where it saves memory traffic.
 */
export function recompute(instructions: readonly Instruction[], outputs: ReadonlySet<Var>): void {
  const readers = readersOf(instructions);
  for (const group of instructions) {
    if (group.kind === 'kernel' || group.size < LARGE) continue;
    for (const step of [...group.steps]) {
      if (group.stored.has(step.output)) recomputeOne(group, step, readers, outputs.has(step.output));
    }
  }
}

interface Reader {
  readonly groups: Set<Group>;
  /** Read by a kernel, or otherwise than element by element: it must be stored in any case. */
  pinned: boolean;
}

function readersOf(instructions: readonly Instruction[]): Map<Var, Reader> {
  const readers = new Map<Var, Reader>();
  const of = (variable: Var): Reader => {
    let reader = readers.get(variable);
    if (!reader) {
      reader = { groups: new Set(), pinned: false };
      readers.set(variable, reader);
    }
    return reader;
  };
  for (const instruction of instructions) {
    if (instruction.kind === 'kernel') {
      for (const variable of instruction.inputs) of(variable).pinned = true;
      continue;
    }
    for (const access of instruction.accesses) {
      if (!(access.root instanceof Var) || instruction.reads(access)) continue;
      const reader = of(access.root);
      if (isContiguous(access.pattern)) reader.groups.add(instruction);
      else reader.pinned = true;
    }
  }
  return readers;
}

function recomputeOne(group: Group, step: Step, readers: Map<Var, Reader>, isOutput: boolean): void {
  const reader = readers.get(step.output);
  if (!reader || reader.groups.size === 0) return;
  const cone = coneOf(group, step);
  const leaves = cone.flatMap((each) => each.inputs).filter((access) => !inCone(cone, access));
  const streamed = new Set(leaves.filter(isStream).map(({ root }) => root as Var));
  const own = bytesOf(step.output.aval.dtype);
  const work = BYTES_PER_STEP * cone.reduce((sum, each) => sum + each.work, 0);
  const cost = (target: Group): number => {
    const read = new Set(target.accesses.map(({ root }) => root));
    return [...streamed].reduce((sum, leaf) => sum + (read.has(leaf) ? 0 : bytesOf(leaf.aval.dtype)), work);
  };
  const targets = [...reader.groups].filter((target) => fits(target, leaves, cone.length));
  const canDrop = !isOutput && !reader.pinned && targets.length === reader.groups.size;
  const total = targets.reduce((sum, target) => sum + cost(target), 0);
  const all = canDrop && total <= own * (targets.length + 1);
  for (const target of targets) {
    if (!all && cost(target) >= own) continue;
    target.cuts = target.joined(leaves.flatMap(({ pattern }) => cutsOf(pattern.extents)))!;
    inline(target, cone, step.output);
    reader.groups.delete(target);
    // The copies read what the original read.
    for (const leaf of leaves) if (leaf.root instanceof Var) noteReader(readers, leaf, target);
  }
}

function noteReader(readers: Map<Var, Reader>, leaf: Access, target: Group): void {
  const root = leaf.root as Var;
  const reader = readers.get(root) ?? { groups: new Set<Group>(), pinned: false };
  if (isContiguous(leaf.pattern)) reader.groups.add(target);
  else reader.pinned = true;
  readers.set(root, reader);
}

const isStream = ({ root, pattern }: Access): boolean => root instanceof Var && isContiguous(pattern);

const inCone = (cone: readonly Step[], { root, pattern }: Access): boolean =>
  isContiguous(pattern) && cone.some((step) => step.output === root);

function fits(target: Group, leaves: readonly Access[], steps: number): boolean {
  const cuts = leaves.flatMap(({ pattern }) => cutsOf(pattern.extents));
  return !target.full && target.steps.length + steps <= 64 && target.joined(cuts) !== null;
}

/** The steps that compute `step` from what its group loads or stores, in order. */
function coneOf(group: Group, step: Step): Step[] {
  const wanted = new Set<Var>([step.output]);
  const cone: Step[] = [];
  for (let i = group.steps.indexOf(step); i >= 0; i--) {
    const each = group.steps[i]!;
    if (!wanted.has(each.output)) continue;
    cone.unshift(each);
    for (const access of each.inputs) {
      const stored = access.root instanceof Var && group.stored.has(access.root);
      if (group.reads(access) && !stored) wanted.add(access.root as Var);
    }
  }
  return cone;
}

/** Replaces every reading of `variable` in `target` by a computation of its own. */
function inline(target: Group, cone: readonly Step[], variable: Var): void {
  const fresh = new Map(cone.map((step) => [step.output, new Var(step.output.aval)]));
  const renamed = (access: Access, only?: Var): Access => {
    const root = access.root;
    const other = root instanceof Var && (!only || root === only) ? fresh.get(root) : undefined;
    return other && isContiguous(access.pattern) ? { root: other, pattern: contiguous(target.size) } : access;
  };
  target.steps = target.steps.map((step) => ({
    ...step,
    inputs: step.inputs.map((access) => renamed(access, variable)),
  }));
  target.folds = target.folds.map((fold) => ({ ...fold, input: renamed(fold.input, variable) }));
  target.prepend(
    cone.map((step) => ({
      ...step,
      inputs: step.inputs.map((access) => renamed(access)),
      output: fresh.get(step.output)!,
    })),
  );
}
