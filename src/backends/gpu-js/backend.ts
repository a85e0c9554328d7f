import { BackendError, type Program } from '../../ir/index.js';
import { messageOf } from '../../ir/message-of.js';
import type { Backend, Executable } from '../backend.js';
import { makeExecutable } from '../executable.js';
import { BufferDevice } from './buffer-device.js';
import type { Device } from './device.js';
import { AsynchronousExecutable, GpuJsExecutable } from './executable.js';
import { HostDevice } from './host-device.js';
import type { GpuJs, Mode } from './library.js';
import { errorOf, faultOf, selfCheck } from './self-check.js';
import { TextureDevice } from './texture-device.js';

export type { GpuJs, Mode } from './library.js';

/** Modes whose results can be waited for, best first. */
const SYNCHRONOUS = ['webgl2', 'wasm', 'cpu'] as const;

export interface GpuJsOptions<M extends Mode = Exclude<Mode, 'webgpu'>> {
  /** Where kernels run; the best that passes the check at the start unless given. */
  readonly mode?: M;
}

/** What a mode was tried for and did not do. */
type Refusals = Partial<Record<Mode, string>>;

const devices: { readonly [M in Mode]: (library: GpuJs) => Device } = {
  webgpu: (library) => new BufferDevice(library),
  webgl2(library) {
    if (!library.GPU.isWebGL2Supported) throw new BackendError('there is no WebGL2 here');
    return new TextureDevice(library);
  },
  wasm(library) {
    if (!library.GPU.isWebAssemblySupported) throw new BackendError('there is no WebAssembly here');
    return new HostDevice(library, 'wasm');
  },
  cpu: (library) => new HostDevice(library, 'cpu'),
};

/**
 * Runs programs as kernels of gpu.js 2.24.1, in f32: WebGL2 in browsers, else WebAssembly, else JavaScript. What gpu.js has no numbers for (f64,
 * whole numbers beyond 2²⁴) runs on the host, which `stats()` of a program says. `info()` has the mode that runs, and why not a better one.
 * @param library the package gpu.js, which whoever calls this has imported
 * @throws {BackendError} if no mode, or not the one asked for, gets its numbers right here
 */
export function gpuJsBackend(library: GpuJs, { mode }: GpuJsOptions = {}): Backend {
  const refusals: Refusals = {};
  for (const name of mode ? [mode] : SYNCHRONOUS) {
    try {
      const device = devices[name](library);
      const { program, inputs } = selfCheck();
      const error = errorOf(new GpuJsExecutable(device, program).run(inputs));
      const fault = faultOf(error);
      if (fault === undefined) return backendOf(device, error, refusals);
      refusals[name] = fault;
    } catch (error) {
      refusals[name] = messageOf(error);
    }
  }
  throw new BackendError(`gpu.js: no mode runs here: ${textOf(refusals)}`);
}

/**
 * The same with WebGPU first, which has no results to wait for: there `runAsync` (`compile(fn).async`) runs on the GPU, and `run`, which
 * cannot, on the best mode that can. `info()` names both.
 * @throws {BackendError} as {@link gpuJsBackend}
 */
export async function openGpuJs(library: GpuJs, { mode }: GpuJsOptions<Mode> = {}): Promise<Backend> {
  if (mode !== undefined && mode !== 'webgpu') return gpuJsBackend(library, { mode });
  let reason: string;
  try {
    if (!(await library.GPU.isWebGPUAvailable())) throw new BackendError('there is no WebGPU adapter here');
    const device = devices.webgpu(library);
    const { program, inputs } = selfCheck();
    const error = errorOf(await new GpuJsExecutable(device, program).runAsync(inputs));
    const fault = faultOf(error);
    if (fault === undefined) return backendOf(device, error, {}, gpuJsBackend(library));
    reason = fault;
  } catch (error) {
    reason = messageOf(error);
  }
  if (mode === 'webgpu') throw new BackendError(`gpu.js: webgpu does not run here: ${reason}`);
  const next = gpuJsBackend(library);
  return { ...next, info: () => withRefusal(next, reason) };
}

function backendOf(device: Device, error: number, refusals: Refusals, synchronous?: Backend): Backend {
  const { mode } = device;
  const passedOver = textOf(refusals);
  return {
    name: 'gpu.js',
    info: () => ({
      name: 'gpu.js',
      device: synchronous ? `${mode}; synchronous runs on ${String(synchronous.info().details.mode)}` : mode,
      details: {
        mode,
        precision: 'single',
        checkError: error,
        onHost: `f64, i32 arithmetic${device.scatters ? '' : ', addRows, planePut'}`,
        ...(passedOver && { passedOver }),
        ...(synchronous && { synchronous: synchronous.info().details.mode! }),
      },
    }),
    compile(program: Program): Executable {
      const executable = new GpuJsExecutable(device, program);
      return synchronous
        ? new AsynchronousExecutable(executable, () => makeExecutable(synchronous, program))
        : executable;
    },
  };
}

function withRefusal(backend: Backend, reason: string) {
  const info = backend.info();
  const passedOver = [`webgpu: ${reason}`, info.details.passedOver].filter(Boolean).join('; ');
  return { ...info, details: { ...info.details, passedOver } };
}

const textOf = (refusals: Refusals): string =>
  Object.entries(refusals)
    .map(([mode, reason]) => `${mode}: ${reason}`)
    .join('; ');
