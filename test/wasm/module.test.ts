import { expect, test } from 'vitest';
import { SECTION, sourceHash } from '../../scripts/build-wasm.mjs';
import { WasmInstance } from '../../src/backends/wasm.js';
import { wasmModule } from '../../src/backends/wasm-file.js';
import { roles, TAPE_VERSION } from '../../src/compile/tape.js';

const module = wasmModule();

test('the module was made from the sources beside it; if not, npm run build:wasm', () => {
  const [section] = WebAssembly.Module.customSections(module, SECTION);
  expect(new TextDecoder().decode(section)).toBe(sourceHash());
});

test('it asks little of its host, and nothing of the network or files', () => {
  const asked = WebAssembly.Module.imports(module).map(({ name }) => name);
  expect(asked.sort()).toEqual([
    '_dlopen_js',
    'clock_time_get',
    'emscripten_notify_memory_growth',
    'environ_get',
    'environ_sizes_get',
    'proc_exit',
  ]);
});

test('both sides number steps, folds and kernels alike', () => {
  const instance = new WasmInstance(module);
  const names = { step: instance.names('step'), fold: instance.names('fold'), kernel: instance.names('opcode') };
  expect(instance.exports.tapeVersion()).toBe(TAPE_VERSION);
  for (const [name, role] of Object.entries(roles)) {
    if (role.as !== 'access') expect(names[role.as][role.code]).toBe(name);
  }
});
