import { memo, Var } from '../ir/index.js';
import { isContiguous } from './fuse-pattern.js';
import type { Group, Instruction } from './instructions.js';

/** Who reads each tensor from memory. */
export class Readers {
  /** Sweeps that read it element by element. */
  private readonly sweeps = new Map<Var, Set<Group>>();
  /** Kernels, and sweeps that read it otherwise: for them it must exist as it is. */
  private readonly others = new Map<Var, Set<Instruction>>();

  sweepsOf(variable: Var): ReadonlySet<Group> {
    return memo(this.sweeps, variable, () => new Set<Group>());
  }

  isPinned(variable: Var): boolean {
    return (this.others.get(variable)?.size ?? 0) > 0;
  }

  add(instruction: Instruction): void {
    if (instruction.kind === 'kernel') {
      for (const variable of instruction.inputs) this.othersOf(variable).add(instruction);
      return;
    }
    for (const access of instruction.accesses) {
      if (!(access.root instanceof Var) || instruction.reads(access)) continue;
      if (isContiguous(access.pattern)) {
        memo(this.sweeps, access.root, () => new Set<Group>()).add(instruction);
      } else {
        this.othersOf(access.root).add(instruction);
      }
    }
  }

  /** Forgets what a sweep reads. */
  remove(group: Group): void {
    for (const { root } of group.accesses) {
      if (!(root instanceof Var)) continue;
      this.sweeps.get(root)?.delete(group);
      this.others.get(root)?.delete(group);
    }
  }

  private othersOf(variable: Var): Set<Instruction> {
    return memo(this.others, variable, () => new Set<Instruction>());
  }
}

export function readersOf(instructions: readonly Instruction[]): Readers {
  const readers = new Readers();
  for (const instruction of instructions) readers.add(instruction);
  return readers;
}
