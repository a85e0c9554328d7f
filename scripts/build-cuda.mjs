// Builds the CUDA executor, build/cuda/Release/autobalance_cuda.node, by CMake through cmake-js. Needs CUDA's toolkit 13 (nvcc) and CMake, but no
// device; it is no part of the install.
//
//   npm run build:cuda
//   npm run build:cuda -- --emulated    for an emulated device instead, in build/cuda-emulated: needs no toolkit; slow, for tests
//   npm run build:cuda -- --arch 90     code for one generation of devices only, which compiles in a sixth of the time
//   npm run build:cuda -- --jobs 1      so many compilers at once, not two
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    emulated: { type: 'boolean', default: false },
    arch: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
});
const require = createRequire(import.meta.url);
const out = join(root, 'build', values.emulated ? 'cuda-emulated' : 'cuda');
const options = [
  '--CDCMAKE_BUILD_TYPE=Release',
  `--CDAB_CUDA_EMULATED=${values.emulated ? 'ON' : 'OFF'}`,
  ...(values.arch ? [`--CDCMAKE_CUDA_ARCHITECTURES=${values.arch}`] : []),
];
const { status } = spawnSync(
  process.execPath,
  [
    require.resolve('cmake-js/bin/cmake-js'),
    'compile',
    '--directory',
    join(root, 'native', 'cuda'),
    '--out',
    out,
    '--parallel',
    values.jobs,
    ...options,
  ],
  { stdio: 'inherit' },
);
process.exitCode = status ?? 1;
