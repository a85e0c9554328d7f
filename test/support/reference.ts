import { makeExecutable } from '../../src/backends/executable.js';
import type { Backend } from '../../src/backends/portable.js';
import { referenceBackend } from '../../src/backends/reference.js';
import { inlineBodies, type Program, type Tensor } from '../../src/ir/index.js';

/** Something that runs programs and is held to the definition. */
export interface Target {
  readonly name: string;
  run(program: Program, inputs: readonly Tensor[]): Tensor[];
}

/** The definition: the program exactly as it stands, not simplified, on the reference backend. Only equations that stand for programs go. */
export const reference: Target = {
  name: 'reference',
  run: (program, inputs) => referenceBackend.compile(inlineBodies(program)).run(inputs),
};

/** A backend on the way users reach it: simplified first. */
export const targetOf = (name: string, backend: Backend): Target => ({
  name,
  run: (program, inputs) => makeExecutable(backend, program).run(inputs),
});
