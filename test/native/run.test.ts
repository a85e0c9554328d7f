import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { loadNative, nativeAddon } from '../../src/backends/native.js';
import { encode } from '../../src/compile/encode.js';
import { type Aval, type DType, type Primitive, type Tensor, trace, type Value } from '../../src/ir/index.js';
import { matmul, max, mul, primitives, relu, softmax, sub, sum, transpose } from '../../src/ops/index.js';
import { generator } from '../compile/random-programs.js';
import { expectUlps } from '../support/compare.js';
import { programOfPrimitive } from '../support/programs.js';
import { addonExists, reference } from '../support/targets.js';
import { tensorOf } from '../support/tensors.js';

const random = generator(3);
const normal = (...shape: number[]): Tensor =>
  tensorOf(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random() * 2 - 1),
    shape,
    'f32',
  );

function compileNative(fn: (...inputs: Value[]) => Value[], avals: readonly Aval[]) {
  return loadNative().compile(trace(fn, avals).program);
}

function bytesOf(tensor: Tensor): Buffer {
  const { buffer, byteOffset, byteLength } = tensor.data();
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Every shape of reduction at once, and a matrix product. */
const reductions = (x: Value): Value[] => {
  const y = relu(sub(mul(x, x), 0.1));
  const all = [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];
  return [
    ...all.flatMap((axes) => [sum(y, { axes }), max(y, { axes })]),
    softmax(x),
    matmul(x, transpose(x, [0, 2, 1])),
  ];
};

describe.skipIf(!addonExists)('running on the native backend', () => {
  const threads = addonExists ? nativeAddon().info().threads : 1;
  afterAll(() => nativeAddon().setThreads(threads));

  test.each([[[64, 49, 64]], [[3, 7, 5]], [[90, 30, 10]], [[2, 300, 1500]], [[300, 2, 160]]])(
    '%j: the same bits on 1, 2 and 8 threads',
    (shape) => {
      const x = normal(...shape);
      const executable = compileNative((x) => reductions(x!), [x.aval]);
      const run = (count: number) => {
        nativeAddon().setThreads(count);
        // As text of bytes: to compare the arrays themselves takes vitest a minute.
        return executable.run([x]).map((tensor) => bytesOf(tensor).toString('base64'));
      };
      const expected = run(1);
      for (const count of [2, 8, 2]) expect(run(count)).toEqual(expected);
    },
  );

  test('a sum of a million floats is right to 1e-6', () => {
    const x = tensorOf(
      Float32Array.from({ length: 1_000_000 }, () => random()),
      [1000, 1000],
      'f32',
    );
    const executable = compileNative((x) => [sum(x!), sum(x!, { axes: 0 }), sum(x!, { axes: 1 })], [x.aval]);
    const exact = reference.run(
      trace((x) => [sum(x!), sum(x!, { axes: 0 }), sum(x!, { axes: 1 })], [{ shape: [1000, 1000], dtype: 'f64' }])
        .program,
      [tensorOf(x.data(), x.shape, 'f64')],
    );
    executable.run([x]).forEach((got, k) => {
      got.data().forEach((value, i) => {
        expect(Math.abs(value / exact[k]!.data()[i]! - 1)).toBeLessThan(1e-6);
      });
    });
  });

  test('runAsync: several at once, each with its own result', async () => {
    const inputs = Array.from({ length: 8 }, () => normal(40, 30));
    const executable = compileNative((x) => [softmax(x!), sum(x!)], [inputs[0]!.aval]);
    const expected = inputs.map((x) => executable.run([x]).map((tensor) => tensor.data()));
    const running = inputs.map((x) => executable.runAsync([x]));
    // This thread may run programs meanwhile.
    expect(executable.run([inputs[0]!]).map((tensor) => tensor.data())).toEqual(expected[0]);
    expect((await Promise.all(running)).map((list) => list.map((tensor) => tensor.data()))).toEqual(expected);
  });

  test('worker threads share the executor', async () => {
    const x = normal(200, 30);
    const { program } = trace((x) => [softmax(x!)], [x.aval]);
    const tape = encode(program);
    const expected = loadNative().compile(program).run([x])[0]!.data();
    const code = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { Executable } = require(workerData.addon);
      const executable = new Executable(workerData.words, workerData.literals);
      const output = new Float32Array(workerData.x.length);
      for (let i = 0; i < 50; i++) executable.run([workerData.x], [output]);
      parentPort.postMessage(output);
    `;
    const addon = new URL('../../build/Release/autobalance.node', import.meta.url).pathname;
    const workerData = { addon, words: tape.words, literals: tape.literals, x: x.data() };
    const results = await Promise.all(
      [0, 1, 2].map(
        () =>
          new Promise((resolve, reject) => {
            const worker = new Worker(code, { eval: true, workerData });
            worker.on('message', resolve);
            worker.on('error', reject);
          }),
      ),
    );
    for (const result of results) expect(result).toEqual(expected);
  });

  test('memory of results is given back', () => {
    const x = normal(1024, 1024);
    const executable = compileNative((x) => [mul(x!, 2)], [x.aval]);
    executable.run([x]);
    const before = process.memoryUsage().rss;
    // 1.6 GB in all.
    for (let i = 0; i < 400; i++) executable.run([x]);
    expect(process.memoryUsage().rss - before).toBeLessThan(600e6);
  });
});

/** Floats of every exponent and sign, and the values where functions change their ways. */
function spread(): Float32Array {
  const bits = Uint32Array.from({ length: 60_000 }, () => Math.floor(random() * 2 ** 32));
  const near = Float32Array.from({ length: 60_000 }, () => (random() - 0.5) * 40);
  const special = [0, -0, 1, -1, 0.5, -0.5, 88.72, 88.73, 89, -87.3, -87.4, -103.9, -104, -150, 1e-45, -1e-45, 3.4e38];
  return Float32Array.from([...new Float32Array(bits.buffer), ...near, ...special, Infinity, -Infinity, NaN]);
}

/** Names of the instruction sets this machine has. */
function instructionSets(): string[] {
  if (!addonExists) return [];
  const addon = nativeAddon();
  const { isa } = addon.info();
  const sets = ['generic', 'avx2', 'avx512'].filter((name) => {
    try {
      addon.setIsa(name);
      return true;
    } catch {
      return false;
    }
  });
  addon.setIsa(isa);
  return sets;
}

describe.skipIf(!addonExists).each(instructionSets())('elementary functions on %s', (isa) => {
  const chosen = addonExists ? nativeAddon().info().isa : '';
  afterAll(() => nativeAddon().setIsa(chosen));
  const functions: Primitive[] = Object.values<Primitive>(primitives).filter(({ ulps }) => ulps !== undefined);

  test.each(functions.map((primitive) => [primitive.name, primitive] as const))(
    '%s keeps its bound',
    (name, primitive) => {
      nativeAddon().setIsa(isa);
      const x = spread();
      // A reduction of large angles to [−π, π] is the library's business, and the definition's too.
      const inputs = [x];
      if (name === 'pow')
        inputs.push(Float32Array.from(x, (_, i) => (i % 5 === 0 ? (i % 7) - 3 : (random() - 0.5) * 8)));
      const tensors = (dtype: DType) => inputs.map((values) => tensorOf(values, [values.length], dtype));
      const program = (dtype: DType) =>
        programOfPrimitive(
          primitive,
          tensors(dtype).map((t) => t.aval),
          {},
        );
      const got = loadNative().compile(program('f32')).run(tensors('f32'))[0]!.data();
      const wanted = reference.run(program('f64'), tensors('f64'))[0]!.data();
      const overflowed = Float32Array.from(wanted);
      expectUlps(
        got,
        Array.from(wanted, (value, i) => (Number.isFinite(overflowed[i]!) ? value : overflowed[i]!)),
        primitive.ulps!,
        'f32',
      );
    },
  );
});
