import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { useBackend, withBackend } from '../../src/backends/index.js';
import { provideOnRequest } from '../../src/backends/registry.js';
import { wasmBackend } from '../../src/backends/wasm.js';
import { WasmEngine } from '../../src/backends/wasm-engine.js';
import { loadWasm, wasmEngine, wasmModule } from '../../src/backends/wasm-file.js';
import type { ThreadHost } from '../../src/backends/wasm-threads.js';
import { nodeThreads, threadsWanted } from '../../src/backends/wasm-threads-node.js';
import { encode } from '../../src/compile/encode.js';
import { BackendError, ConfigError, Tensor, trace } from '../../src/ir/index.js';
import { matmul } from '../../src/ops/index.js';
import { build } from '../support/built.js';
import { cnnHypergradient, expectSameBits, trainingStep } from '../support/cnn-threads.js';

const COUNTS = [1, 2, 3];
const REPEATS = 3;
const nameOf = (count: number): string => `wasm on ${count}`;
provideOnRequest(Object.fromEntries(COUNTS.map((count) => [nameOf(count), () => loadWasm('direct', count)] as const)));

const before = process.env.AUTOBALANCE_BACKEND ?? 'native';
const setThreads = (count: number): void => useBackend(nameOf(count));
afterAll(() => useBackend(before));

/** A product that is cut into many tasks. */
const N = 384;
const factor = Tensor.of(
  Float32Array.from({ length: N * N }, (_, i) => Math.sin(i)),
  [N, N],
  'f32',
);
const { program: product } = trace((a, b) => [matmul(a!, b!)], [factor.aval, factor.aval]);

describe('what there is', () => {
  test.each(COUNTS)('%i threads: said, and all of them take part', (count) => {
    const { info } = loadWasm('direct', count);
    expect(info().device).toBe(`WebAssembly simd128, ${count} thread${count === 1 ? '' : 's'}`);
    expect(info().details).toMatchObject({ threads: count });
    expect(info().details).not.toHaveProperty('oneThreadBecause');
    if (count === 1) return;
    const { threadsPresent } = wasmEngine(count).instance.exports as unknown as { threadsPresent(): number };
    expect(threadsPresent()).toBe(count);
  });

  test('a host that starts none: one thread, and the reason', () => {
    const refusing: ThreadHost = {
      processors: 2,
      start() {
        throw new Error('no more threads today');
      },
    };
    expect(() => new WasmEngine(wasmModule('threads'), { count: 2, host: refusing })).toThrow(/no more threads today/);
    const engine = new WasmEngine(wasmModule(), undefined, 'no more threads today');
    expect(wasmBackend(engine).info().details).toMatchObject({ threads: 1, oneThreadBecause: 'no more threads today' });
  });

  test('the environment says how many', () => {
    const asked = process.env.AUTOBALANCE_THREADS;
    try {
      for (const [text, count] of [
        ['', 1],
        ['3', 3],
      ] as const) {
        process.env.AUTOBALANCE_THREADS = text;
        expect(threadsWanted()).toBe(count);
      }
      for (const text of ['0', '2.5', 'two', '257']) {
        process.env.AUTOBALANCE_THREADS = text;
        expect(threadsWanted).toThrow(ConfigError);
      }
    } finally {
      if (asked === undefined) delete process.env.AUTOBALANCE_THREADS;
      else process.env.AUTOBALANCE_THREADS = asked;
    }
  });
});

describe('the same bits on 1, 2 and 3 threads, the module for one among them', () => {
  test('a training step of a CNN', async () => {
    await expectSameBits(trainingStep, COUNTS, REPEATS, setThreads);
  });

  test('a hypergradient', async () => {
    await expectSameBits(cnnHypergradient, COUNTS, REPEATS, setThreads);
  });
});

