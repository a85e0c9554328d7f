import type { Program, Tensor, TypedArray } from '../../src/ir/index.js';
import type { Work } from '../work.js';

// What the command in Node, the worker in the page, and the engines there have to do with each other.

/** What the worker can be asked; it answers one question at a time. */
export interface Session {
  start(withPeers: boolean): Promise<Started>;
  /** @returns `undefined` if the side does not do such work. @throws what the side threw */
  turn(task: string, side: string, seconds: number): Promise<Turn | undefined>;
}

/** What the page is, and what runs in it. */
export interface Started {
  readonly crossOriginIsolated: boolean;
  readonly processors: number;
  /** The renderer of WebGL2 and the adapter of WebGPU, or `none`. */
  readonly webgl2: string;
  readonly webgpu: string;
  readonly sides: readonly SideStatus[];
  readonly tasks: readonly { readonly name: string; readonly flop?: number }[];
}

/** An engine in one mode and what it says it runs on, or why it does not run here. */
export type SideStatus = { readonly name: string; readonly peer: boolean } & (
  | { readonly device: string }
  | { readonly absent: string }
);

/** One side's turn at a task. */
export interface Turn {
  /** Milliseconds of each call, its results read back. */
  readonly times: readonly number[];
  /** Σ v² over all numbers of the results, whatever their layout: what every side must agree on. */
  readonly squares: number;
}

export type Answer = { readonly value: unknown } | { readonly error: string };

/** How each side is started. @throws the reason why it cannot run here */
export type Starts = { readonly [name: string]: () => Promise<Side> };

/** An engine in one mode. */
export interface Side {
  readonly device: string;
  /** Called before each of its turns, where one of an engine's modes is current. */
  enter?(): Promise<unknown>;
  /** @returns `undefined` if it does not do such work */
  prepare(task: Traced): Prepared | undefined;
}

/** A task with what it computes on. */
export interface Traced {
  readonly work: Work;
  readonly program: Program;
  readonly inputs: readonly Tensor[];
}

/** A task that is ready on one side. */
export interface Prepared {
  /** Computes it and reads the results back. */
  run(): readonly TypedArray[] | Promise<readonly TypedArray[]>;
  /** Lets go of what no collector knows of. */
  release?(): void;
}
