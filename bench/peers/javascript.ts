import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Work } from '../work.js';
import { encodeMatMul } from './onnx.js';
import { versionOf } from './version-of.js';

/**
 * Engines in JavaScript and WebAssembly. None is a dependency: they weigh 200 MB together. `npm run bench:peers` installs them beside.
 */

type Gemm = Extract<Work, { kind: 'gemm' }>;

/** Of what they all do: plain products in f32. */
export const isPlainProduct = (work: Work): work is Gemm =>
  work.kind === 'gemm' && work.dtype === 'f32' && work.batch === 1 && !work.transA && !work.transB;

/** An engine that is ready: a product to be timed again and again. */
export interface Engine {
  readonly version: string;
  readonly prepare: (work: Gemm) => () => unknown;
}

const require = createRequire(import.meta.url);
const noise = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i));

interface TfTensor {
  dataSync(): unknown;
  dispose(): void;
}
interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor2d(data: Float32Array, shape: readonly [number, number]): TfTensor;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
}
interface TensorFlowWasm {
  setWasmPaths(prefix: string): void;
  setThreadsCount(threads: number): void;
}

async function tensorFlowWasm(threads: number): Promise<Engine> {
  const version = versionOf('@tensorflow/tfjs-backend-wasm');
  const tf = require('@tensorflow/tfjs-core') as TensorFlow;
  const wasm = require('@tensorflow/tfjs-backend-wasm') as TensorFlowWasm;
  wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  wasm.setThreadsCount(threads);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs: the WebAssembly backend did not start');
  await tf.ready();
  return {
    version,
    prepare: ({ m, n, k }) => {
      const [a, b] = [tf.tensor2d(noise(m * k), [m, k]), tf.tensor2d(noise(k * n), [k, n])];
      return () => {
        const product = tf.matMul(a, b);
        product.dataSync();
        product.dispose();
      };
    },
  };
}

interface JaxArray {
  readonly ref: JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  dataSync(): unknown;
}
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): unknown;
  readonly numpy: { array(data: Float32Array): JaxArray; matmul(a: JaxArray, b: JaxArray): JaxArray };
}

/** One thread: where it finds no Worker of a browser, it takes none. */
async function jaxWasm(): Promise<Engine> {
  const version = versionOf('@jax-js/jax');
  const name = '@jax-js/jax';
  const jax = (await import(name)) as Jax;
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const array = (rows: number, columns: number): JaxArray =>
    jax.numpy.array(noise(rows * columns)).reshape([rows, columns]);
  return {
    version,
    prepare: ({ m, n, k }) => {
      const [a, b] = [array(m, k), array(k, n)];
      return () => jax.numpy.matmul(a.ref, b.ref).dataSync();
    },
  };
}

interface Ort {
  readonly env: { readonly wasm: { numThreads: number } };
  readonly InferenceSession: { create(model: Uint8Array): Promise<{ run(feeds: object): Promise<object> }> };
  readonly Tensor: new (type: string, data: Float32Array, shape: readonly number[]) => object;
}

async function onnxWeb(threads: number): Promise<Engine> {
  const version = versionOf('onnxruntime-web');
  const name = 'onnxruntime-web';
  const ort = (await import(name)) as Ort;
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(encodeMatMul());
  return {
    version,
    prepare: ({ m, n, k }) => {
      const feeds = {
        a: new ort.Tensor('float32', noise(m * k), [m, k]),
        b: new ort.Tensor('float32', noise(k * n), [k, n]),
      };
      return () => session.run(feeds);
    },
  };
}

/** By name, as `javascript-main` starts them. */
export const engines: { readonly [name: string]: (threads: number) => Promise<Engine> } = {
  'tfjs-wasm': tensorFlowWasm,
  'jax-js-wasm': jaxWasm,
  'onnxruntime-web': onnxWeb,
};