describe('a trap', () => {
  /** Runs the product with its result partly beyond the memory, once. */
  function trapped(engine: WasmEngine): BackendError {
    const { instance } = engine;
    const { words, literals } = encode(product);
    const at = instance.staging(words.byteLength + literals.byteLength + 4 * N * N + 1024);
    new Int32Array(instance.memory.buffer, at, words.length).set(words);
    const after = Math.ceil((at + words.byteLength) / 64) * 64;
    const handle = instance.exports.compile(at, words.length, after, literals.length);
    const matrix = after + 64;
    const lists = matrix + 4 * N * N;
    const end = instance.memory.buffer.byteLength;
    new Uint32Array(instance.memory.buffer, lists, 3).set([matrix, matrix, end - 2 * N * N]);
    try {
      if (instance.call(({ run }) => run(handle, lists, lists + 8)) === 0) throw instance.failure();
    } catch (error) {
      return error as BackendError;
    }
    throw new Error('nothing was trapped');
  }

  test('on any thread: the typed error, and the next run has another instance', () => {
    const [expected] = loadWasm('direct', 1).compile(product).run([factor, factor]);
    const engine = wasmEngine(2);
    const executable = wasmBackend(engine).compile(product);
    const where = new Set<string>();
    // Which of the two comes to the last rows is chance.
    for (let round = 0; round < 60 && where.size < 2; round++) {
      const { instance } = engine;
      const { threadsPresent, trapText } = instance.exports as unknown as Record<string, () => number>;
      expect(threadsPresent!()).toBe(2);
      const error = trapped(engine);
      expect(error).toBeInstanceOf(BackendError);
      expect(error.message).toBe('wasm: memory access out of bounds');
      where.add(instance.text(trapText!()) === '' ? 'caller' : 'worker');
      expect(instance.failed).toBe(error);
      expect(engine.instance).not.toBe(instance);
      const [got] = executable.run([factor, factor]);
      expect(got!.data()).toEqual(expected!.data());
    }
    expect([...where].sort()).toEqual(['caller', 'worker']);
    engine.stop();
  });

  test('with one thread too', () => {
    const engine = wasmEngine();
    const { instance } = engine;
    expect(trapped(engine).message).toBe('wasm: memory access out of bounds');
    expect(engine.instance).not.toBe(instance);
  });

  test('a thread that does not start is told of', async () => {
    const absent: ThreadHost = {
      processors: 2,
      start(_, heard) {
        queueMicrotask(() => heard(new Error('never begun')));
        return { stop() {} };
      },
    };
    const engine = new WasmEngine(wasmModule('threads'), { count: 2, host: absent });
    await expect(engine.ready()).rejects.toThrow(/wasm: a thread ended: never begun/);
    expect(() => engine.instance).toThrow(/never begun/);
    const { instance } = engine;
    await new WasmEngine(wasmModule('threads'), { count: 2, host: nodeThreads }).ready();
    expect(instance.failed).toBeDefined();
  });
});

describe('when there is nothing to do', () => {
  test('they sleep: waiting takes no processor time', async () => {
    withBackend(nameOf(3), trainingStep);
    await sleep(50);
    const start = process.cpuUsage();
    await sleep(300);
    const { user, system } = process.cpuUsage(start);
    // Two threads that spin would take 600 ms of two processors; Node itself takes a few.
    expect((user + system) / 1000).toBeLessThan(100);
  });

  test('they do not keep the process alive', async () => {
    const { main } = await build();
    const script = `
      const { currentBackend, matmul, tensor } = await import(${JSON.stringify(pathToFileURL(main).href)});
      const x = tensor(new Float32Array(${N * N}).fill(1), { shape: [${N}, ${N}] });
      console.log(currentBackend().info().device, matmul(x, x).data()[0]);
    `;
    const env = { ...process.env, AUTOBALANCE_BACKEND: 'wasm', AUTOBALANCE_THREADS: '2' };
    const options = { env, timeout: 20_000 };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], options);
    expect(stdout.trim()).toBe(`WebAssembly simd128, 2 threads ${N}`);
  });
});
