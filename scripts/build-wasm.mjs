// Compiles the native executor to WebAssembly: native/wasm/autobalance.wasm, which is committed and shipped, so that neither Node without a
// compiler nor a browser has to build anything. Needs emscripten 3.1 or newer (Debian: apt-get install emscripten). The module carries a hash of
// what it was made from; test/wasm/module.test.ts says when it is out of date.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(root, 'native');
export const modulePath = join(native, 'wasm', 'autobalance.wasm');
/** Name of the custom section that holds {@link sourceHash}. */
export const SECTION = 'autobalance.sources';

const compileFlags = [
  '-std=c++20',
  '-O3',
  '-msimd128',
  '-fwasm-exceptions',
  '-fno-math-errno',
  '-fno-trapping-math',
  // A sum must not depend on which expressions the compiler happens to fuse.
  '-ffp-contract=off',
  '-Wall',
  '-Wextra',
  '-Werror',
];
const linkFlags = [
  '-O3',
  '-msimd128',
  '-fwasm-exceptions',
  '--no-entry',
  '-sSTANDALONE_WASM',
  '-sALLOW_MEMORY_GROWTH=1',
  '-sMAXIMUM_MEMORY=4GB',
  // An allocation that fails throws, and the run ends with an error instead of the module.
  '-sABORTING_MALLOC=0',
  '-sTOTAL_STACK=1MB',
];

const filesUnder = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => ending.test(path))
    .sort();

/** SHA-256 of the sources and flags, in hexadecimal. */
export function sourceHash() {
  const hash = createHash('sha256').update(JSON.stringify([compileFlags, linkFlags]));
  for (const path of [...filesUnder(join(native, 'cpu'), /\.(cc|h|inc)$/), join(native, 'wasm', 'exports.cc')]) {
    hash.update(relative(native, path)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

/** A WebAssembly custom section: 0, length, length of the name, name, content; lengths in LEB128. */
function customSection(name, content) {
  const leb = (n) => (n < 128 ? [n] : [(n & 127) | 128, ...leb(n >>> 7)]);
  const body = [...leb(Buffer.byteLength(name)), ...Buffer.from(name), ...Buffer.from(content)];
  return Buffer.from([0, ...leb(body.length), ...body]);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.on('error', (error) =>
      reject(
        new Error(
          error.code === 'ENOENT' ? 'build:wasm: emcc was not found; install emscripten 3.1 or newer' : error.message,
        ),
      ),
    );
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`build:wasm: ${command} exited with ${code}`)),
    );
  });
}

async function build() {
  const objects = join(root, 'build', 'wasm');
  mkdirSync(objects, { recursive: true });
  const sources = [...filesUnder(join(native, 'cpu'), /\.cc$/), join(native, 'wasm', 'exports.cc')];
  const objectOf = (source) => join(objects, `${basename(source, '.cc')}.o`);
  const waiting = [...sources];
  const worker = async () => {
    for (let source = waiting.pop(); source; source = waiting.pop()) {
      await run('emcc', [...compileFlags, `-I${native}`, '-c', source, '-o', objectOf(source)]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const linked = join(objects, 'autobalance.wasm');
  await run('emcc', [...linkFlags, ...sources.map(objectOf), '-o', linked]);
  writeFileSync(modulePath, Buffer.concat([readFileSync(linked), customSection(SECTION, sourceHash())]));
  console.log(`autobalance: ${relative(root, modulePath)}, ${(readFileSync(modulePath).length / 1024).toFixed(0)} KiB`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  build().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
