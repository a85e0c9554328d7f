import { createRequire } from 'node:module';
import { makeExecutable } from '../../src/backends/executable.js';
import { type GpuJs, gpuJsBackend } from '../../src/backends/gpu-js/backend.js';
import { backends } from '../../src/backends/index.js';
import type { Backend } from '../../src/index.js';
import type { Case } from '../work.js';
import { tasks } from './tasks.js';

/** The same program on every backend that runs here, gpu.js in each of its modes; where peers do the work, beside them. */
export function backendCases(): Case[] {
  const here = everyBackend();
  return tasks().flatMap(({ name, work, flop, program }) =>
    here
      .filter(([backend]) => backend !== 'gpu.js cpu' || (flop ?? 0) <= BEARABLE)
      .map(([backend, { compile }]): Case => {
        return {
          suite: `backends, ${name.split(' ')[0]}`,
          name: `${name}, ${backend}`,
          work,
          ...(flop !== undefined && { flop }),
          prepare() {
            const { program: traced, inputs } = program();
            const executable = makeExecutable(
              { name: backend, compile, info: () => ({ name: backend, device: '', details: {} }) },
              traced,
            );
            // Reading a result is part of the work: where it is elsewhere, it must come here.
            return { run: () => executable.run(inputs).map((result) => result.data()) };
          },
        };
      }),
  );
}

/** Products beyond this many operations take gpu.js in JavaScript minutes. */
const BEARABLE = 1e8;

function everyBackend(): (readonly [string, Backend])[] {
  const provided = backends().flatMap(({ name, backend }) =>
    backend && name !== 'gpu.js' ? [[name, backend] as const] : [],
  );
  const library = createRequire(import.meta.url)('gpu.js') as GpuJs;
  const modes = (['wasm', 'cpu'] as const).map((mode) => [`gpu.js ${mode}`, gpuJsBackend(library, { mode })] as const);
  return [...provided, ...modes];
}
