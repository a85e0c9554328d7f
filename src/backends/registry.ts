import type { Convolution } from '../compile/convolution.js';
import {
  BackendError,
  bind,
  ConfigError,
  formatAval,
  installEvaluator,
  memo,
  type Program,
  trace,
} from '../ir/index.js';
import type { Backend, Executable } from './backend.js';
import { makeExecutable } from './executable.js';
import { loadNative } from './native.js';
import { referenceBackend } from './reference.js';
import { loadWasm } from './wasm-file.js';

/** A backend that could run here, and if it cannot, why. */
export interface BackendStatus {
  readonly name: string;
  readonly backend?: Backend;
  readonly reason?: string;
}

export interface BackendOptions {
  /** What computes convolutions on the native and wasm backends; AUTOBALANCE_CONVOLUTION unless given, and `direct` without either. */
  readonly convolution?: Convolution;
}

/** In order of preference. */
const loaders: { readonly [name: string]: (options: BackendOptions) => Backend } = {
  native: ({ convolution }) => loadNative(convolution),
  wasm: ({ convolution }) => loadWasm(convolution),
  typescript({ convolution = 'direct' }) {
    if (convolution === 'direct') return referenceBackend;
    throw new ConfigError(
      `backend: typescript computes convolutions directly, not by ${convolution}; choose native or wasm`,
    );
  },
};

const loaded = new Map<string, BackendStatus>();

const load = (name: string, options: BackendOptions = {}): BackendStatus =>
  memo(loaded, `${name} ${options.convolution ?? ''}`, () => {
    try {
      return { name, backend: loaders[name]!(options) };
    } catch (error) {
      // What cannot run here is passed over; what was asked for wrongly is not.
      if (error instanceof ConfigError) throw error;
      return { name, reason: error instanceof Error ? error.message : String(error) };
    }
  });

/** Every backend this package knows, in order of preference, with the reason where one cannot run. */
export const backends = (): BackendStatus[] => Object.keys(loaders).map((name) => load(name));

/**
 * The backend of that name; the same object for the same options.
 * @throws {ConfigError} if there is no such backend, or it does not have an option; {BackendError} with the reason if it cannot run here
 */
export function getBackend(name: string, options?: BackendOptions): Backend {
  if (!Object.hasOwn(loaders, name)) {
    throw new ConfigError(
      `backend: there is no ${JSON.stringify(name)}; choose one of ${Object.keys(loaders).join(', ')}`,
    );
  }
  const { backend, reason } = load(name, options);
  if (!backend) throw new BackendError(`backend: ${name} cannot run here: ${reason}`);
  return backend;
}

let current: Backend | undefined;

/** The backend that runs programs now: the one chosen by {@link useBackend} or AUTOBALANCE_BACKEND, else the first that can run. */
export function currentBackend(): Backend {
  if (!current) {
    const wish = process.env.AUTOBALANCE_BACKEND;
    current = wish ? getBackend(wish) : backends().find((status) => status.backend)!.backend!;
  }
  return current;
}

/** Chooses the backend for everything that follows. @throws as {@link getBackend}. */
export function useBackend(name: string, options?: BackendOptions): void {
  current = getBackend(name, options);
}

/** Runs `fn` with another backend and restores the former one, also after an error. */
export function withBackend<T>(name: string, fn: () => T, options?: BackendOptions): T {
  const before = currentBackend();
  useBackend(name, options);
  try {
    return fn();
  } finally {
    current = before;
  }
}

const executables = new WeakMap<Backend, WeakMap<Program, Executable>>();

/** The program made ready on the current backend; made once per program and backend. */
export function executableFor(program: Program): Executable {
  const backend = currentBackend();
  const cache = memo(executables, backend, () => new WeakMap<Program, Executable>());
  return memo(cache, program, () => makeExecutable(backend, program));
}

/** Programs of one operation, for eager calls. Bounded: a loop over many shapes must not grow memory without end. */
const single = new Map<string, Program>();
const MAX_SINGLE = 1024;

installEvaluator({
  apply(primitive, inputs, params) {
    const key = `${primitive.name}${JSON.stringify(params)}${inputs.map(({ aval }) => formatAval(aval))}`;
    let program = single.get(key);
    if (!program) {
      const traced = trace(
        (...values) => bind(primitive, values, params),
        inputs.map(({ aval }) => aval),
      );
      program = traced.program;
      if (single.size >= MAX_SINGLE) single.delete(single.keys().next().value!);
      single.set(key, program);
    }
    return executableFor(program).run(inputs);
  },
  call: (program, inputs) => executableFor(program).run(inputs),
});
