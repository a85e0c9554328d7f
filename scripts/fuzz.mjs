// Builds the fuzz target of the tape with clang and runs it: `npm run fuzz`, or `npm run fuzz -- RUNS [options of libFuzzer]`. What the
// fuzzer finds interesting stays under build/fuzz; an input that fails is named at the end and belongs into native/fuzz/regressions.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const build = join(root, 'build', 'fuzz');
const [first, ...options] = process.argv.slice(2);
const runs = Number(first ?? 1_000_000);
if (!Number.isInteger(runs) || runs < 1) {
  console.error(`fuzz: the number of runs must be a whole number of at least 1, got ${first}`);
  process.exit(2);
}

const works = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
const compiler = [process.env.CXX, 'clang++', ...Array.from({ length: 9 }, (_, i) => `clang++-${22 - i}`)].find(
  (name) => name?.includes('clang') && works(name),
);
if (compiler === undefined) {
  console.error(
    'fuzz: no clang++ found; libFuzzer comes with clang only. On Debian: apt-get install clang libclang-rt-14-dev. ' +
      'Without clang, npm run test:native still tries 20,000 changed tapes.',
  );
  process.exit(1);
}

/** Ends the process if the command fails. */
function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root, env: { ...process.env, ...env } });
  if (error) console.error(`fuzz: ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

const settings = ['-DAB_FUZZ=ON', '-DAB_SANITIZE=address,undefined', `-DCMAKE_CXX_COMPILER=${compiler}`];
run('cmake', ['-S', 'native', '-B', build, '-DCMAKE_BUILD_TYPE=Release', ...settings]);
run('cmake', ['--build', build, '-j', '2', '--target', 'tape_fuzz']);

const grown = join(build, 'corpus');
const failures = join(build, 'failures');
for (const folder of [grown, failures]) mkdirSync(folder, { recursive: true });
const limits = [
  `-runs=${runs}`,
  '-timeout=5',
  '-rss_limit_mb=512',
  // A tape that is run takes 1 MB at most, and one that is only decoded a few hundred times its own length.
  '-malloc_limit_mb=64',
  '-max_len=40960',
  '-print_final_stats=1',
  `-artifact_prefix=${failures}/`,
];
run(join(build, 'tape_fuzz'), [...limits, ...options, grown, join(root, 'native', 'fuzz', 'corpus')], {
  UBSAN_OPTIONS: 'print_stacktrace=1',
});
console.log(`fuzz: ${runs} runs, nothing found`);
