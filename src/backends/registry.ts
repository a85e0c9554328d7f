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
import { messageOf } from '../ir/message-of.js';
import type { Backend, Executable } from './backend.js';
import { environment } from './environment.js';
import { makeExecutable } from './executable.js';
import { referenceBackend } from './reference.js';
import { requireDirect } from './require-direct.js';

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

/** Makes a backend, or throws the reason why it cannot run here. */
export type BackendLoader = (options: BackendOptions) => Backend;

/** In order of preference. */
let loaders: Readonly<Record<string, BackendLoader>> = {
  typescript({ convolution }) {
    requireDirect('typescript', convolution);
    return referenceBackend;
  },
};

/** The backend that was asked for, and the one that is used while none is. */
let chosen: Backend | undefined;
let preferred: Backend | undefined;

/** Says what can run on this host besides TypeScript, best first; a name that is known gets another loader. */
export function provideBackends(more: Readonly<Record<string, BackendLoader>>): void {
  loaders = { ...more, ...loaders, ...more };
  preferred = undefined;
}

/** Adds backends that run only when they are asked for by name. */
export function provideOnRequest(more: Readonly<Record<string, BackendLoader>>): void {
  loaders = { ...loaders, ...more };
}

const loaded = new WeakMap<BackendLoader, Map<string, BackendStatus>>();

function load(name: string, options: BackendOptions = {}): BackendStatus {
  const loader = loaders[name]!;
  const made = memo(loaded, loader, () => new Map<string, BackendStatus>());
  return memo(made, options.convolution ?? '', () => {
    try {
      return { name, backend: loader(options) };
    } catch (error) {
      // What cannot run here is passed over; what was asked for wrongly is not.
      if (error instanceof ConfigError) throw error;
      return { name, reason: messageOf(error) };
    }
  });
}

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

/** Those after it are not even loaded. TypeScript runs everywhere. */
function firstThatRuns(): Backend {
  const name = Object.keys(loaders).find((each) => load(each).backend)!;
  return getBackend(name);
}

/** The backend that runs programs now: the one chosen by {@link useBackend} or AUTOBALANCE_BACKEND, else the first that can run. */
export function currentBackend(): Backend {
  if (chosen) return chosen;
  if (!preferred) {
    const wish = environment('AUTOBALANCE_BACKEND');
    preferred = wish ? getBackend(wish) : firstThatRuns();
  }
  return preferred;
}

/** Chooses the backend for everything that follows. @throws as {@link getBackend}. */
export function useBackend(name: string, options?: BackendOptions): void {
  chosen = getBackend(name, options);
}

/** Runs `fn` with another backend and restores the former one, also after an error. */
export function withBackend<T>(name: string, fn: () => T, options?: BackendOptions): T {
  const before = chosen;
  useBackend(name, options);
  try {
    return fn();
  } finally {
    chosen = before;
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
