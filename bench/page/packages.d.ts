// What is used of packages that are installed only to be measured beside us: `npm run bench:peers`.

declare module '@tensorflow/tfjs-core' {
  export interface Tensor {
    dataSync(): Float32Array;
    dispose(): void;
  }
  type Shape = readonly number[];
  export function setBackend(name: 'webgl' | 'wasm'): Promise<boolean>;
  export function tensor(data: ArrayLike<number>, shape: Shape): Tensor;
  export function matMul(a: Tensor, b: Tensor): Tensor;
  export function conv2d(x: Tensor, filter: Tensor, strides: number, pad: 'same'): Tensor;
  export function conv2dTranspose(dy: Tensor, filter: Tensor, shape: Shape, strides: number, pad: 'same'): Tensor;
  export function engine(): { runKernel(name: string, inputs: Record<string, Tensor>, attributes: object): Tensor };
}

declare module '@tensorflow/tfjs-backend-webgl' {
  export function setWebGLContext(version: 2, context: WebGL2RenderingContext): void;
}

declare module '@tensorflow/tfjs-backend-wasm' {
  export function setWasmPaths(urls: Record<string, string>): void;
  export function setThreadsCount(threads: number): void;
  export function getThreadsCount(): number;
}

declare module '@jax-js/jax' {
  type Device = 'wasm' | 'webgpu';
  export interface Array {
    /** The array once more: every operation uses its operands up. */
    readonly ref: Array;
    reshape(shape: readonly number[]): Array;
    dispose(): void;
    data(): Promise<Float32Array>;
    dataSync(): Float32Array;
  }
  type Binary = (a: Array, b: Array) => Array;
  type Padding = 'SAME' | readonly (readonly [number, number])[];
  export function init(device: Device): Promise<readonly Device[]>;
  export function defaultDevice(device: Device): void;
  export const numpy: { array(data: Float32Array): Array; matmul: Binary };
  export function jit(fn: Binary): Binary;
  /** Images are NCHW, filters OIHW. */
  export const lax: {
    conv(x: Array, filter: Array, strides: readonly number[], padding: Padding): Array;
    convTranspose(
      x: Array,
      filter: Array,
      strides: readonly number[],
      padding: Padding,
      options: { readonly transposeKernel: true },
    ): Array;
  };
}
