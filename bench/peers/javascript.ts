import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Work } from '../work.js';
import type { Peer, PeerStatus, PeerTimes } from './peer.js';

/**
 * Engines in JavaScript and WebAssembly. None is a dependency: they weigh 200 MB together. `npm run bench:peers` installs them beside.
 */

type Gemm = Extract<Work, { kind: 'gemm' }>;

/** Of what they all do: plain products in f32. */
const plain = (work: Work): work is Gemm =>
  work.kind === 'gemm' && work.dtype === 'f32' && work.batch === 1 && !work.transA && !work.transB;

async function load(
  name: string,
  version: () => string,
  make: () => Promise<(work: Gemm) => () => unknown>,
): Promise<PeerStatus> {
  try {
    const prepare = await make();
    const peer: Peer = {
      name,
      version: version(),
      async time(work, seconds): Promise<PeerTimes | undefined> {
        return plain(work) ? { times: await timed(prepare(work), seconds) } : undefined;
      },
      stop: () => undefined,
    };
    return { name, peer };
  } catch (error) {
    return { name, absent: error instanceof Error ? error.message.split('\n')[0]! : String(error) };
  }
}

async function timed(run: () => unknown, seconds: number): Promise<number[]> {
  await run();
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (times.length < 3 || (performance.now() < end && times.length < 2000)) {
    const from = performance.now();
    await run();
    times.push(performance.now() - from);
  }
  return times;
}

const require = createRequire(import.meta.url);
/** A package need not export its manifest, so it is looked for where packages lie. */
function versionOf(name: string): string {
  const folder = (require.resolve.paths(name) ?? []).find((each) => existsSync(join(each, name)));
  if (folder === undefined) throw new Error(`Cannot find package '${name}'`);
  return (JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')) as { readonly version: string }).version;
}
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

export const tensorFlowWasm = (): Promise<PeerStatus> =>
  load(
    'tfjs-wasm',
    () => versionOf('@tensorflow/tfjs-backend-wasm'),
    async () => {
      const tf = require('@tensorflow/tfjs-core') as TensorFlow;
      const wasm = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(prefix: string): void };
      wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
      if (!(await tf.setBackend('wasm'))) throw new Error('tfjs: the WebAssembly backend did not start');
      await tf.ready();
      return ({ m, n, k }) => {
        const [a, b] = [tf.tensor2d(noise(m * k), [m, k]), tf.tensor2d(noise(k * n), [k, n])];
        return () => {
          const product = tf.matMul(a, b);
          product.dataSync();
          product.dispose();
        };
      };
    },
  );

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

export const jaxWasm = (): Promise<PeerStatus> =>
  load(
    'jax-js-wasm',
    () => versionOf('@jax-js/jax'),
    async () => {
      const name = '@jax-js/jax';
      const jax = (await import(name)) as Jax;
      await jax.init('wasm');
      jax.defaultDevice('wasm');
      const array = (rows: number, columns: number): JaxArray =>
        jax.numpy.array(noise(rows * columns)).reshape([rows, columns]);
      const product = ({ m, n, k }: Pick<Gemm, 'm' | 'n' | 'k'>) => {
        const [a, b] = [array(m, k), array(k, n)];
        return () => jax.numpy.matmul(a.ref, b.ref).dataSync();
      };
      // Where its threads cannot share memory, it fails at the first product and not before.
      product({ m: 4, n: 4, k: 4 })();
      return product;
    },
  );

export const javascriptPeers = (): Promise<PeerStatus>[] => [tensorFlowWasm(), jaxWasm(), onnxWeb()];

interface Ort {
  readonly env: { readonly wasm: { numThreads: number } };
  readonly InferenceSession: { create(model: Uint8Array): Promise<{ run(feeds: object): Promise<object> }> };
  readonly Tensor: new (type: string, data: Float32Array, shape: readonly number[]) => object;
}

export const onnxWeb = (): Promise<PeerStatus> =>
  load(
    'onnxruntime-web',
    () => versionOf('onnxruntime-web'),
    async () => {
      const name = 'onnxruntime-web';
      const ort = (await import(name)) as Ort;
      const { encodeMatMul } = await import('./onnx.js');
      ort.env.wasm.numThreads = 1;
      const session = await ort.InferenceSession.create(encodeMatMul());
      return ({ m, n, k }) => {
        const feeds = {
          a: new ort.Tensor('float32', noise(m * k), [m, k]),
          b: new ort.Tensor('float32', noise(k * n), [k, n]),
        };
        return () => session.run(feeds);
      };
    },
  );
