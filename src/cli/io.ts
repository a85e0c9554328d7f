import type { Interrupt } from './interrupt.js';

/** Everything through which a command meets the world, so that tests can drive it. */
export interface Io {
  /** Standard output: the result, and nothing else. */
  out(text: string): void;
  /** Standard error: progress, notes, errors. */
  err(text: string): void;
  /** Width of the terminal on standard error; `undefined` if it is none. */
  readonly columns: number | undefined;
  readonly interrupt: Interrupt;
  /** How this program was called, in words that can be pasted into a shell again: `npx autobalance`. */
  readonly invocation: string;
  /** The arguments after that. */
  readonly args: readonly string[];
}

/** What a command ends with. */
export interface CommandResult {
  readonly exitCode: number;
  /** Printed for people. */
  readonly text: string;
  /** Printed instead with --json. */
  readonly json: object;
}
