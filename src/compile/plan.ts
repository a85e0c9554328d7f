import { bytesOf, sizeOf, Var } from '../ir/index.js';
import { isContiguous } from './fuse-pattern.js';
import type { Fused, Group } from './instructions.js';
import { LINE } from './tape.js';

/** Where every tensor of a program lives while it runs. */
export interface MemoryPlan {
  /** Tensors in the arena and the 64-byte line each begins at. Inputs and outputs of the program are elsewhere. */
  readonly lines: ReadonlyMap<Var, number>;
  readonly arenaLines: number;
  /** The most lines that are in use at one time; the arena is larger where what is free lies scattered. */
  readonly peakLines: number;
  /** The program's outputs without repetition. */
  readonly outputs: readonly Var[];
}

/** A stretch of the arena, held from the instruction that first writes it to the last that reads it. */
interface Block {
  readonly lines: number;
  readonly from: number;
  to: number;
  at: number;
  readonly holds: Var[];
}

/** Gives every intermediate a place in one arena, such that no two that are alive together overlap. */
export function planMemory({ inputs, instructions, outputs }: Fused): MemoryPlan {
  const distinct = [...new Set(outputs)];
  const elsewhere = new Set([...inputs, ...distinct]);
  const lastRead = new Map<Var, number>();
  instructions.forEach((instruction, i) => {
    for (const variable of readsOf(instruction)) lastRead.set(variable, i);
  });

  const blocks: Block[] = [];
  const blockOf = new Map<Var, Block>();
  const begin = (variable: Var, i: number): void => {
    if (elsewhere.has(variable)) return;
    const lines = Math.ceil((sizeOf(variable.aval.shape) * bytesOf(variable.aval.dtype)) / LINE);
    if (lines === 0) return;
    const block = { lines, from: i, to: lastRead.get(variable) ?? i, at: 0, holds: [variable] };
    blocks.push(block);
    blockOf.set(variable, block);
  };
  instructions.forEach((instruction, i) => {
    if (instruction.kind === 'kernel') {
      begin(instruction.output, i);
      return;
    }
    const taken = new Set<Var>();
    for (const variable of instruction.stored) {
      const dying = elsewhere.has(variable)
        ? undefined
        : successorOf(instruction, variable, (operand) => {
            return blockOf.has(operand) && lastRead.get(operand) === i && !taken.has(operand);
          });
      if (dying === undefined) {
        begin(variable, i);
        continue;
      }
      taken.add(dying);
      const block = blockOf.get(dying)!;
      block.to = lastRead.get(variable) ?? i;
      block.holds.push(variable);
      blockOf.set(variable, block);
    }
    for (const fold of instruction.folds) begin(fold.output, i);
  });

  const arenaLines = place(blocks);
  const lines = new Map<Var, number>();
  for (const block of blocks) for (const variable of block.holds) lines.set(variable, block.at);
  return { lines, arenaLines, peakLines: mostAtOnce(blocks), outputs: distinct };
}

/** The most lines that blocks hold at one time. */
function mostAtOnce(blocks: readonly Block[]): number {
  const change = new Map<number, number>();
  const add = (at: number, lines: number): unknown => change.set(at, (change.get(at) ?? 0) + lines);
  for (const { from, to, lines } of blocks) {
    add(from, lines);
    add(to + 1, -lines);
  }
  let now = 0;
  let most = 0;
  for (const [, lines] of [...change].sort(([a], [b]) => a - b)) {
    now += lines;
    most = Math.max(most, now);
  }
  return most;
}

const readsOf = (instruction: Fused['instructions'][number]): Var[] =>
  instruction.kind === 'kernel'
    ? [...instruction.inputs]
    : instruction.accesses
        .filter((access) => !instruction.reads(access))
        .map(({ root }) => root)
        .filter((root) => root instanceof Var);

/**
 * An operand whose memory the result may overwrite as it is computed: of the same size, read only element by element, and by no step
 * after the one that writes, since steps follow each other block by block.
 */
function successorOf(group: Group, variable: Var, dies: (operand: Var) => boolean): Var | undefined {
  const writer = group.steps.findIndex((step) => step.output === variable);
  const candidates = group.steps.slice(0, writer + 1).flatMap((step) => step.inputs);
  return candidates
    .map(({ root }) => root)
    .filter((root) => root instanceof Var)
    .find((root) => {
      const alike =
        bytesOf(root.aval.dtype) === bytesOf(variable.aval.dtype) &&
        sizeOf(root.aval.shape) === group.size &&
        dies(root);
      if (!alike || group.folds.some((fold) => fold.input.root === root)) return false;
      return group.steps.every((step, i) =>
        step.inputs.every((access) => access.root !== root || (i <= writer && isContiguous(access.pattern))),
      );
    });
}

/** Places blocks, the largest first, each in the smallest gap that suits among those alive with it. Returns the lines needed. */
function place(blocks: readonly Block[]): number {
  const placed: Block[] = [];
  let total = 0;
  for (const block of [...blocks].sort((a, b) => b.lines - a.lines || a.from - b.from)) {
    let at = 0;
    let best = -1;
    let bestGap = Number.POSITIVE_INFINITY;
    for (const other of placed) {
      if (other.to < block.from || other.from > block.to) continue;
      const gap = other.at - at;
      if (gap >= block.lines && gap < bestGap) {
        best = at;
        bestGap = gap;
      }
      at = Math.max(at, other.at + other.lines);
    }
    block.at = best >= 0 ? best : at;
    total = Math.max(total, block.at + block.lines);
    insertSorted(placed, block);
  }
  return total;
}

function insertSorted(placed: Block[], block: Block): void {
  let low = 0;
  let high = placed.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (placed[middle]!.at <= block.at) low = middle + 1;
    else high = middle;
  }
  placed.splice(low, 0, block);
}
