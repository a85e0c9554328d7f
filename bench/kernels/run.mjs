// Builds the kernel laboratory and runs it with the arguments given: npm run bench:kernels -- --ladder gemm --shape 512
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const native = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'native');
const build = join(native, '..', 'build', 'native', 'plain');

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, options);
  if (error) console.error(`bench:kernels: ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

// Progress goes to standard error: standard output is the tables alone.
run('cmake', ['--preset', 'plain'], { cwd: native, stdio: ['ignore', 'ignore', 2] });
run('cmake', ['--build', build, '--target', 'kernel_laboratory', '-j', '2'], { cwd: native, stdio: ['ignore', 2, 2] });
run(join(build, 'kernel_laboratory', 'kernel_laboratory'), process.argv.slice(2), { stdio: 'inherit' });
