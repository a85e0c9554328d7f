import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeExecutable } from '../../src/backends/executable.js';
import { backends } from '../../src/backends/index.js';
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

/** Every backend that can run here, on the way users reach it: simplified first. */
const available: Target[] = backends().flatMap(({ name, backend }) =>
  backend ? [{ name, run: (program, inputs) => makeExecutable(backend, program).run(inputs) }] : [],
);

export const targets: readonly Target[] = [reference, ...available];

/** Whether the addon has been compiled. */
export const addonExists = existsSync(fileURLToPath(new URL('../../build/Release/autobalance.node', import.meta.url)));
