import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { makeExecutable } from '../../src/backends/executable.js';
import type { GpuJs } from '../../src/backends/gpu-js/backend.js';
import { GpuJsExecutable } from '../../src/backends/gpu-js/executable.js';
import { HostDevice } from '../../src/backends/gpu-js/host-device.js';
import type { DType, Tensor } from '../../src/ir/index.js';
import { entries } from '../conformance/matrix.js';
import { drawInputs, operandsOf, programOfSample } from '../conformance/sample.js';
import { expectUlps } from '../support/compare.js';

/** The functions that kernels bring along for shading languages, on WebAssembly: f32 arithmetic as GPUs have it. */
const library = createRequire(import.meta.url)('gpu.js') as GpuJs;
const device = new HostDevice(library, 'wasm', { exactMath: false, integers: false });
const backend = {
  name: 'brought',
  info: () => ({ name: 'brought', device: '', details: {} }),
  compile: (program: never) => new GpuJsExecutable(device, program),
};

const BROUGHT = ['exp', 'expm1', 'log', 'log1p', 'tanh', 'sigmoid', 'softplus', 'sin', 'cos', 'pow'];
const single: DType = 'f32';

describe.each(entries.filter(({ name }) => BROUGHT.includes(name)).map((entry) => [entry.name, entry] as const))(
  '%s, of f32 arithmetic alone',
  (_, { primitive, family }) => {
    const samples = family.samples.filter(({ dtypes }) => dtypes.includes(single));
    test.each(samples.map((sample) => [sample.name, sample] as const))('%s', (_, sample) => {
      const inputs = drawInputs(sample, single);
      const program = programOfSample(primitive, sample, inputs, single);
      const [got] = makeExecutable(backend, program).run(inputs) as [Tensor];
      const exact = sample.expected!(operandsOf(sample, inputs), sample.params, got.shape);
      const wanted = exact.map((x) => (Number.isFinite(Math.fround(x)) ? x : Math.fround(x)));
      expectUlps(got.data(), wanted, primitive.ulps!, single);
    });
  },
);

test('all that is brought is tried', () => {
  expect(entries.filter(({ name }) => BROUGHT.includes(name))).toHaveLength(BROUGHT.length);
});
