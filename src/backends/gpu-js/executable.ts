import { fuse } from '../../compile/fuse.js';
import { allocateArray, type Program, sizeOf, Tensor, type Var } from '../../ir/index.js';
import type { Executable, ExecutableStats } from '../backend.js';
import { referenceBackend } from '../reference.js';
import { specials } from './body.js';
import type { Device, Handle } from './device.js';
import type { Launch, Place } from './launch.js';
import { placed } from './place.js';
import { DeviceStorage, onDevice } from './storage.js';
import { sweep } from './sweep.js';
import { lower } from './table.js';

/** A stretch of the program as what runs it. */
type Part =
  | { readonly side: 'host'; readonly program: Program; readonly executable: Executable }
  | {
      readonly side: 'device';
      readonly program: Program;
      readonly launches: readonly Timed[];
      readonly holders: readonly Var[];
    };

/** A launch, and the arrays that nobody reads after it. */
interface Timed {
  readonly launch: Launch;
  readonly dying: readonly Place[];
}

/** One program on one device, with the stretches that the device cannot do on the host. */
export class GpuJsExecutable implements Executable {
  readonly #device: Device;
  readonly #program: Program;
  readonly #parts: readonly Part[];
  readonly #sweeps: number;

  constructor(device: Device, program: Program) {
    this.#device = device;
    this.#program = program;
    let sweeps = 0;
    this.#parts = placed(program, !device.scatters).map(({ side, program }): Part => {
      if (side === 'host') return { side, program, executable: referenceBackend.compile(program) };
      const fused = fuse(program);
      const launches = fused.instructions.flatMap((instruction) => {
        if (instruction.kind === 'kernel') return lower(instruction, device.limits);
        sweeps += 1;
        return sweep(instruction, device.limits);
      });
      return { side, program, launches: timed(launches, program.inputs, fused.outputs), holders: fused.outputs };
    });
    this.#sweeps = sweeps;
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    const steps = this.#steps(inputs);
    let step = steps.next();
    while (!step.done) step = steps.next(step.value as Handle);
    return step.value;
  }

  async runAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    const steps = this.#steps(inputs);
    let step = steps.next();
    while (!step.done) step = steps.next((await step.value) as Handle);
    return step.value;
  }

  stats(): ExecutableStats {
    const host = this.#parts.filter(({ side }) => side === 'host');
    const instructions = this.#parts.map((part) =>
      part.side === 'host' ? part.program.equations.length : part.launches.length,
    );
    const bytes = Math.max(0, ...this.#parts.map((part) => (part.side === 'device' ? peakBytes(part) : 0)));
    return {
      instructions: instructions.reduce((sum, count) => sum + count, 0),
      sweeps: this.#sweeps,
      arenaBytes: bytes,
      peakBytes: bytes,
      constantBytes: 0,
      onHost: host.flatMap(({ program }) => program.equations.map(({ primitive }) => primitive.name)),
    };
  }

  /** The run, step by step: what it yields it wants back once it is there. */
  *#steps(inputs: readonly Tensor[]): Generator<unknown, Tensor[], Handle> {
    const values = new Map<Var, Tensor>(this.#program.inputs.map((variable, i) => [variable, inputs[i]!]));
    for (const part of this.#parts) {
      const given = part.program.inputs.map((variable) => values.get(variable)!);
      const made = part.side === 'host' ? yield* this.#onHost(part, given) : yield* this.#onDevice(part, given);
      part.program.outputs.forEach((variable, i) => {
        values.set(variable, made[i]!);
      });
    }
    const results = this.#program.outputs.map((atom) => values.get(atom as Var)!);
    for (const { storage } of results)
      if (storage instanceof DeviceStorage && this.#device.asynchronous) yield storage.fetch();
    return results;
  }

  *#onHost({ executable }: Part & { side: 'host' }, given: readonly Tensor[]): Generator<unknown, Tensor[], Handle> {
    for (const { storage } of given)
      if (storage instanceof DeviceStorage && this.#device.asynchronous) yield storage.fetch();
    return executable.run(given);
  }

  *#onDevice(part: Part & { side: 'device' }, given: readonly Tensor[]): Generator<unknown, Tensor[], Handle> {
    const device = this.#device;
    const arrays = new Map<Place, Handle>();
    for (const [i, variable] of part.program.inputs.entries()) {
      if (given[i]!.size > 0) arrays.set(variable, yield onDevice(device, given[i]!));
    }
    for (const { launch, dying } of part.launches) {
      const read: Handle[] = [];
      // What is empty has no array and is not read; kernels get another in its place.
      for (const place of launch.inputs) read.push(arrays.get(place) ?? (yield device.specials()));
      arrays.set(launch.output, yield device.launch(launch, read));
      for (const place of dying) {
        device.release(arrays.get(place)!);
        arrays.delete(place);
      }
    }
    const storages = new Map<Place, DeviceStorage>();
    return part.program.outputs.map(({ aval }, i) => {
      const size = sizeOf(aval.shape);
      if (size === 0) return Tensor.of(allocateArray(aval.dtype, 0), aval.shape, aval.dtype);
      const holder = part.holders[i]!;
      const storage = storages.get(holder) ?? new DeviceStorage(device, arrays.get(holder)!, aval.dtype, size);
      storages.set(holder, storage);
      return new Tensor(aval, storage);
    });
  }
}

/** A program on a device that cannot be waited for, with another that runs it where somebody waits. */
export class AsynchronousExecutable implements Executable {
  readonly #executable: GpuJsExecutable;
  readonly #makeOther: () => Executable;
  #other: Executable | undefined;

  constructor(executable: GpuJsExecutable, makeOther: () => Executable) {
    this.#executable = executable;
    this.#makeOther = makeOther;
  }

  run(inputs: readonly Tensor[]): Tensor[] {
    this.#other ??= this.#makeOther();
    return this.#other.run(inputs);
  }

  runAsync(inputs: readonly Tensor[]): Promise<Tensor[]> {
    return this.#executable.runAsync(inputs);
  }

  stats(): ExecutableStats {
    return this.#executable.stats();
  }
}

/** Finds after which launch each array dies. */
function timed(launches: readonly Launch[], inputs: readonly Var[], outputs: readonly Var[]): Timed[] {
  const live = new Set<Place>([...inputs, ...outputs, specials]);
  return launches
    .toReversed()
    .map((launch): Timed => {
      const dying: Place[] = [];
      for (const place of [...launch.inputs, launch.output]) {
        if (live.has(place)) continue;
        live.add(place);
        dying.push(place);
      }
      return { launch, dying };
    })
    .reverse();
}

const bytesAt = (place: Place): number => 4 * ('aval' in place ? sizeOf(place.aval.shape) : place.size);

/** The most bytes that arrays between the launches hold at once. */
function peakBytes({ launches, holders }: Part & { side: 'device' }): number {
  const outputs = new Set<Place>(holders);
  let now = 0;
  let peak = 0;
  for (const { launch, dying } of launches) {
    if (!outputs.has(launch.output)) now += bytesAt(launch.output);
    peak = Math.max(peak, now);
    for (const place of dying) now -= bytesAt(place);
  }
  return peak;
}
