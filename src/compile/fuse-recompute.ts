import { bytesOf, Var } from '../ir/index.js';
import { contiguous, cutsOf, isContiguous } from './fuse-pattern.js';
import type { Access, Fold, Group, Instruction, Step } from './instructions.js';
import { type Readers, readersOf } from './readers.js';

/** Tensors below this stay in cache anyway. */
const LARGE = 4096;
/**
 * What one step costs, in bytes of memory traffic per element: measured, a step takes about as long as moving a byte from the
 * third-level cache, and less than half of that from memory.
 */
const BYTES_PER_STEP = 1;
/** A sweep with more steps than this takes in no others. */
const MAX_STEPS = 64;

/**
 * Chooses what sweeps store for later ones. A value that is cheap to compute again need not be stored and loaded: x − mean of a batch-norm
 * costs a subtraction, but 8 bytes of traffic per element. And where several results are cheap functions of one value, that value is
 * stored in their stead. Done where it saves memory traffic, the best change first.
 */
export function recompute(instructions: readonly Instruction[], outputs: ReadonlySet<Var>): void {
  const readers = readersOf(instructions);
  for (const group of instructions) {
    if (group.kind === 'kernel' || group.size < LARGE) continue;
    for (let change = bestChange(group, readers, outputs); change; change = bestChange(group, readers, outputs)) {
      for (const { group: changed, steps, folds, stored, cuts } of change.sweeps) {
        readers.remove(changed);
        changed.rewrite(steps, folds);
        changed.stored = stored;
        changed.cuts = cuts;
        readers.add(changed);
      }
    }
  }
}

/** What a sweep would hold after a change. */
interface Draft {
  readonly group: Group;
  readonly steps: readonly Step[];
  readonly folds: readonly Fold[];
  readonly stored: ReadonlySet<Var>;
  readonly cuts: readonly number[];
}

interface Change {
  /** Bytes of traffic per element that it saves. */
  readonly saving: number;
  readonly sweeps: readonly Draft[];
}

/** The change to what `group` stores that saves most, if one saves anything. */
function bestChange(group: Group, readers: Readers, outputs: ReadonlySet<Var>): Change | undefined {
  const stored = group.steps.map((step) => step.output).filter((variable) => group.stored.has(variable));
  const free = stored.filter((variable) => !outputs.has(variable) && !readers.isPinned(variable));
  const changes: (Change | undefined)[] = free.map((variable) => inlined(group, [variable], group.stored, readers));
  for (const { output: base } of group.steps) {
    if (group.stored.has(base)) continue;
    const derived = free.filter((variable) => coneOf(group, [variable], group.stored).some((s) => s.output === base));
    if (derived.length > 0) changes.push(inlined(group, derived, new Set([...group.stored, base]), readers));
  }
  for (const variable of stored) {
    // A reader may have all that it takes at hand, even if the value must be stored for others.
    for (const reader of readers.sweepsOf(variable)) {
      const draft = withCone(reader, group, [variable], group.stored);
      if (draft) changes.push({ saving: costOf(reader) - costOf(draft), sweeps: [draft] });
    }
  }
  let best: Change | undefined;
  for (const change of changes) {
    if (change && change.saving > (best?.saving ?? 0)) best = change;
  }
  return best;
}

/** Lets every reader compute `dropped` itself from `stored` and what `group` reads; `undefined` if one cannot. */
function inlined(
  group: Group,
  dropped: readonly Var[],
  stored: ReadonlySet<Var>,
  readers: Readers,
): Change | undefined {
  const kept = new Set([...stored].filter((variable) => !dropped.includes(variable)));
  const own: Draft = { ...live(group, kept), group, stored: kept, cuts: group.cuts };
  const sweeps = [own];
  const targets = new Set(dropped.flatMap((variable) => [...readers.sweepsOf(variable)]));
  let saving = costOf(group) - costOf(own);
  for (const target of targets) {
    const wanted = dropped.filter((variable) => readers.sweepsOf(variable).has(target));
    const draft = withCone(target, group, wanted, kept);
    if (!draft) return undefined;
    saving += costOf(target) - costOf(draft);
    sweeps.push(draft);
  }
  return { saving, sweeps };
}

/** Bytes per element that a sweep reads and writes, and what its steps cost beside them. */
function costOf({ steps, folds, stored }: Pick<Draft, 'steps' | 'folds' | 'stored'>): number {
  const made = new Set(steps.map((step) => step.output));
  const moved = new Set<Var>(stored);
  let work = 0;
  const note = ({ root, pattern }: Access): void => {
    if (root instanceof Var && isContiguous(pattern) && !made.has(root)) moved.add(root);
  };
  for (const step of steps) {
    step.inputs.forEach(note);
    work += step.work;
  }
  for (const fold of folds) note(fold.input);
  return [...moved].reduce((sum, { aval }) => sum + bytesOf(aval.dtype), BYTES_PER_STEP * work);
}

/** The steps that are needed for `stored` and the folds. */
function live(group: Group, stored: ReadonlySet<Var>): Pick<Draft, 'steps' | 'folds'> {
  const folded = group.folds.map((fold) => fold.input).filter((access) => group.reads(access));
  const wanted = [...stored, ...folded.map(({ root }) => root as Var)];
  return { steps: coneOf(group, wanted, new Set()), folds: group.folds };
}

/** The steps that compute `wanted` from what the group loads and what it stores (`stored`), in order. */
function coneOf(group: Group, wanted: readonly Var[], stored: ReadonlySet<Var>): Step[] {
  const needed = new Set(wanted);
  const cone: Step[] = [];
  for (const step of group.steps.toReversed()) {
    if (!needed.has(step.output)) continue;
    cone.push(step);
    for (const access of step.inputs) {
      if (group.reads(access) && !stored.has(access.root as Var)) needed.add(access.root as Var);
    }
  }
  return cone.reverse();
}

/** `target` with the steps of `group` that compute `wanted`, in place of reading it; `undefined` if they do not fit in. */
function withCone(target: Group, group: Group, wanted: readonly Var[], stored: ReadonlySet<Var>): Draft | undefined {
  const cone = coneOf(group, wanted, stored);
  const inCone = new Set(cone.map((step) => step.output));
  const leaves = cone
    .flatMap((step) => step.inputs)
    .filter(({ root, pattern }) => {
      return !(root instanceof Var && inCone.has(root) && isContiguous(pattern));
    });
  const cuts = target.joined(leaves.flatMap(({ pattern }) => cutsOf(pattern.extents)));
  if (cuts === null || target.full || target.steps.length + cone.length > MAX_STEPS) return undefined;
  const fresh = new Map(cone.map((step) => [step.output, new Var(step.output.aval)]));
  const renamed = (access: Access, only?: readonly Var[]): Access => {
    const { root, pattern } = access;
    const other = root instanceof Var && (!only || only.includes(root)) ? fresh.get(root) : undefined;
    return other && isContiguous(pattern) ? { root: other, pattern: contiguous(target.size) } : access;
  };
  return {
    group: target,
    steps: [
      ...cone.map((step) => ({
        ...step,
        inputs: step.inputs.map((access) => renamed(access)),
        output: fresh.get(step.output)!,
      })),
      ...target.steps.map((step) => ({ ...step, inputs: step.inputs.map((access) => renamed(access, wanted)) })),
    ],
    folds: target.folds.map((fold) => ({ ...fold, input: renamed(fold.input, wanted) })),
    stored: target.stored,
    cuts,
  };
}
