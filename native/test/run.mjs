// Builds and runs the kernel tests with the presets of CMakePresets.json.
//
//   node native/test/run.mjs plain asan tsan    as many of the presets as are named
//   node native/test/run.mjs neon               for 64-bit ARM, under an emulator; passes by without a toolchain, and says so
//   node native/test/run.mjs wasm               what the WebAssembly modules are made of, in Node; likewise
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = join(dirname(fileURLToPath(import.meta.url)), '..');
const presets = ['plain', 'asan', 'tsan', 'neon', 'wasm'];
const names = process.argv.slice(2);
const unknown = names.find((name) => !presets.includes(name));
if (unknown !== undefined || names.length === 0) {
  console.error(`native tests: expects any of ${presets.join(', ')}, got ${unknown ?? 'none'}`);
  process.exit(2);
}

const has = (program) => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/** What the tests for another machine need, and Debian's packages that have it. */
const toolchains = {
  neon: { programs: ['aarch64-linux-gnu-g++', 'qemu-aarch64'], packages: 'g++-aarch64-linux-gnu qemu-user' },
  wasm: {
    programs: ['emcmake'],
    packages: 'emscripten',
    configure: ['emcmake'],
    // Debian's emscripten is older than Node's fetch, and takes it for a browser's.
    options: [`-DCMAKE_CROSSCOMPILING_EMULATOR=${process.execPath};--no-experimental-fetch`],
  },
};

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: native, stdio: 'inherit' });
  if (error) console.error(`native tests: ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

function build(name) {
  const { configure = [], options = [] } = toolchains[name] ?? {};
  run(...configure, 'cmake', '--preset', name, ...options);
  run('cmake', '--build', join('..', 'build', 'native', name), '-j', '2');
}

const times = [];
for (const name of names) {
  const { programs = [], packages } = toolchains[name] ?? {};
  const missing = programs.filter((program) => !has(program));
  if (missing.length > 0) {
    console.log(`${name}: not verified, since ${missing.join(' and ')} cannot be found; apt-get install ${packages}`);
    continue;
  }
  const started = Date.now();
  build(name);
  const built = Date.now();
  const folder = join(native, '..', 'build', 'native', name);
  run('ctest', '--test-dir', folder, '--output-on-failure', '--timeout', '600', '-j', '2');
  const seconds = (from, to) => `${Math.round((to - from) / 1000)} s`;
  times.push(`${name}: built in ${seconds(started, built)}, ran in ${seconds(built, Date.now())}`);
}
for (const line of times) console.log(line);
