export type { Convolution } from '../compile/convolution.js';
export type { Backend, BackendInfo, Executable, ExecutableStats } from './backend.js';
export { type Compiled, compile } from './compile.js';
export {
  type BackendOptions,
  type BackendStatus,
  backends,
  currentBackend,
  getBackend,
  useBackend,
  withBackend,
} from './registry.js';
