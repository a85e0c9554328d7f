import { Var } from '../ir/index.js';
import { isContiguous } from './fuse-pattern.js';
import type { Instruction } from './instructions.js';

/**
 * Whether two instructions are so close that a sweep may move from one to the other for the sake of a tensor both read. It saves one pass over
 * that tensor, but its own results then wait in memory all the way: twenty instructions are about three layers of a network.
 */
export const isNear = (earlier: number, later: number): boolean => later - earlier <= NEAR;
const NEAR = 20;
/** Tensors of so few elements wait for free. */
const SMALL = 4096;

/**
 * Joins sweeps that read the same tensor and do not wait for each other. Placing equations one by one cannot see this: the sum of y is
 * placed before it is known that a later sweep over x will need y too.
 */
export function mergeSweeps(instructions: readonly Instruction[]): Instruction[] {
  const result: (Instruction | undefined)[] = [...instructions];
  const producer = new Map<Var, number>();
  result.forEach((instruction, i) => {
    for (const variable of resultsOf(instruction!)) producer.set(variable, i);
  });
  for (let later = 1; later < result.length; later++) {
    const group = result[later]!;
    if (group.kind === 'kernel') continue;
    const needs = group.accesses.filter((access) => !group.reads(access));
    for (let earlier = later - 1; earlier >= 0 && (group.size <= SMALL || isNear(earlier, later)); earlier--) {
      const into = result[earlier];
      if (!into || into.kind === 'kernel' || into.size !== group.size) continue;
      const ready = needs.every(({ root }) => !(root instanceof Var) || (producer.get(root) ?? -1) < earlier);
      const shares = needs.some((access) => isContiguous(access.pattern) && into.streams(access));
      const cuts = into.joined(group.cuts);
      if (!ready || !shares || cuts === null || into.full || into.steps.length + group.steps.length > 64) continue;
      into.cuts = cuts;
      for (const step of group.steps) into.addStep(step);
      for (const fold of group.folds) into.addFold(fold);
      for (const variable of resultsOf(group)) producer.set(variable, earlier);
      result[later] = undefined;
      break;
    }
  }
  return result.filter((instruction) => instruction !== undefined);
}

const resultsOf = (instruction: Instruction): Var[] =>
  instruction.kind === 'kernel'
    ? [instruction.output]
    : [...instruction.steps.map((step) => step.output), ...instruction.folds.map((fold) => fold.output)];
