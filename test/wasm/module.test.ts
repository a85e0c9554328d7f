import { describe, expect, test } from 'vitest';
import { type ModuleName, SECTION, sourceHash } from '../../scripts/build-wasm.mjs';
import { wasmEngine, wasmModule } from '../../src/backends/wasm-file.js';
import { roles, TAPE_VERSION } from '../../src/compile/tape.js';

const askedBy: Readonly<Record<ModuleName, readonly string[]>> = {
  single: ['clock_time_get', 'emscripten_notify_memory_growth', 'environ_get', 'environ_sizes_get', 'proc_exit'],
  threads: ['__emscripten_init_main_thread_js', '__pthread_create_js', 'emscripten_get_now', 'fd_write', 'memory'],
};

describe.each(Object.entries(askedBy) as [ModuleName, readonly string[]][])('the module: %s', (name, asked) => {
  const module = wasmModule(name);

  test('it was made from the sources beside it; if not, npm run build:wasm', () => {
    const [section] = WebAssembly.Module.customSections(module, SECTION);
    expect(new TextDecoder().decode(section)).toBe(sourceHash(name));
  });

  test('it asks little of its host, and nothing of the network or files', () => {
    expect(
      WebAssembly.Module.imports(module)
        .map((each) => each.name)
        .sort(),
    ).toEqual(asked);
  });

  test('both sides number steps, folds and kernels alike', () => {
    const { instance } = wasmEngine(name === 'threads' ? 2 : 1);
    const names = { step: instance.names('step'), fold: instance.names('fold'), kernel: instance.names('opcode') };
    expect(instance.exports.tapeVersion()).toBe(TAPE_VERSION);
    for (const [name, role] of Object.entries(roles)) {
      if (role.as !== 'access') expect(names[role.as][role.code]).toBe(name);
    }
  });
});
