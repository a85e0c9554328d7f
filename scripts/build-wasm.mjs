// Compiles the native executor to WebAssembly, so that neither Node without a compiler nor a browser has to build anything: autobalance.wasm, for
// one thread, and autobalance-threads.wasm, the same for several, whose memory is shared. Both lie in native/wasm, committed and shipped. Needs
// emscripten 3.1.6 (Debian: apt-get install emscripten). Each module carries a hash of what it was made from; test/wasm/module.test.ts says when it
// is out of date. `-- threads` builds that one alone.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(root, 'native');
const inWasm = (name) => join(native, 'wasm', name);
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
const STACK = 2 ** 20;
const MEMORY = { initial: 2 ** 24, maximum: 2 ** 32 };

/** The two modules: what they are made of besides native/cpu, and how. */
export const modules = {
  single: {
    path: inWasm('autobalance.wasm'),
    own: [inWasm('exports.cc')],
    compileFlags,
    linkFlags: [
      '-O3',
      '-msimd128',
      '-fwasm-exceptions',
      '--no-entry',
      '-sSTANDALONE_WASM',
      '-sALLOW_MEMORY_GROWTH=1',
      `-sINITIAL_MEMORY=${MEMORY.initial}`,
      `-sMAXIMUM_MEMORY=${MEMORY.maximum}`,
      // An allocation that fails throws, and the run ends with an error instead of the module.
      '-sABORTING_MALLOC=0',
      `-sTOTAL_STACK=${STACK}`,
    ],
  },
  threads: {
    path: inWasm('autobalance-threads.wasm'),
    own: [inWasm('exports.cc'), inWasm('threads.cc')],
    compileFlags: ['-pthread', ...compileFlags],
    // By the linker itself: emscripten takes it that its own JavaScript runs threads, and adds what that needs. Ours asks for less.
    linkFlags: [
      ...['-lnoexit', '-lc-mt', '-ldlmalloc-mt', '-lcompiler_rt-mt', '-lc++-mt-except', '-lc++abi-mt-except'],
      // Clang 14 does not know that the record by which a catch finds its type is one for each thread, so it is one for all: the calling thread
      // alone may catch by type. Workers catch everything, which needs no record.
      '-lunwind-except',
      '--no-check-features',
      ...['-mllvm', '-combiner-global-alias-analysis=false', '-mllvm', '-disable-lsr'],
      ...['-mllvm', '-wasm-enable-eh', '-mllvm', '-exception-model=wasm'],
      ...['--no-entry', '--strip-debug', '--import-memory', '--shared-memory', '--import-undefined'],
      ...[`--initial-memory=${MEMORY.initial}`, `--max-memory=${MEMORY.maximum}`, '-z', `stack-size=${STACK}`],
      // What the host calls besides the exports of `own`.
      ...['__wasm_call_ctors', '_emscripten_thread_init', 'emscripten_tls_init', 'stackRestore'].map(
        (name) => `--export=${name}`,
      ),
    ],
  },
};

const filesUnder = (folder, ending) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => ending.test(path))
    .sort();

/** SHA-256 of the sources and flags of a module, in hexadecimal. */
export function sourceHash(name) {
  const { own, compileFlags, linkFlags } = modules[name];
  const hash = createHash('sha256').update(JSON.stringify([compileFlags, linkFlags]));
  for (const path of [...filesUnder(join(native, 'cpu'), /\.(cc|h|inc)$/), ...own]) {
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
          error.code === 'ENOENT' ? `build:wasm: ${command} was not found; install emscripten 3.1.6` : error.message,
        ),
      ),
    );
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`build:wasm: ${command} exited with ${code}`)),
    );
  });
}

/** Of emscripten, as it is installed. */
const setting = (name) => execFileSync('em-config', [name], { encoding: 'utf8' }).trim();

async function linkThreads(objects, linkFlags, to) {
  const libraries = join(setting('CACHE'), 'sysroot', 'lib', 'wasm32-emscripten');
  const version = setting('LLVM_ADD_VERSION');
  const linker = join(setting('LLVM_ROOT'), version ? `wasm-ld-${version}` : 'wasm-ld');
  const crt = join(libraries, 'crtbegin.o');
  await run(linker, [...objects, crt, `-L${libraries}`, ...linkFlags, '-o', `${to}.plain`]);
  const features = ['threads', 'bulk-memory', 'mutable-globals', 'sign-ext', 'simd', 'exception-handling'];
  const flags = ['--mvp-features', ...features.map((name) => `--enable-${name}`)];
  await run(join(setting('BINARYEN_ROOT'), 'bin', 'wasm-opt'), ['-O3', ...flags, `${to}.plain`, '-o', to]);
}

async function build(name) {
  const { path, own, compileFlags, linkFlags } = modules[name];
  const objects = join(root, 'build', 'wasm', name);
  mkdirSync(objects, { recursive: true });
  const sources = [...filesUnder(join(native, 'cpu'), /\.cc$/), ...own];
  const objectOf = (source) => join(objects, `${basename(source, '.cc')}.o`);
  const waiting = [...sources];
  const worker = async () => {
    for (let source = waiting.pop(); source; source = waiting.pop()) {
      await run('emcc', [...compileFlags, `-I${native}`, '-c', source, '-o', objectOf(source)]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const linked = join(objects, 'linked.wasm');
  if (name === 'threads') await linkThreads(sources.map(objectOf), linkFlags, linked);
  else await run('emcc', [...linkFlags, ...sources.map(objectOf), '-o', linked]);
  const bytes = readFileSync(linked);
  writeFileSync(path, Buffer.concat([bytes, customSection(SECTION, sourceHash(name))]));
  console.log(`autobalance: ${relative(root, path)}, ${(readFileSync(path).length / 1024).toFixed(0)} KiB`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const wanted = process.argv.slice(2);
    for (const name of wanted.length > 0 ? wanted : Object.keys(modules)) await build(name);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
