import { allocateArray, type DType, memo, type Storage, type Tensor, type TypedArray } from '../../ir/index.js';
import type { Device, Handle, MaybePromise } from './device.js';
import { LARGEST_WHOLE } from './launch.js';

/** Elements on a device, all f32 there; on the host only once somebody has read them. */
export class DeviceStorage implements Storage {
  readonly device: Device;
  readonly handle: Handle;
  readonly #size: number;
  /** Made with the result, so that the collector knows how much memory hangs on it; filled when it is read. */
  readonly #array: TypedArray;
  #filled = false;

  constructor(device: Device, handle: Handle, dtype: DType, size: number) {
    this.device = device;
    this.handle = handle;
    this.#size = size;
    this.#array = allocateArray(dtype, size);
    residents.register(this, { device, handle });
  }

  read(): TypedArray {
    if (!this.#filled) this.fill(this.device.read(this.handle, this.#size) as Float32Array);
    return this.#array;
  }

  /** Copies the elements to the host, as must be done before they are read where a device cannot be waited for. */
  fetch(): MaybePromise<void> {
    const data = this.device.read(this.handle, this.#size);
    return data instanceof Promise ? data.then((numbers) => this.fill(numbers)) : this.fill(data);
  }

  private fill(data: Float32Array): void {
    this.#array.set(data);
    this.#filled = true;
  }
}

/** Frees arrays of tensors that have been collected. */
const residents = new FinalizationRegistry<{ readonly device: Device; readonly handle: Handle }>(({ device, handle }) =>
  device.release(handle),
);

const uploads = new WeakMap<Device, WeakMap<Storage, MaybePromise<Handle>>>();

/** A tensor's elements on this device: where they are already, or uploaded and kept as long as the tensor. */
export function onDevice(device: Device, { storage, dtype }: Tensor): MaybePromise<Handle> {
  if (storage instanceof DeviceStorage && storage.device === device) return storage.handle;
  const known = memo(uploads, device, () => new WeakMap<Storage, MaybePromise<Handle>>());
  const before = known.get(storage);
  if (before) return before;
  const uploaded = device.upload(floatsOf(storage.read(), dtype));
  known.set(storage, uploaded);
  const keep = (handle: Handle): Handle => {
    residents.register(storage, { device, handle });
    return handle;
  };
  if (uploaded instanceof Promise) return uploaded.then(keep);
  return keep(uploaded);
}

/**
 * The elements as f32. An i32 beyond what a float counts becomes the last one that it does: it is an index out of any range or is compared
 * with a smaller number, and stays so.
 */
export function floatsOf(data: TypedArray, dtype: DType): Float32Array {
  if (data instanceof Float32Array) return data;
  if (dtype !== 'i32') return Float32Array.from(data);
  return Float32Array.from(data, (x) => Math.max(-LARGEST_WHOLE, Math.min(LARGEST_WHOLE, x)));
}
