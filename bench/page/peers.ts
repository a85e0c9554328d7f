import type { Array as JaxArray } from '@jax-js/jax';
import type { Tensor as TfTensor } from '@tensorflow/tfjs-core';
import type { Tensor } from '../../src/ir/index.js';
import { transpose, type Value } from '../../src/portable.js';
import type { Prepared, Side, Starts, Traced } from './session.js';

// Other engines, each as it is quickest: operands lie on its device and in its layout before anything is timed, and results are read by the
// quicker of its ways.

const processors = navigator.hardwareConcurrency;
const floats = (value: Value): Float32Array => value.data() as Float32Array;

async function tensorFlow(backend: 'webgl' | 'wasm', device: () => string): Promise<Side> {
  const tf = await import('@tensorflow/tfjs-core');
  if (!(await tf.setBackend(backend))) throw new Error(`its backend ${backend} does not start here`);
  /** Of a product's a and b, or of a convolution's image, filter and cotangent. */
  const operation = ({ work }: Traced): ((x: TfTensor, f: TfTensor, ct: TfTensor) => TfTensor) | undefined => {
    if (work.kind === 'gemm') return (a, b) => tf.matMul(a, b);
    if (work.kind !== 'conv') return undefined;
    const { member, n, h, w, c, kh, kw, o } = work;
    if (member === 'forward') return (x, filter) => tf.conv2d(x, filter, 1, 'same');
    if (member === 'inputGrad') return (_, filter, ct) => tf.conv2dTranspose(ct, filter, [n, h, w, c], 1, 'same');
    // Not a function of its interface, and not a kernel of its WebAssembly.
    if (backend === 'wasm') return undefined;
    const attributes = { strides: 1, pad: 'same', dataFormat: 'NHWC', filterShape: [kh, kw, c, o] };
    return (x, _, ct) => tf.engine().runKernel('Conv2DBackpropFilter', { x, dy: ct }, attributes);
  };
  return {
    device: device(),
    enter: () => tf.setBackend(backend),
    prepare(task): Prepared | undefined {
      const compute = operation(task);
      if (!compute) return undefined;
      const operands = task.inputs.map((input) => tf.tensor(floats(input), input.shape)) as [
        TfTensor,
        TfTensor,
        TfTensor,
      ];
      return {
        run() {
          const result = compute(...operands);
          const numbers = result.dataSync();
          result.dispose();
          return [numbers];
        },
        release() {
          for (const operand of operands) operand.dispose();
        },
      };
    },
  };
}

/** @param threads more than one of them compute only where results are read asynchronously */
async function jaxJs(device: 'wasm' | 'webgpu', threads = 1): Promise<Side> {
  const { defaultDevice, init, jit, lax, numpy } = await import('@jax-js/jax');
  if (!(await init(device)).includes(device)) throw new Error(`its device ${device} does not start here`);
  const array = (value: Value, permutation?: readonly number[]): JaxArray => {
    const laidOut = permutation ? transpose(value, permutation) : value;
    return numpy.array(floats(laidOut)).reshape(laidOut.shape);
  };
  type Operation = (a: JaxArray, b: JaxArray) => JaxArray;
  /** What it does, and with which arrays: channels come before rows and columns, and a filter's output channels first. */
  const operation = ({ work, inputs }: Traced): readonly [Operation, JaxArray, JaxArray] | undefined => {
    const [x, filter, ct] = inputs as readonly Tensor[] as readonly [Tensor, Tensor, Tensor];
    if (work.kind === 'gemm') return [numpy.matmul, array(x), array(filter)];
    if (work.kind !== 'conv') return undefined;
    const [strides, pad] = [[work.stride, work.stride], [work.pad, work.pad] as const];
    const [images, filters, turned] = [
      [0, 3, 1, 2],
      [3, 2, 0, 1],
      [3, 0, 1, 2],
    ];
    const convolve: Operation = (a, b) => lax.conv(a, b, strides, [pad, pad]);
    if (work.member === 'forward') return [convolve, array(x, images), array(filter, filters)];
    // In the gradient to the filter images and channels change places.
    if (work.member === 'filterGrad') return [convolve, array(x, turned), array(ct, turned)];
    const back: Operation = (a, b) => lax.convTranspose(a, b, strides, [pad, pad], { transposeKernel: true });
    return [back, array(ct, images), array(filter, filters)];
  };
  return {
    device: device === 'wasm' ? `wasm, ${threads} thread${threads === 1 ? '' : 's'}` : device,
    enter: async () => defaultDevice(device),
    prepare(task): Prepared | undefined {
      const found = operation(task);
      if (!found) return undefined;
      const [compute, a, b] = found;
      // Compiled, its convolutions take two thirds of the time on WebGPU, and five times as long on wasm.
      const call = device === 'webgpu' ? jit(compute) : compute;
      return {
        run() {
          const result = call(a.ref, b.ref);
          return device === 'wasm' && threads === 1 ? [result.dataSync()] : result.data().then((numbers) => [numbers]);
        },
        release() {
          a.dispose();
          b.dispose();
        },
      };
    },
  };
}

async function tensorFlowWasm(): Promise<Side> {
  const { setWasmPaths, setThreadsCount, getThreadsCount } = await import('@tensorflow/tfjs-backend-wasm');
  const [plain, simd, threaded] = await Promise.all([
    import('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url'),
    import('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url'),
    import('@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.wasm?url'),
  ]);
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plain.default,
    'tfjs-backend-wasm-simd.wasm': simd.default,
    'tfjs-backend-wasm-threaded-simd.wasm': threaded.default,
  });
  // It takes half the processors at most.
  setThreadsCount(processors);
  return tensorFlow('wasm', () => `wasm, threads: ${getThreadsCount()}`);
}

async function tensorFlowWebGl(): Promise<Side> {
  const { setWebGLContext } = await import('@tensorflow/tfjs-backend-webgl');
  // Of itself it takes no context that is in software.
  const context = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!context) throw new Error('there is no WebGL2 here');
  setWebGLContext(2, context);
  return tensorFlow('webgl', () => 'webgl2');
}

export const peers: Starts = {
  'tfjs-webgl': tensorFlowWebGl,
  'tfjs-wasm': tensorFlowWasm,
  'jax-js wasm, 1 thread': () => jaxJs('wasm'),
  ...(processors > 1 && { [`jax-js wasm, ${processors} threads`]: () => jaxJs('wasm', processors) }),
  'jax-js webgpu': () => jaxJs('webgpu'),
};
