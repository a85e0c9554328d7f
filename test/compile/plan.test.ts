import { describe, expect, test } from 'vitest';
import { fuse } from '../../src/compile/fuse.js';
import type { Fused } from '../../src/compile/instructions.js';
import { type MemoryPlan, planMemory } from '../../src/compile/plan.js';
import { bytesOf, sizeOf, trace, type Value, Var } from '../../src/ir/index.js';
import { exp, mul, sub, tanh } from '../../src/ops/index.js';
import { randomProgram } from './random-programs.js';

const linesOf = (variable: Var): number => Math.ceil((sizeOf(variable.aval.shape) * bytesOf(variable.aval.dtype)) / 64);

/** Runs the program on paper: every line of the arena remembers which tensor was written to it last. */
function expectSound({ instructions }: Fused, plan: MemoryPlan): void {
  const owner = new Array<Var | undefined>(plan.arenaLines);
  const holds = (variable: Var): boolean => {
    const at = plan.lines.get(variable);
    return at === undefined || owner.slice(at, at + linesOf(variable)).every((each) => each === variable);
  };
  const write = (variable: Var): void => {
    const at = plan.lines.get(variable);
    if (at === undefined) return;
    expect(at + linesOf(variable)).toBeLessThanOrEqual(plan.arenaLines);
    owner.fill(variable, at, at + linesOf(variable));
  };
  for (const instruction of instructions) {
    if (instruction.kind === 'kernel') {
      for (const input of instruction.inputs) expect(holds(input)).toBe(true);
      write(instruction.output);
      // Nor may the result lie on what the kernel still reads.
      for (const input of instruction.inputs) expect(holds(input)).toBe(true);
      continue;
    }
    for (const step of instruction.steps) {
      for (const { root } of step.inputs) {
        const inside = root instanceof Var && instruction.steps.some(({ output }) => output === root);
        if (root instanceof Var && !inside) expect(holds(root)).toBe(true);
      }
      if (instruction.stored.has(step.output)) write(step.output);
    }
    for (const fold of instruction.folds) {
      const { root } = fold.input;
      const inside = root instanceof Var && instruction.steps.some(({ output }) => output === root);
      if (root instanceof Var && !inside) expect(holds(root)).toBe(true);
    }
    for (const fold of instruction.folds) write(fold.output);
    for (const variable of instruction.stored) expect(holds(variable)).toBe(true);
  }
}

describe('memory plan', () => {
  test.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'random program %i: no live value is overwritten',
    (seed) => {
      const fused = fuse(randomProgram(seed).program);
      const plan = planMemory(fused);
      expectSound(fused, plan);
      expect(plan.peakLines).toBeLessThanOrEqual(plan.arenaLines);
      expect(plan.peakLines).toBeGreaterThanOrEqual(Math.max(0, ...[...plan.lines.keys()].map(linesOf)));
    },
  );

  test('inputs and outputs lie outside; a chain of sweeps needs one place', () => {
    // Sums between the sweeps keep them apart.
    const chain = (x: Value): Value[] => {
      let y = x;
      for (let i = 0; i < 6; i++) y = mul(tanh(exp(y)), 0.5);
      return [sub(y, 1)];
    };
    const { program } = trace((x) => chain(x!), [{ shape: [1000], dtype: 'f32' }]);
    const fused = fuse(program);
    const plan = planMemory(fused);
    expect(plan.arenaLines).toBe(0);
    expect(plan.peakLines).toBe(0);
    for (const variable of [...fused.inputs, ...fused.outputs]) expect(plan.lines.has(variable)).toBe(false);
  });
});
