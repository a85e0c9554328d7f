export type { Convolution } from '../compile/convolution.js';
export type { Backend, BackendInfo, Executable, ExecutableStats } from './backend.js';
export { type Compiled, compile } from './compile.js';
export type { GpuJs, GpuJsOptions, Mode as GpuJsMode } from './gpu-js/backend.js';
export { loadGpuJs } from './gpu-js/provide.js';
export {
  type BackendOptions,
  type BackendStatus,
  backends,
  currentBackend,
  getBackend,
  useBackend,
  withBackend,
} from './registry.js';
