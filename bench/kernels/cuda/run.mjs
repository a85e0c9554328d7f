// Builds the device's ladder and runs it on the device with the sizes given: npm run bench:cuda -- 1024 4096
//
//   npm run bench:cuda -- --arch 90     compiles for that generation of devices: where none is at hand, to see that it compiles
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const source = dirname(fileURLToPath(import.meta.url));
const build = join(source, '..', '..', '..', 'build', 'cuda-ladder');
const { values, positionals } = parseArgs({ options: { arch: { type: 'string' } }, allowPositionals: true });

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, options);
  if (error) console.error(`bench:cuda: ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

// Progress goes to standard error: standard output is the tables alone.
const stdio = ['ignore', 2, 2];
const arch = values.arch ? [`-DCMAKE_CUDA_ARCHITECTURES=${values.arch}`] : [];
run('cmake', ['-S', source, '-B', build, '-DCMAKE_BUILD_TYPE=Release', ...arch], { stdio });
run('cmake', ['--build', build, '-j', '2'], { stdio });
run(join(build, 'cuda_ladder'), positionals, { stdio: 'inherit' });
