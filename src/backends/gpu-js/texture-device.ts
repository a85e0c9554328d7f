import { Device } from './device.js';
import { flatten, type Nested } from './host-device.js';
import type { Launch, Limits } from './launch.js';
import type { GpuJs, GpuKernel } from './library.js';
import { argumentOf, Upload } from './upload.js';

/** A texture that holds one number, or four, in each texel. */
interface Texture {
  readonly size: ArrayLike<number>;
  readonly output: ArrayLike<number>;
  readonly type: string;
  toArray(): Nested;
  delete(): void;
}

/** gpu.js on WebGL2: a fragment shader computes each texel of a texture. */
export class TextureDevice extends Device {
  readonly limits: Limits = { inputs: 14, integers: false, exactMath: false, vectors: true };

  constructor(library: GpuJs) {
    super(library, 'webgl2');
  }

  upload(data: Float32Array): object {
    const upload = new Upload(this.library, data);
    return this.launch(upload.launch, [upload]) as object;
  }

  read(handle: object, size: number): Float32Array {
    const data = new Float32Array(size);
    flatten((handle as Texture).toArray(), data, 0);
    return data;
  }

  release(handle: object): void {
    (handle as Texture).delete();
  }

  protected layoutOf(handle: object): string {
    if (handle instanceof Upload) return `upload ${handle.size}`;
    const { type, size, output } = handle as Texture;
    return `${type} ${Array.from(size)} ${Array.from(output)}`;
  }

  /** A texture is as wide as a grid of two sides, which may be wider than textures can be; with a middle side of 1 it is about square. */
  protected override arrange({ body, grid }: Launch): { readonly body: string; readonly output: readonly number[] } {
    if (grid.length !== 2) return { body, output: grid };
    return { body: body.replaceAll('this.thread.y', 'this.thread.z'), output: [grid[0]!, 1, grid[1]!] };
  }

  protected call(kernel: GpuKernel, _: Launch, inputs: readonly object[]): object {
    return kernel(...inputs.map(argumentOf)) as object;
  }

  /** Textures know the kernel that made them and need it to be read. */
  protected override retire(): void {}
}
