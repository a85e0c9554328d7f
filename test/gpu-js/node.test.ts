import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { makeExecutable } from '../../src/backends/executable.js';
import { type GpuJs, gpuJsBackend } from '../../src/backends/gpu-js/backend.js';
import { requireGpuJs } from '../../src/backends/gpu-js-node.js';
import { getBackend, useBackend } from '../../src/backends/index.js';
import { compile, grad, tensor } from '../../src/index.js';
import { BackendError, trace, type Value } from '../../src/ir/index.js';
import { add, argmax, convert, equal, exp, iota, matmul, mul, select, sum, takeRows } from '../../src/ops/index.js';
import { temporaryFolder } from '../support/folder.js';

const library = createRequire(import.meta.url)('gpu.js') as GpuJs;

const f32 = (...shape: number[]) => ({ shape, dtype: 'f32' }) as const;
const i32 = (...shape: number[]) => ({ shape, dtype: 'i32' }) as const;

describe('which mode runs', () => {
  test('WebAssembly in Node, and why not WebGL2', () => {
    const { details, device } = getBackend('gpu.js').info();
    expect(device).toBe('wasm');
    expect(details).toMatchObject({ mode: 'wasm', precision: 'single' });
    expect(details.passedOver).toMatch(/^webgl2: there is no WebGL2 here$/);
    expect(details.checkError).toBeLessThan(1e-5);
  });

  test('JavaScript when asked for; what is not there is refused by name', () => {
    const backend = gpuJsBackend(library, { mode: 'cpu' });
    expect(backend.info().details.mode).toBe('cpu');
    const { program } = trace((x, y) => [matmul(x!, y!)], [f32(5, 3), f32(3, 2)]);
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], { shape: [5, 3] });
    const [product] = makeExecutable(backend, program).run([x, tensor([1, 0, 0, 1, 1, 1], { shape: [3, 2] })]);
    expect([...product!.data()]).toEqual([4, 5, 10, 11, 16, 17, 22, 23, 28, 29]);
    expect(() => gpuJsBackend(library, { mode: 'webgl2' })).toThrow(/no mode runs here: webgl2: there is no WebGL2/);
  });

  test('a mode that gets numbers wrong is passed over, and one that hands over to another is found out', () => {
    const { GPU } = library;
    class Wrong extends GPU {
      override createKernel(source: string, settings: never) {
        return super.createKernel(source.replaceAll('total += ', 'total += 1e-3 + '), settings);
      }
    }
    expect(() => gpuJsBackend({ ...library, GPU: Wrong } as GpuJs, { mode: 'wasm' })).toThrow(
      /wasm: numbers are off by \S+ in the check/,
    );
    class Elsewhere extends GPU {
      constructor() {
        super({ mode: 'cpu' });
      }
    }
    expect(() => gpuJsBackend({ ...library, GPU: Elsewhere } as GpuJs, { mode: 'wasm' })).toThrow(
      /a kernel for wasm ran on cpu/,
    );
  });

  test('without the package, or with another version: typed errors that say what to install', () => {
    const folder = temporaryFolder();
    const from = pathToFileURL(join(folder.path, 'index.js')).href;
    expect(() => requireGpuJs(from)).toThrow(BackendError);
    expect(() => requireGpuJs(from)).toThrow(/not installed; run npm install gpu\.js@2\.24\.1/);
    folder.write('node_modules/gpu.js/package.json', '{"version": "3.0.0"}');
    expect(() => requireGpuJs(from)).toThrow(/must be version 2\.24\.1, got 3\.0\.0/);
  });
});

describe('what runs where', () => {
  const backend = gpuJsBackend(library, { mode: 'wasm' });

  test("f32 and positions stay on the device; f64 and i32 arithmetic are the host's, and stats() says so", () => {
    const onHost = (fn: (...inputs: Value[]) => Value, ...avals: Parameters<typeof trace>[1]) => {
      const { program } = trace((...inputs) => [fn(...inputs)], avals);
      return makeExecutable(backend, program).stats().onHost;
    };
    expect(onHost((x) => sum(exp(x!)), f32(4, 3))).toEqual([]);
    expect(onHost((x) => takeRows(x!, argmax(x!)), f32(4, 4))).toEqual([]);
    expect(onHost((x, y) => takeRows(x!, y!), f32(4, 4), i32(2))).toEqual([]);
    expect(onHost((x) => equal(argmax(x!), iota([4])), f32(4, 4))).toEqual([]);
    expect(onHost((x, n) => equal(argmax(x!), n!), f32(4, 4), i32(4))).toEqual([]);
    expect(onHost((m, n) => equal(m!, n!), i32(4), i32(4))).toEqual(['equal']);
    expect(onHost((x) => add(x!, 1), i32(4))).toEqual(['add']);
    expect(onHost((x) => convert(mul(x!, 2), 'f64'), f32(4))).toEqual(['convert']);
  });

  test('the two sides take turns as often as the order of the program asks, and agree', () => {
    const count = 2 ** 24 + 1;
    const { program } = trace(
      (x, n) => [select(equal(n!, count), mul(x!, convert(add(n!, -count + 1), 'f32')), exp(x!)), add(n!, n!)],
      [f32(3), i32(3)],
    );
    const [y, doubled] = makeExecutable(backend, program).run([
      tensor([1, 2, 0]),
      tensor([count, count, count - 1], { dtype: 'i32' }),
    ]);
    expect([...y!.data()]).toEqual([1, 2, 1]);
    expect([...doubled!.data()]).toEqual([2 * count, 2 * count, 2 * count - 2]);
  });
});

describe('as the backend of everything', () => {
  afterEach(() => useBackend(process.env.AUTOBALANCE_BACKEND ?? 'native'));

  test('derivatives run on it, at once and asynchronously', async () => {
    useBackend('gpu.js');
    const cube = (x: Value): Value => sum(mul(mul(x, x), x));
    expect([...grad(cube)(tensor([1, 2, 3])).data()]).toEqual([3, 12, 27]);
    const compiled = compile(grad(cube));
    expect([...(await compiled.async(tensor([1, -2]))).data()]).toEqual([3, 12]);
  });
});
